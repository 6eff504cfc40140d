"""Words that several kinds of rows share."""

from __future__ import annotations

TIMES_OF_CHANGE = r"update|modif|更新|修改|export|导出"
ORDER_NO = (
    r"^主订单编?号 ^订单(编?号|id)$ ^订单编?号 (^|_)order_(no|number|sn|code)$ (^|_)order_id($|_) ^order$ 流水号 小票号? (^|_)flow_no$ "
    r"receipt_(no|number|id)$ invoice(_?no|_?number)?$ (^|_)bill_(no|id)$ transaction_id$ ^sn$"
)
NOT_THE_ORDER = r"支付宝|微信|子订单|外部|退款|售后|商户|特权|团|merchant|external|refund"
PRODUCT_ID = (
    r"(^|_)sku(_id|_?code|_no)?$ 规格编码 商家编码 商品(编码|编号|id) (^|_)product_?(id|code|no|uid)$ variant_id$ "
    r"(^|_)item_(no|id|code)$ stock_code 货号"
)
PRODUCT_NAME = (
    r"^(商品|宝贝)(标题|名称)$ ^选购商品$ 商品名称 品名 ^商品$ (^|_)product_(name|title)$ lineitem_name$ (^|_)item_name$ "
    r"^item$ ^title$ ^name$ "
    r"^products?$ ^description$"
)
