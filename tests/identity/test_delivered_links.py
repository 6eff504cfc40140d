"""Exports of different channels that meet in one person: what the contracts claim is what the resolution needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.run import Run
from pipelines.identity.resolve import resolve_identity
from tests.channels import samples
from tests.channels.headers import HEADERS
from tests.channels.lake import home_with, load

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
TRANSACTIONS = ["4200000000202603050000000001", "4200000000202603050000000002", "4200000000202603050000000003"]


def customers(folder: Path, files: Mapping[str, bytes | str]) -> dict[str, str]:
    """Customer of each source record after one run."""
    home = home_with(folder, dict(files))
    assert not load(home).problems
    resolve_identity(Run(date(2026, 3, 31), Config(), home, REFERENCE))
    parts = [pl.read_parquet(path) for path in home.table("identity_current").rglob("*.parquet")]
    return dict(pl.concat(parts).select("source_record_key", "customer_id").rows())


def store_order(number: int, phone: str) -> dict[str, str]:
    return {
        "订单号": f"370000000000000000{number}",
        "订单下单时间": "2026-03-05 09:05:00",
        "订单状态": "已完成",
        "收件人手机": phone,
        "支付时间": "2026-03-05 09:06:00",
        "交易单号": TRANSACTIONS[number],
        "商品实际价格(总共)": "128.00",
        "商品数量": "1",
    }


def bill(*payers: tuple[int, str]) -> str:
    header = HEADERS["wechatpay_success"]
    lines = []
    for number, openid in payers:
        row = {"交易时间": "2026-03-05 09:06:00", "公众账号ID": "wx1", "微信订单号": TRANSACTIONS[number], "用户标识": openid}
        row |= {"交易状态": "SUCCESS", "货币种类": "CNY", "应结订单金额": "128.00", "手续费": "0.00000", "订单金额": "128.00"}
        lines.append(",".join("`" + row.get(name, "") for name in header))
    totals = f"`{len(payers)},`{128 * len(payers)}.00,`0.00000"
    return "\n".join([",".join(header), *lines, "总交易单数,应结订单总金额,手续费总金额", totals, ""])


def test_store_orders_belong_to_whoever_paid_them(tmp_path: Path) -> None:
    """Two orders behind a virtual and a masked phone, one payer; a third order was paid by somebody else."""
    orders = [store_order(0, "18400001234-5678"), store_order(1, "138****0001"), store_order(2, "138****0001")]
    files = {
        "2026-03-10/orders.csv": samples.table(HEADERS["weixin_store_order"], orders),
        "2026-03-10/bill.csv": bill((0, "oAnn"), (1, "oAnn"), (2, "oBen")),
    }
    found = customers(tmp_path, files)
    first, second, third = (found[f"weixin_store:370000000000000000{number}"] for number in range(3))
    assert first == second == found["wechatpay:wx1/oAnn"]
    assert third == found["wechatpay:wx1/oBen"] != first


def test_member_of_the_till_is_the_buyer_of_the_same_phone(tmp_path: Path) -> None:
    member = {"card_id": "88001   ", "vip_name": "阿梨", "mobile": "13957012846", "vip_start_date": "2025-01-02 00:00:00.000"}
    order = {"订单号": "290000000001", "商品ID": "1", "订购数量": "1", "下单时间": "2026-03-05 09:05:00", "订单状态": "完成"}
    order |= {"下单帐号": "jd_pear", "联系电话": "'13957012846"}
    files = {
        "t_rm_vip_info_20260310.csv": samples.table(HEADERS["siss_vip_info"], [member]),
        "2026-03-10/orders.csv": samples.table(HEADERS["jd_order_v1"], [order]),
    }
    found = customers(tmp_path, files)
    assert found["siss:88001"] == found["jd:jd_pear"]
