"""Words for people: who a row is about, how to reach them, what describes them, and what they allowed."""

from __future__ import annotations

from pipelines.channels.meanings.kind import Slot

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
# signs of a list of people: its rows are profiles
PEOPLE_SIGNS = (
    r"姓名|name|昵称|nick 性别|gender|(^|_)sex 生日|birth 等级|level|tier|card_type|成长值|rating|role "
    r"注册|registered|成为会员|成为客户|start_date|optin|joined|"
    r"created_at email|phone|mobile|手机|邮箱|openid city|province|城市|地区|address|country|地域|(^|_)add$|地址 "
    r"total_spent|消费金额|消费次数|"
    r"acc_num|accepts|订阅|标签|tags"
)
