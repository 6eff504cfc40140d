"""Words for products, stock and stores."""

from __future__ import annotations

from pipelines.channels.meanings.kind import Kind, Slot
from pipelines.channels.meanings.words import PRODUCT_ID, PRODUCT_NAME

PRODUCTS = Kind(
    "channel_products",
    "product_key",
    r"product_?(id|code)|商品(编码|编号|id)|sku|item_no product_(name|title)|商品名称|品名|item_name|^title$ "
    r"brand|品牌|manufacturer|vendor category|类目|分类|department|commodity",
    (
        Slot("product_id", "id", PRODUCT_ID, is_needed=True, column="product_id_channel"),
        Slot("product_name", "text", PRODUCT_NAME),
        Slot("brand", "text", r"brand 品牌 manufacturer vendor"),
        Slot("department", "text", r"department 部门 一级类目"),
        Slot("category", "text", r"(^|_)(product_)?category$ commodity 类目 分类"),
        Slot("subcategory", "text", r"sub_?(category|commodity) 二级类目"),
        Slot("package_size", "text", r"package_size size_of_product 包装"),
    ),
    number="product_id",
    one_of=("product_name", "brand", "category"),
)
STOCK = Kind(
    "channel_stock",
    "stock_key",
    r"库存|stock|on_hand|(^|_)quantity$ counted|盘点|snapshot|stock_date|日期 product|商品|sku|item_no store|仓库|warehouse|门店|location",
    (
        Slot("product_id", "id", PRODUCT_ID, is_needed=True, column="product_id_channel"),
        Slot("counted_on", "date", r"counted 盘点 stock_date snapshot ^date$ 日期 date", is_needed=True),
        Slot("quantity", "quantity", r"库存数?量? on_hand (^|_)(quantity|qty|stock)$ 数量", is_needed=True, unless=r"date|日期"),
        Slot("store_id", "text", r"(store|warehouse|location)_?(id|code|no)?$ 仓库 门店", column="store_id_channel"),
    ),
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
