"""Words for what happens between the shop and a customer besides sales: visits, parcels, tickets, talks, points, reviews."""

from __future__ import annotations

from pipelines.channels.meanings.kind import Kind, Meanings, Slot
from pipelines.channels.meanings.words import NOT_THE_ORDER, ORDER_NO, PRODUCT_ID, TIMES_OF_CHANGE

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
        Slot("order_no", "id", ORDER_NO, is_needed=True, unless=NOT_THE_ORDER),
        Slot("parcel_no", "id", r"运单号 快递单号 物流单号 parcel tracking waybill", is_needed=True, column=""),
        Slot("shipped_at", "instant", r"发货时间 shipped_at ship_date", is_needed=True, column=""),
        Slot("delivered_at", "instant", r"签收时间 送达 delivered_at", column=""),
        Slot("parcel_status", "text", r"物流状态 parcel_status ^status$", column="event_name_channel"),
    ),
    time="shipped_at",
)
TICKETS = Kind(
    "channel_tickets",
    "ticket_key",
    r"ticket|工单 requester|submitter|提交人|反馈 subject|标题|priority|优先级|urgen solved|解决|assign|受理|satisfaction|满意 "
    r"reply|replies|回复|resolution|comments|conversation ^status$|^state$|状态",
    (
        Slot("ticket_no", "id", r"ticket_(no|id|number)$ 工单(编?号|id) ^id$ ^number$ ^key$", is_needed=True),
        Slot("created_at", "instant", r"^created(_at|_date)?$ 创建时间 提交时间 opened created", is_needed=True, unless=TIMES_OF_CHANGE),
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
        Slot("written_at", "instant", r"created sent time 时间 date", is_needed=True, column="occurred_at", unless=TIMES_OF_CHANGE),
        Slot("message_no", "id", r"^id$ (comment|message)_id$", column=""),
    ),
    number="message_no",
    time="written_at",
    constants={"interaction_type": "'chatted'"},
)
POINTS = Kind(
    "channel_points",
    "points_key",
    r"points|积分 points_(delta|change)|积分(变动|增减)|变动积分 reason|原因|变动类型|积分类型 occurred|变动时间|记账|时间|booked",
    (
        Slot("points_delta", "integer", r"points_(delta|change|amount) 变动积分 积分(变动|增减|数) ^points$ ^积分$", is_needed=True),
        Slot("occurred_at", "instant", r"occurred_at 变动时间 booked_at ^created 时间 time date", is_needed=True, unless=TIMES_OF_CHANGE),
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
        Slot("reviewed_at", "instant", r"reviewed_at 评价时间 submitted answered ^created 时间", is_needed=True, unless=TIMES_OF_CHANGE),
        Slot("score", "integer", r"^(score|rating|stars?)$ 评分 星级 score"),
        Slot("review_kind", "word", r"review_type$ 评价类型 ^type$", column="review_type"),
        Slot("order_no", "id", r"订单编?号 order_(no|id|number)$"),
        Slot("product_id", "id", PRODUCT_ID, column="product_id_channel"),
    ),
    number="review_id",
    time="reviewed_at",
    constants={"review_type": "'product'"},
    meanings={"review_type": Meanings(("product", "service", "nps"), "product", ((r"nps", "nps"), (r"service|服务", "service")))},
)
