"""Taobao orders, second generation: 61 columns, GB18030, of an outlet shop: numbers of payments, refunded amounts, time of receipt.

Buyers keep their nick in every shop of the platform. The refunded amount holds words where nobody asked for money, and 0 on some of the
orders that were closed for a refund.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import taobao
from pipelines.simulate.formats.alipay import payment_detail, payment_number
from pipelines.simulate.formats.cells import Stamp, csv_text, gb18030, instant, laid_out, money
from pipelines.simulate.shops import TAOBAO_OUTLET, draw_shop, told_orders

HEADER = (
    "订单编号,买家会员名,买家支付宝账号,支付单号,支付详情,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,"
    "宝贝种类 ,物流单号 ,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,"
    "是否手机订单,分阶段订单信息,特权订金订单id,是否上传合同照片,是否上传小票,是否代付,定金排名,修改后的sku,修改后的收货地址,"
    "异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,新零售交易类型,新零售导购门店名称,新零售导购门店id,新零售发货门店名称,"
    "新零售发货门店id,退款金额,预约门店,确认收货时间,打款商家金额,含应开票给个人的个人红包,是否信用购,体验期结束时间,前N有礼,"
    "配送类型,主订单编号"
)
_COLUMNS = HEADER.split(",")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per order of the outlet and delivery that tells of it."""
    shop = draw_shop(chunk, TAOBAO_OUTLET)
    told = told_orders(shop)
    unsaid = shop.world.draws.chance(0.2, "refund_amount_unsaid", shop.orders.key)[told["order"].to_numpy()]
    # The first generation tells of the same orders in the same sequence.
    return taobao.rows(shop).with_columns(
        *told["serial", "done_at", "refunded_fen"].get_columns(), refund_unsaid=pl.Series(unsaid & told["is_full"].to_numpy())
    )


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    is_paid = pl.col("paid_at") >= 0
    refund = pl.when("refund_unsaid").then(pl.lit("0.00")).otherwise(money("refunded_fen"))
    done = pl.col("done_at") >= 0
    cells = taobao.values(stamp) | {
        "支付单号": pl.when(is_paid).then(payment_number(stamp.epoch)),
        "支付详情": pl.when(is_paid).then(payment_detail(stamp.epoch)),
        "店铺名称": pl.lit("四季生活特卖店"),
        "退款金额": pl.when(pl.col("refunded_fen") > 0).then(refund).otherwise(pl.lit("无退款申请")),
        "确认收货时间": instant("done_at", stamp.epoch),
        "打款商家金额": pl.when(done).then(pl.concat_str(money(pl.col("total_fen") - pl.col("refunded_fen")), pl.lit("元"))),
        "是否代付": pl.lit("否"),
        "是否信用购": pl.lit("否"),
    }
    frame = delivered.sort("at", "number").select(laid_out(_COLUMNS, cells))
    return {f"ExportOrderOutletList{stamp.compact}2355.csv": gb18030(csv_text(HEADER, frame, "\r\n"))}
