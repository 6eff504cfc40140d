"""Tiny deliveries in the shape of each shipped format, for the tests of this folder. No real person is in them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence


def cells(text: str) -> list[str]:
    """Cells of one plain line."""
    return text.split(",")


TAOBAO_HEADER = cells(
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ,"
    "联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝总数量,店铺名称,订单关闭原因,订单备注"
)
TAOBAO_ROW = {
    "订单编号": "4512345678901234567",
    "买家会员名": "阿梨的小店",
    "买家支付宝账号": "ali@example.com",
    "买家应付货款": "120.00",
    "买家应付邮费": "8.00",
    "总金额": "128.00",
    "买家实际支付金额": "128.00",
    "订单状态": "交易成功",
    "收货人姓名": "梨𠮷",
    "收货地址 ": "浙江省 杭州市  西湖区 文三路1号(310000)",
    "联系手机": "'13800000001",
    "订单创建时间": "2026-03-05 09:05:00",
    "订单付款时间 ": "2026-03-05 09:06:00",
    "宝贝标题 ": "羊毛围巾",
    "宝贝总数量": "2",
    "店铺名称": "梨家旗舰店",
    "订单关闭原因": "订单未关闭",
    "订单备注": "勿压",
}

YOUZAN_ORDER_HEADER = cells(
    "订单号,归属店铺,订单状态,订单创建时间,买家付款时间,交易成功时间,付款方式,支付流水号,商品金额合计,运费,店铺优惠合计,"
    "应收订单金额,订单实付金额,全部商品名称,收货人省份,收货人城市,收货人地区,详细收货地址/提货地址,收货人/提货人,买家昵称,"
    "买家手机号,分销员,订单已退款金额,分销员"
)
YOUZAN_ORDER_ROW = {
    "订单号": "E20260305090500000001",
    "归属店铺": "梨家",
    "订单状态": "交易完成",
    "订单创建时间": "2026-03-05 09:05:00",
    "买家付款时间": "2026-03-05 09:06:00",
    "交易成功时间": "2026-03-07 10:00:00",
    "付款方式": "微信支付",
    "支付流水号": "4200000000202603050000000001",
    "商品金额合计": "1,120.00",
    "运费": "8.00",
    "店铺优惠合计": "20.00",
    "应收订单金额": "1,108.00",
    "订单实付金额": "1,108.00",
    "全部商品名称": "羊毛围巾，帽子",
    "收货人省份": "浙江省",
    "收货人城市": "杭州市",
    "收货人地区": "西湖区",
    "详细收货地址/提货地址": "西湖区 文三路1号",
    "收货人/提货人": "阿梨",
    "买家昵称": "阿梨",
    "买家手机号": "13800000001",
    "分销员": "——",
    "订单已退款金额": "0.00",
}

YOUZAN_CUSTOMER_HEADER = cells(
    "客户姓名,客户昵称,客户手机号,客户生日,客户性别,免费等级,客户储值余额,上次消费时间,来源方式,成为客户时间,成为会员时间,"
    "成为会员店铺,微信地域,"
)

SISS_HEADER = cells(
    "com_no,flow_id,flow_no,branch_no,item_no,source_price,sale_price,sale_qnty,sale_money,sell_way,oper_date,card_id,memo,main_sup"
)
SISS_ROW = {
    "com_no": "01",
    "flow_id": "1001",
    "flow_no": "S0001",
    "branch_no": "0002  ",
    "item_no": "SP01001     ",
    "source_price": "50.00",
    "sale_price": "45.00",
    "sale_qnty": "2",
    "sale_money": "90.00",
    "sell_way": "A",
    "oper_date": "2026-03-05 18:00:00",
    "card_id": "88001   ",
    "main_sup": "000001",
}

SHOPIFY_ORDER_HEADER = cells(
    "Name,Email,Financial Status,Paid at,Fulfilled at,Currency,Subtotal,Shipping,Total,Discount Code,Discount Amount,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Street,Billing City,"
    "Billing Country,Billing Phone,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Id,Lineitem discount,Phone,"
    "Notes"
)

SHOPIFY_CUSTOMER_HEADER = cells(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Address1,Default Address City,"
    "Default Address Province Code,Default Address Country Code,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent"
)

WECHAT_HEADER = cells(
    "交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,退款金额,退款状态,商品名称,手续费,订单金额"
)
WECHAT_FOOTER = "总交易单数,应结订单总金额,退款总金额,手续费总金额"

UCI_HEADER = cells("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country")


def table(header: Sequence[str], rows: Sequence[Mapping[str, str]], line_end: str = "\n") -> str:
    """CSV text; of a repeated header the first column gets the value. Cells that begin with `=` are left as they are."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=line_end)
    writer.writerow(header)
    for row in rows:
        writer.writerow([row.get(name, "") if header.index(name) == position else "" for position, name in enumerate(header)])
    return file.getvalue()


def taobao(*rows: Mapping[str, str]) -> str:
    return table(TAOBAO_HEADER, [{**TAOBAO_ROW, **row} for row in rows or ({},)])


def siss(*rows: Mapping[str, str]) -> bytes:
    return gzip.compress(table(SISS_HEADER, [{**SISS_ROW, **row} for row in rows or ({},)], "\r\n").encode("gb18030"))


def wechat(rows: Sequence[Mapping[str, str]], totals: Sequence[str]) -> str:
    lines = [",".join("`" + row.get(name, "") for name in WECHAT_HEADER) for row in rows]
    footer = [WECHAT_FOOTER, ",".join("`" + total for total in totals)] if totals else []
    return "\r\n".join([",".join(WECHAT_HEADER), *lines, *footer, ""])


def segment(*messages: Mapping[str, object]) -> bytes:
    return gzip.compress("".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages).encode())
