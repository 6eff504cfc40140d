"""What exports call things: by which words headers speak of each canonical table, and of its columns. Data alone; `proposals` reads it.

Every word is a regular expression on a header in its normal form (`Created at (UTC)`, `createdAt` -> `created_at_utc`, `created_at`), and
stands with others in one text, parted by spaces, the surest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = Literal[
    "id", "text", "word", "amount", "price", "quantity", "integer", "instant", "date", "day_of_birth", "phone", "email", "contact"
]

_TIMES_OF_CHANGE = r"update|modif|更新|修改|export|导出"


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that a table may be given. `field`: its name in the contract; `column`: the canonical one, where that is called otherwise.

    `unless`: words of headers that are something else, though they are worded alike.
    """

    field: str
    value: Value
    words: str
    is_needed: bool = False
    column: str | None = None
    unless: str = r"\Z\A"

    @property
    def canonical(self) -> str:
        return self.field if self.column is None else self.column


@dataclass(frozen=True, slots=True)
class Meanings:
    """A column of words of our own: which there are, which stands where nothing is known, and what foreign words begin with or hold."""

    words: tuple[str, ...]
    default: str
    hints: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row. `signs`: each that any header bears speaks for it. `key`: the key column, `number` the slot that makes it.

    `constants`: canonical columns that no header names. `beside`: tables that the same rows often are as well.
    """

    table: str
    key: str
    signs: str
    slots: tuple[Slot, ...]
    number: str | None = None
    time: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, Meanings] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    needs_person: bool = False
    one_of: tuple[str, ...] = ()  # slots of which at least one is needed


_DONE = r"完成|成功|complete|finish|fulfil|success|closed$"
_REFUNDED, _CANCELLED = r"退款|退货|refund|return", r"取消|关闭|作废|失败|cancel|void|fail|expired|declin"
_WAITING = r"待付|未付|等待买家付款|unpaid|pending|authorized|draft|on.?hold"
_ORDER_STATUS = Meanings(
    ("unpaid", "paid", "shipped", "completed", "refunded", "cancelled"),
    "paid",
    ((_WAITING, "unpaid"), (_REFUNDED, "refunded"), (_CANCELLED, "cancelled"), (r"已发货|待收货|shipped", "shipped"), (_DONE, "completed")),
)
_ORDER_NO = (
    r"^主订单编?号 ^订单(编?号|id)$ ^订单编?号 (^|_)order_(no|number|sn|code)$ (^|_)order_id($|_) ^order$ 流水号 小票号? (^|_)flow_no$ "
    r"receipt_(no|number|id)$ invoice(_?no|_?number)?$ (^|_)bill_(no|id)$ transaction_id$ ^sn$"
)
_NOT_THE_ORDER = r"支付宝|微信|子订单|外部|退款|售后|商户|特权|团|merchant|external|refund"
_PRODUCT_ID = (
    r"(^|_)sku(_id|_?code|_no)?$ 规格编码 商家编码 商品(编码|编号|id) (^|_)product_?(id|code|no|uid)$ variant_id$ "
    r"(^|_)item_(no|id|code)$ stock_code 货号"
)
_PRODUCT_NAME = (
    r"^(商品|宝贝)(标题|名称)$ ^选购商品$ 商品名称 品名 ^商品$ (^|_)product_(name|title)$ lineitem_name$ (^|_)item_name$ "
    r"^item$ ^title$ ^name$ "
    r"^products?$ ^description$"
)
_PHONE_OR_EMAIL = r"^(phone|mobile|email|to|recipient)(_(number|address|no))?$ 手机号?(码)? 邮箱 phone email"

PERSON = (
    Slot("unionid", "id", r"unionid"),
    Slot("openid", "id", r"openid ^用户标识$"),
    Slot(
        "customer_no",
        "id",
        r"会员(卡|编)?号 客户(编号|id) 用户(编号|id) 买家(id|编号) (^|_)(member|vip|customer|user|buyer|requester)_?(id|no|number|uid)$ "
        r"^uid$ (^|_)(vip_no|card_(id|no))$ 买家会员名 下单帐号",
        unless=r"external|reference|pseudo|anonymous|agent|assignee|staff|cashier|操作",
    ),
    Slot(
        "phone",
        "phone",
        r"^(手机号?码?|电话|phone|mobile)$ 买家 会员 客户 联系 (^|_)(phone|mobile|tel) 手机 电话",
        unless=r"挂账|分销|退货联系",
    ),
    Slot("email", "email", r"^(e?mail|邮箱)$ (^|_)e?mail(_address)?$ 邮箱"),
)
# what describes a person; of receivers, cashiers and agents nothing is proposed
ATTRIBUTES = (
    Slot("full_name", "text", r"^(姓名|full_name|name)$ (客户|会员|顾客|买家)姓名 (customer|member|vip|buyer)_name$ 客户名称"),
    Slot("nickname", "text", r"昵称 (^|_)nick(_?name)?$"),
    Slot("gender_channel", "text", r"性别 (^|_)(gender|sex)$", column="gender"),
    Slot("birth_on", "day_of_birth", r"生日 出生 birth"),
    Slot("country", "text", r"^国家$ (^|_)country(_code)?$"),
    Slot("province", "text", r"^(省|省份)$ (客户|会员).?省 (^|_)(province|state)(_code)?$"),
    Slot("city", "text", r"^(市|城市)$ (客户|会员).?(城市|市) (^|_)city$"),
    Slot("district", "text", r"^(区|区县|地区)$ (^|_)district$"),
    Slot("address", "text", r"^地址$ (客户|会员)地址 (^|_)address(1|_1)?$ (^|_)street$"),
    Slot(
        "registered_at",
        "instant",
        r"注册时间 成为会员时间 成为客户时间 开卡 入会 registered joined optin_time signup start_date ^created(_at)?$",
    ),
    Slot("registration_source", "text", r"来源(渠道|方式)? (^|_)(source|scene)$"),
    Slot("member_level", "text", r"等级 (member|vip)_?(level|tier) (^|_)(level|tier|card_type)$"),
    Slot("store_id_channel", "text", r"门店|店铺 (^|_)(home_)?(store|branch|shop)(_id|_no)?$"),
)
THE_PERSON = r"客户|会员|买家|customer|member|vip|buyer|requester|昵称|nick"
NOT_THE_PERSON = r"收|receiver|recipient|ship|billing|商家|店员|导购|分销|员工|cashier|staff|agent|account_name|library|退货"
# flags that say what a person allowed: medium, and the kind of contact point it is about
ALLOWED = (
    ("email", "email", r"(accept|allow|subscri|opt|consent|同意|接收|允许).*(e?mail|邮)"),
    ("sms", "phone", r"(accept|allow|subscri|opt|consent|同意|接收|允许).*(sms|text|短信)"),
)

ORDERS = Kind(
    "channel_orders",
    "order_key",
    r"订单编?号|order_(no|id|number)|^order$|receipt|小票|流水号|invoice|flow_no|^sn$|transaction_id "
    r"下单|订单(创建|提交|成交)|开单|ordered_at|order_date|sale_date|sold_at|oper_date|^date(time)?$|created|创建时间|交易时间 "
    r"实付|实际支付|实收|应付|订单金额|总金额|paid|total|amount|net_sales|sale_money|revenue|金额 "
    r"商品|宝贝|货品|product|sku|item|qty|数量 "
    r"收货|收件|shipping|(^|_)ship_|运费|邮费|discount|优惠|支付方式|payment_method|fulfil|ticket_type|sell_way",
    (
        Slot("order_no", "id", _ORDER_NO + r" ^id$ order", is_needed=True, unless=_NOT_THE_ORDER),
        Slot(
            "ordered_at",
            "instant",
            r"下单时间 订单.?(下单|创建|提交|成交)时间 开单 ordered_at order_(date|time|created) sold_at (^|_)sale_(date|time) ^oper_date$ "
            r"^created(_at|_date|_time)?(_utc)?$ 创建时间 交易时间 ^date_?time$ ^date$ invoice_?date 付款时间 paid_at time date 时间 日期",
            is_needed=True,
            unless=_TIMES_OF_CHANGE + r"|ship|发货|收货|refund|退款|完成|close|cancel|deliver|birth|生日|到账|结算",
        ),
        Slot("paid_at", "instant", r"付款(确认)?时间 支付(完成)?时间 (^|_)paid_at$ pay(ment)?_(time|date)$"),
        Slot("shipped_at", "instant", r"发货时间 shipped_at date_shipped fulfilled_at ship_date", unless=r"承诺|预约|建议|退货"),
        Slot("completed_at", "instant", r"订单完成时间 交易成功时间 确认收货时间 completed_at"),
        Slot(
            "paid_amount",
            "amount",
            r"订单实际支付 实付 实际支付金额 实收 (^|_)(amount_paid|paid_amount|total_paid)$ ^order_total$ "
            r"(^|_)total(_amount|_price)?$ 订单金额 "
            r"应付 总金额 net_sales$ sale_money$ n_revenue$ total_amount$ 金额 amount money revenue total",
            is_needed=True,
            unless=r"refund|退款|tax|税|discount|优惠|运费|shipping|邮费|单价|unit|formatted|佣金|服务费|积分|outstanding|fee|_count$",
        ),
        Slot("gross_amount", "amount", r"商品(总价|金额合计) 货款 (^|_)subtotal(_price)?$ gross(_sales)?$ ^order_value$"),
        Slot("discount_amount", "amount", r"优惠(总金额|合计)$ ^(total_)?discounts?(_amount)?$"),
        Slot("shipping_amount", "amount", r"运费(金额)?$ 邮费 ^shipping(_amount|_total|_price)?$ freight"),
        Slot("refunded_amount", "amount", r"已?退款金额$ refunded_amount$ amount_refunded$"),
        Slot("status_channel", "word", r"订单状态 交易状态 order_status financial_status ^status$ ^state$ ^状态$", column="status"),
        Slot("store_id_channel", "text", r"店铺id 门店 店铺 (^|_)(store|shop|branch)(_id|_no)?$ ^location$", unless=r"金额|分销|优惠|导购"),
        Slot("payment_no", "id", r"支付单号 支付流水号 交易单号 payment_(no|id|reference)$"),
        Slot("payment_method", "text", r"支付方式 付款方式 payment_(method|type)$ ^pay_way$"),
        Slot("coupon_code", "text", r"coupon_?code$ ^discount_code$ ^coupons?$ 优惠券码"),
        Slot("item_quantity", "quantity", r"总数量 items_sold number_of_items item_count total_quantity"),
    ),
    number="order_no",
    time="ordered_at",
    constants={"order_type": "'sale'", "status": "'paid'", "is_refund_inferred": "FALSE"},
    meanings={"status": _ORDER_STATUS},
    beside=("channel_order_lines",),
)
ORDER_LINES = Kind(
    "channel_order_lines",
    "line_key",
    r"订单编?号|order_(no|id|number)|flow_no|transaction_id|invoice 商品|宝贝|product|sku|item|货号|stock_code 数量|quantity|qty|qnty "
    r"单价|价格|price|小计|成交金额|line_(total|amount) 子订单|lineitem|line_item|规格",
    (
        Slot("order_no", "id", _ORDER_NO, is_needed=True, unless=_NOT_THE_ORDER),
        Slot("ordered_at", "instant", ORDERS.slots[1].words, is_needed=True, unless=ORDERS.slots[1].unless),
        Slot("product_id", "id", _PRODUCT_ID, column="product_id_channel", unless=r"店铺"),
        Slot("product_name", "text", _PRODUCT_NAME, unless=r"店铺"),
        Slot(
            "quantity",
            "quantity",
            r"^(购买|商品|订购)?数量(_件)?$ (^|_)(line_?item_)?(quantity|qty|qnty)$ 件数 总数量",
            unless=r"种类|items_sold|refund",
        ),
        Slot(
            "unit_price",
            "price",
            r"商品单价 ^单价$ 商品价格 京东价 unit_?price (^|_)(line_?item_)?price$ sale_price",
            column="unit_price_amount",
            unless=r"buy|cost|进价|成本",
        ),
        Slot(
            "line_amount",
            "amount",
            r"实际成交金额 商品实际价格_总共 小计 line_(total|amount) net_sales$ sale_money$ ^total(_amount|_price)?$ ^amount$ "
            r"买家实付金额",
        ),
    ),
    number="order_no",
    time="ordered_at",
    constants={"line_type": "'sale'"},
    one_of=("product_id", "product_name"),
)
PAYMENTS = Kind(
    "channel_payments",
    "payment_key",
    r"支付宝交易号|支付单号|微信订单号|payment_(no|id)|支付流水号|transaction_id|flow_id|charge|^id$|账务 "
    r"手续费|服务费|佣金|(^|_)fee$|fee_amount|(^|_)fee_|费用名称|coin_rate "
    r"交易时间|paid_at|付款时间|入账|pay_time|captured|settle|结算|发生时间|完成时间 "
    r"商户订单号|merchant_order|order_id_metadata|out_trade_no|业务流水号 "
    r"支付方式|付款银行|pay_way|payment_method|card_brand|交易类型|账务类型|收支方向 "
    r"收入|received|实收|pay_amount|应结|^amount$|converted",
    (
        Slot(
            "payment_no",
            "id",
            r"交易号 微信订单号 支付单号 支付流水号 payment_(no|id)$ ^flow_id$ transaction_id$ charge_id 账务流水号 ^id$",
            is_needed=True,
            unless=r"商户|refund|退款",
        ),
        Slot(
            "paid_at",
            "instant",
            r"付款时间 支付时间 paid_at 完成时间 交易时间 发生时间 pay(ment)?_(time|date)$ ^created created ^oper_date$ occurred time 时间",
            is_needed=True,
            unless=_TIMES_OF_CHANGE + r"|refund|退款|settle|结算|到账|下单|预计",
        ),
        Slot(
            "paid_amount",
            "amount",
            r"^订单金额 收入金额 收入 pay_amount paid_amount ^amount$ 实收 应结 amount 金额",
            is_needed=True,
            unless=r"refund|退款|fee|手续费|服务费|优惠|券|红包|tax|converted|disputed|支出",
        ),
        Slot(
            "merchant_order_no",
            "id",
            r"商户订单号 merchant_order out_trade_no (^|_)order_(id|no)(_metadata)?$ 订单编?号 ^flow_no$",
            unless=r"微信",
        ),
        Slot("fee_amount", "price", r"手续费 服务费 (^|_)fee(_amount)?$", unless=r"taxes"),
        Slot("payment_method", "text", r"支付方式 付款银行 交易类型 payment_(method|type)$ ^pay_way$ card_brand"),
        Slot("payment_status", "word", r"交易状态 支付状态 ^status$ payment_status", column="status"),
    ),
    number="payment_no",
    time="paid_at",
    constants={"status": "'succeeded'"},
    meanings={
        "status": Meanings(("succeeded", "revoked"), "succeeded", ((r"revok|撤销|cancel|fail|失败|关闭|declin|uncaptured", "revoked"),))
    },
    beside=("channel_refunds",),
)
REFUNDS = Kind(
    "channel_refunds",
    "refund_key",
    r"售后(服务)?单号|退款单号|退款批次|refund_(no|id)|after_?sale|退款编号 退款.*时间|refund.*(date|at|time)|售后.*时间 "
    r"退.*金额|refund.*amount|amount_refunded|支出 售后状态|退款状态|refund_status 售后原因|退款原因|reason|售后类型|退款类型",
    (
        Slot("refund_no", "id", r"售后单号 商户退款单号 退款单号 售后服务单号 退款批次 refund_(no|id)$ 退款编号 ^id$", is_needed=True),
        Slot(
            "refunded_at",
            "instant",
            r"退款成功时间 (商家)?退款时间 refunded_?(at|date|time) refund_(date|time|at) 售后退款 售后申请时间 退款申请时间 "
            r"交易时间 发生时间 完成时间 ^created",
            is_needed=True,
            unless=_TIMES_OF_CHANGE,
        ),
        Slot(
            "refund_amount",
            "amount",
            r"^退款金额 退商品金额 退款总?金额 refund(ed)?_amount$ amount_refunded$ 退款 refund ^amount$",
            is_needed=True,
            column="refunded_amount",
            unless=r"充值券|converted|申请|累计|已退款",
        ),
        Slot("payment_no", "id", r"交易号 微信订单号 支付单号 payment_(no|id)$ charge(_id)?$", unless=r"商户"),
        Slot("order_no", "id", r"^订单编?号 主订单 商户订单号 order_(no|id|number)(_metadata)?$", unless=r"微信|退款"),
        Slot("refund_status", "word", r"退款状态 售后状态 refund_status$ ^status$", column="status"),
        Slot("reason", "text", r"售后原因$ 退款原因$ (^|_)reason$"),
    ),
    number="refund_no",
    time="refunded_at",
    constants={"status": "'succeeded'"},
    meanings={
        "status": Meanings(
            ("succeeded", "processing", "failed"),
            "processing",
            (
                (r"失败|关闭|拒绝|撤销|fail|cancel|reject|declin", "failed"),
                (r"中$|待|process|pending", "processing"),
                (r"成功|完成|succe|complete|refunded", "succeeded"),
            ),
        )
    },
    beside=("channel_payments",),
)
EVENTS = Kind(
    "channel_events",
    "event_key",
    r"(^|_)event(_name|_type)?$|^event_ anonymous|visitor|pseudo|session|cookie|device (^|_)(page|url|referrer|path)$|screen "
    r"timestamp|occurred_at|event_time properties_|context_|event_params|ecommerce|traits_ message_?id|event_id|bundle",
    (
        Slot("event_name_channel", "text", r"^event_name$ ^event$ event_(name|type)$ ^action$ ^type$", is_needed=True),
        Slot(
            "occurred_at",
            "instant",
            r"^timestamp$ occurred_at event_(time|timestamp) timestamp time",
            is_needed=True,
            unless=r"received|sent|original|export",
        ),
        Slot("event_id", "id", r"message_?id$ event_id$ ^id$", column=""),
        Slot("anonymous_id", "id", r"anonymous_?id$ pseudo_id$ visitor_?id$ device_id$ cookie"),
        Slot("product_id", "id", r"product_?id$ (^|_)sku$ item_id$", column="product_id_channel"),
        Slot("product_category", "text", r"properties_category$ product_category$ item_category$"),
        Slot("quantity", "quantity", r"(^|_)quantity$"),
        Slot("order_no", "id", r"order_?(id|no)$ transaction_id$"),
        Slot("value_amount", "amount", r"(^|_)(total|value|revenue)(_amount)?$ purchase_revenue$"),
        Slot("campaign_name", "text", r"campaign_name$ utm_campaign$"),
        Slot("device_type", "text", r"device_(type|category)$"),
    ),
    number="event_id",
    time="occurred_at",
)
SHIPMENTS = Kind(
    "channel_events",
    "event_key",
    r"运单号|快递单号|物流单号|parcel|tracking|waybill 发货时间|shipped_at|ship_date 签收时间|送达|delivered_at|妥投 "
    r"快递公司|物流公司|carrier|courier "
    r"物流状态|parcel_status|^status$",
    (
        Slot("order_no", "id", _ORDER_NO, is_needed=True, unless=_NOT_THE_ORDER),
        Slot("parcel_no", "id", r"运单号 快递单号 物流单号 parcel tracking waybill", is_needed=True, column=""),
        Slot("shipped_at", "instant", r"发货时间 shipped_at ship_date", is_needed=True, column=""),
        Slot("delivered_at", "instant", r"签收时间 送达 delivered_at", column=""),
        Slot("parcel_status", "text", r"物流状态 parcel_status ^status$", column="event_name_channel"),
    ),
    time="shipped_at",
)
SENDS = Kind(
    "channel_sends",
    "send_key",
    r"phone_number|email(_address)?$|recipient|手机 send_time|sent_at|发送时间|timestamp "
    r"err_code|bounce|open|click|送达|回执|delivery|action|发送状态|success "
    r"campaign_id|template|模板|out_id|message_id|biz_id sms|短信|report_time|email_id|list_id",
    (
        Slot("contact_value", "contact", _PHONE_OR_EMAIL, is_needed=True, column="contact_value_raw"),
        Slot("sent_at", "instant", r"send_time sent_at 发送时间 timestamp send_date", is_needed=True),
        Slot("message_no", "id", r"message_?id biz_id 消息 ^id$", column=""),
        Slot("campaign_no", "id", r"campaign_?(id|no)$ out_id 活动 template_(id|code) 模板"),
        Slot("delivered_at", "instant", r"report_time delivered_at 送达时间"),
        Slot("send_status", "word", r"发送状态 delivery_status ^status$ ^action$ err_code", column="status"),
    ),
    number="message_no",
    time="sent_at",
    constants={"status": "'sent'"},
    meanings={
        "status": Meanings(
            ("sent", "delivered", "opened", "clicked", "bounced", "failed", "unsubscribed", "complained"),
            "sent",
            (
                (r"unsub|退订", "unsubscribed"),
                (r"bounce|退信", "bounced"),
                (r"complain|abuse|投诉", "complained"),
                (r"fail|失败|undeliv|reject", "failed"),
                (r"click|点击", "clicked"),
                (r"open|打开", "opened"),
                (r"deliver|成功|送达", "delivered"),
            ),
        )
    },
)
COSTS = Kind(
    "channel_costs",
    "cost_key",
    r"(^|_)(cost|spend|spent)($|_)|花费|消耗|kosten|ausgegeben|dépens impr|展现|曝光|展示 click|点击|klick "
    r"campaign|推广|kampagne|campagne|计划|跟单 ^(day|date|日期|tag|jour)$|reporting",
    (
        Slot(
            "cost_amount",
            "amount",
            r"^(总花费|花费|消耗|cost|kosten|spend) amount_spent (^|_)(cost|spend|spent)($|_) 花费 kosten ausgegeben dépens",
            is_needed=True,
            unless=r"成交|平均|千次|per_|cpc|cpm",
        ),
        Slot("spent_from_on", "date", r"^(day|date|日期|tag|jour)$ reporting_starts$ start date 日期", is_needed=True),
        Slot("spent_to_on", "date", r"reporting_ends$ end_date$"),
        Slot("campaign_no", "id", r"campaign_id$ (计划|推广|活动)(id|编号)"),
        Slot("campaign_name", "text", r"^campaign(_name)?$ 推广(名称|计划) 计划名称 ^kampagne$ campagne 活动名称"),
        Slot("product_id", "id", r"商品id$ sku_?id$", column="product_id_channel"),
        Slot("impression_count", "integer", r"^impr(essions)?$ 展现 曝光 展示 impr", unless=r"成本|率|cost"),
        Slot("click_count", "integer", r"link_clicks$ ^(clicks|klicks)$ 点击(数|量) click", unless=r"成本|率|rate|cost"),
    ),
    time=None,
    one_of=("campaign_no", "campaign_name", "product_id"),
)
CAMPAIGNS = Kind(
    "channel_campaigns",
    "campaign_key",
    r"campaign_name|活动名称 campaign_id|活动(id|编号) send_time|start|开始 recipient|subject|open_rate|opens "
    r"clicks|click_rate|unsubscribes|channel|end|结束",
    (
        Slot("campaign_no", "id", r"campaign_id$ 活动(id|编号) campaign_(no|key)$ campaign$", is_needed=True),
        Slot("campaign_name", "text", r"campaign_name$ 活动名称 description", unless=r"^campaign$"),
        Slot("campaign_type", "text", r"campaign_(channel|type)$ 活动类型 ^type$"),
        Slot("starts_on", "date", r"start(_date|_day|s_on)?$ 开始 send_time$"),
        Slot("ends_on", "date", r"(^|_)end(_date|_day|s_on)?$ 结束"),
    ),
    number="campaign_no",
)
TICKETS = Kind(
    "channel_tickets",
    "ticket_key",
    r"ticket|工单 requester|submitter|提交人|反馈 subject|标题|priority|优先级|urgen solved|解决|assign|受理|satisfaction|满意 "
    r"reply|replies|回复|resolution|comments|conversation ^status$|^state$|状态",
    (
        Slot("ticket_no", "id", r"ticket_(no|id|number)$ 工单(编?号|id) ^id$ ^number$ ^key$", is_needed=True),
        Slot("created_at", "instant", r"^created(_at|_date)?$ 创建时间 提交时间 opened created", is_needed=True, unless=_TIMES_OF_CHANGE),
        Slot("solved_at", "instant", r"solved_at$ 解决时间 closed_at resolved_at"),
        Slot("first_replied_at", "instant", r"first_repl(y|ied)(_at)?$ 首次回复时间"),
        Slot("ticket_status", "word", r"^status$ 工单状态 ^state$ 状态", column="status"),
        Slot("ticket_type", "word", r"ticket_type$ ^type$ 工单类型"),
        Slot("order_no", "id", r"订单编?号 order_(no|id|number)$"),
    ),
    number="ticket_no",
    time="created_at",
    constants={"status": "'open'"},
    meanings={
        "status": Meanings(
            ("open", "pending", "solved", "closed"),
            "open",
            ((r"clos|delet|关闭", "closed"), (r"solv|resolv|解决|完成", "solved"), (r"pend|hold|wait|待", "pending")),
        ),
        "ticket_type": Meanings(
            ("question", "problem", "complaint", "return", "repair"),
            "question",
            (
                (r"complain|投诉", "complaint"),
                (r"return|退", "return"),
                (r"repair|维修", "repair"),
                (r"problem|incident|bug|问题", "problem"),
            ),
        ),
    },
)
INTERACTIONS = Kind(
    "channel_interactions",
    "interaction_key",
    r"subscribe_time|关注时间|follow|添加时间|added_at|visit|到店|chat|会话 添加人|staff|导购|scene|groupid "
    r"openid|unionid|客户名称|企微|author",
    (
        Slot(
            "contacted_at",
            "instant",
            r"subscribe_time 关注时间 添加时间 followed_at added_at visited_at 到店时间",
            is_needed=True,
            column="occurred_at",
        ),
        Slot("staff_id", "text", r"添加人账号 staff_id (导购|员工)(id|编号)", column="staff_id_channel"),
    ),
    time="contacted_at",
    constants={"interaction_type": "'followed'"},
    needs_person=True,
)
# messages within a ticket or chat: elements of a record, never rows of a table
MESSAGES = Kind(
    "channel_interactions",
    "interaction_key",
    r"author|sender|from|用户|user ^(body|text|content|message|plain_body|html_body|内容)$ created|time|sent|时间",
    (
        Slot("author_no", "id", r"(author|sender|from|user)_?(id|no)?$", is_needed=True, column=""),
        Slot("written_at", "instant", r"created sent time 时间 date", is_needed=True, column="occurred_at", unless=_TIMES_OF_CHANGE),
        Slot("message_no", "id", r"^id$ (comment|message)_id$", column=""),
    ),
    number="message_no",
    time="written_at",
    constants={"interaction_type": "'chatted'"},
)
COUPONS = Kind(
    "channel_coupons",
    "coupon_key",
    r"coupon|券码|券号|优惠券|voucher issued|发放|领取|claimed redeem|核销|使用时间|used_at expire|过期|有效期|valid_(to|until)",
    (
        Slot("coupon_code", "id", r"券码 coupon_?(code|no|id) 券号 voucher_?(code|no)? ^code$", is_needed=True),
        Slot("issued_at", "instant", r"issued_at 发放时间 领取时间 claimed_at ^created"),
        Slot("redeemed_at", "instant", r"redeemed_at 核销时间 使用时间 used_at"),
        Slot("expires_at", "instant", r"expires? 过期时间 有效期 valid_(to|until)"),
        Slot("campaign_no", "id", r"campaign_?(no|id) 活动(编号|id)"),
        Slot("order_no", "id", r"订单编?号 order_(no|id|number)$"),
        Slot("product_id", "id", _PRODUCT_ID, column="product_id_channel"),
    ),
    number="coupon_code",
    time="issued_at",
    one_of=("issued_at", "redeemed_at", "expires_at"),
)
POINTS = Kind(
    "channel_points",
    "points_key",
    r"points|积分 points_(delta|change)|积分(变动|增减)|变动积分 reason|原因|变动类型|积分类型 occurred|变动时间|记账|时间|booked",
    (
        Slot("points_delta", "integer", r"points_(delta|change|amount) 变动积分 积分(变动|增减|数) ^points$ ^积分$", is_needed=True),
        Slot("occurred_at", "instant", r"occurred_at 变动时间 booked_at ^created 时间 time date", is_needed=True, unless=_TIMES_OF_CHANGE),
        Slot("points_reason", "word", r"^reason$ 变动(类型|原因) 原因 ^type$ 类型", column="reason"),
        Slot("booking_id", "id", r"(booking|entry|points|record)_id$ 流水号 ^id$", column=""),
        Slot("order_no", "id", r"订单编?号 order_(no|id|number)$"),
    ),
    number="booking_id",
    time="occurred_at",
    constants={"reason": "'adjusted'"},
    meanings={
        "reason": Meanings(
            ("earned", "redeemed", "expired", "adjusted"),
            "adjusted",
            (
                (r"过期|expire", "expired"),
                (r"兑换|抵扣|消耗|redeem|spen[dt]|used", "redeemed"),
                (r"消费|签到|赠|奖励|earn|award|bonus", "earned"),
            ),
        )
    },
    needs_person=True,
)
REVIEWS = Kind(
    "channel_reviews",
    "review_key",
    r"review|评价|评论|nps|survey|问卷 score|rating|评分|星级|stars reviewed_at|评价时间|submitted|answered "
    r"content|内容|comment|评价类型|review_type",
    (
        Slot("review_id", "id", r"review_?id$ 评价(编号|id) (response|answer)_id$ ^id$", is_needed=True),
        Slot("reviewed_at", "instant", r"reviewed_at 评价时间 submitted answered ^created 时间", is_needed=True, unless=_TIMES_OF_CHANGE),
        Slot("score", "integer", r"^(score|rating|stars?)$ 评分 星级 score"),
        Slot("review_kind", "word", r"review_type$ 评价类型 ^type$", column="review_type"),
        Slot("order_no", "id", r"订单编?号 order_(no|id|number)$"),
        Slot("product_id", "id", _PRODUCT_ID, column="product_id_channel"),
    ),
    number="review_id",
    time="reviewed_at",
    constants={"review_type": "'product'"},
    meanings={"review_type": Meanings(("product", "service", "nps"), "product", ((r"nps", "nps"), (r"service|服务", "service")))},
)
STOCK = Kind(
    "channel_stock",
    "stock_key",
    r"库存|stock|on_hand|(^|_)quantity$ counted|盘点|snapshot|stock_date|日期 product|商品|sku|item_no store|仓库|warehouse|门店|location",
    (
        Slot("product_id", "id", _PRODUCT_ID, is_needed=True, column="product_id_channel"),
        Slot("counted_on", "date", r"counted 盘点 stock_date snapshot ^date$ 日期 date", is_needed=True),
        Slot("quantity", "quantity", r"库存数?量? on_hand (^|_)(quantity|qty|stock)$ 数量", is_needed=True, unless=r"date|日期"),
        Slot("store_id", "text", r"(store|warehouse|location)_?(id|code|no)?$ 仓库 门店", column="store_id_channel"),
    ),
)
PRODUCTS = Kind(
    "channel_products",
    "product_key",
    r"product_?(id|code)|商品(编码|编号|id)|sku|item_no product_(name|title)|商品名称|品名|item_name|^title$ "
    r"brand|品牌|manufacturer|vendor category|类目|分类|department|commodity",
    (
        Slot("product_id", "id", _PRODUCT_ID, is_needed=True, column="product_id_channel"),
        Slot("product_name", "text", _PRODUCT_NAME),
        Slot("brand", "text", r"brand 品牌 manufacturer vendor"),
        Slot("department", "text", r"department 部门 一级类目"),
        Slot("category", "text", r"(^|_)(product_)?category$ commodity 类目 分类"),
        Slot("subcategory", "text", r"sub_?(category|commodity) 二级类目"),
        Slot("package_size", "text", r"package_size size_of_product 包装"),
    ),
    number="product_id",
    one_of=("product_name", "brand", "category"),
)
STORES = Kind(
    "channel_stores",
    "store_key",
    r"(store|shop|branch)_?(id|no|code)|门店(编号|编码|id)|店铺id (store|shop|branch)_name|门店名称|店铺名称 "
    r"region|area|区域|笔数|address|地址",
    (
        Slot("store_id", "id", r"门店(编号|编码|id) (store|shop|branch)_?(id|no|code)$ 店铺id", is_needed=True, column="store_id_channel"),
        Slot("store_name", "text", r"门店名称 (store|shop|branch)_name$ 店铺名称", is_needed=True),
        Slot("region", "text", r"region area 区域"),
    ),
    number="store_id",
)
# signs of a list of people: its rows are profiles
PEOPLE_SIGNS = (
    r"姓名|name|昵称|nick 性别|gender|(^|_)sex 生日|birth 等级|level|tier|card_type|成长值|rating|role "
    r"注册|registered|成为会员|成为客户|start_date|optin|joined|"
    r"created_at email|phone|mobile|手机|邮箱|openid city|province|城市|地区|address|country|地域|(^|_)add$|地址 "
    r"total_spent|消费金额|消费次数|"
    r"acc_num|accepts|订阅|标签|tags"
)
# of two that speak as loudly the first is meant
KINDS = (
    REFUNDS,
    TICKETS,
    POINTS,
    COUPONS,
    REVIEWS,
    COSTS,
    CAMPAIGNS,
    SENDS,
    EVENTS,
    SHIPMENTS,
    STOCK,
    PAYMENTS,
    ORDERS,
    ORDER_LINES,
    INTERACTIONS,
    PRODUCTS,
    STORES,
)
