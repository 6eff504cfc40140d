"""Words for campaigns: what they are, what was sent, what it cost, and coupons."""

from __future__ import annotations

from pipelines.channels.meanings.kind import Kind, Meanings, Slot
from pipelines.channels.meanings.words import PRODUCT_ID

_PHONE_OR_EMAIL = r"^(phone|mobile|email|to|recipient)(_(number|address|no))?$ 手机号?(码)? 邮箱 phone email"
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
        Slot("product_id", "id", PRODUCT_ID, column="product_id_channel"),
    ),
    number="coupon_code",
    time="issued_at",
    one_of=("issued_at", "redeemed_at", "expires_at"),
)
