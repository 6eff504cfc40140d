"""Words for what was sold, paid and given back."""

from __future__ import annotations

from pipelines.channels.meanings.kind import Kind, Meanings, Slot
from pipelines.channels.meanings.words import NOT_THE_ORDER, ORDER_NO, PRODUCT_ID, PRODUCT_NAME, TIMES_OF_CHANGE

_DONE = r"完成|成功|complete|finish|fulfil|success|closed$"
_REFUNDED, _CANCELLED = r"退款|退货|refund|return", r"取消|关闭|作废|失败|cancel|void|fail|expired|declin"
_WAITING = r"待付|未付|等待买家付款|unpaid|pending|authorized|draft|on.?hold"
_ORDER_STATUS = Meanings(
    ("unpaid", "paid", "shipped", "completed", "refunded", "cancelled"),
    "paid",
    ((_WAITING, "unpaid"), (_REFUNDED, "refunded"), (_CANCELLED, "cancelled"), (r"已发货|待收货|shipped", "shipped"), (_DONE, "completed")),
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
        Slot("order_no", "id", ORDER_NO + r" ^id$ order", is_needed=True, unless=NOT_THE_ORDER),
        Slot(
            "ordered_at",
            "instant",
            r"下单时间 订单.?(下单|创建|提交|成交)时间 开单 ordered_at order_(date|time|created) sold_at (^|_)sale_(date|time) ^oper_date$ "
            r"^created(_at|_date|_time)?(_utc)?$ 创建时间 交易时间 ^date_?time$ ^date$ invoice_?date 付款时间 paid_at time date 时间 日期",
            is_needed=True,
            unless=TIMES_OF_CHANGE + r"|ship|发货|收货|refund|退款|完成|close|cancel|deliver|birth|生日|到账|结算",
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
        Slot("order_no", "id", ORDER_NO, is_needed=True, unless=NOT_THE_ORDER),
        Slot("ordered_at", "instant", ORDERS.slots[1].words, is_needed=True, unless=ORDERS.slots[1].unless),
        Slot("product_id", "id", PRODUCT_ID, column="product_id_channel", unless=r"店铺"),
        Slot("product_name", "text", PRODUCT_NAME, unless=r"店铺"),
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
            unless=TIMES_OF_CHANGE + r"|refund|退款|settle|结算|到账|下单|预计",
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
            unless=TIMES_OF_CHANGE,
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
