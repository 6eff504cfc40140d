"""Golden rows: bills of personal WeChat and Alipay accounts, which small shops collect with. No real person is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.canonical import canonical
from tests.channels.lake import home_with, load, loads

_WECHAT = (
    "微信支付账单明细,,,,,,,,,,\n微信昵称：[梨],,,,,,,,,,\n"
    + "".join(f"注{line},,,,,,,,,,\n" for line in range(13))
    + "----------------------微信支付账单明细列表--------------------,,,,,,,,,,\n"
    "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号,商户单号,备注\n"
    '2026-03-05 09:05:00,二维码收款,"阿梨, 店",收款,收入,"¥1,023.00",零钱,已收钱,"1000000000000000000000000001"\t,"/"\t,/\n'
    '2026-03-05 09:06:00,商户消费,某店,"总共消费:28.16",支出,¥28.16,零钱,支付成功,"1000000000000000000000000002"\t,"129847129"\t,"/"\n'
    "2026-03-05 09:07:00,零钱提现,某行,/,/,¥100.10,某行,提现已到账,1000000000000000000000000003\t,/\t,服务费¥0.10\n"
    "2026-03-05 09:08:00,转账,阿梨,转账,收入,¥5.00,/,已全额退款,1000000000000000000000000004\t,/\t,/\n"
)
_ALIPAY = (
    "-----\n导出信息：\n" + "说明\n" * 21 + "------支付宝（中国）网络技术有限公司  电子客户回单------\n"
    "交易时间            ,交易分类 ,交易对方 ,对方账号 ,商品说明 ,收/支 ,金额 ,收/付款方式 ,交易状态 ,交易订单号 ,商家订单号 ,备注 ,\n"
    '2026-03-05 09:05:00 ,转账红包 ,阿梨 ,ali***@example.com ,27" 屏 ,收入 ,1023.00 ,余额 ,交易成功 ,20260305000001\t,   \t, ,\n'
    "2026-03-05 09:06:00 ,日用百货 ,某店 ,/ ,x ,支出 ,20.00 ,余额 ,交易成功 ,20260305000002\t,T7\t, ,\n"
    "2026-03-05 09:07:00 ,日用百货 ,某店 ,/ ,x ,收入 ,9.00 ,余额 ,交易关闭 ,20260305000003\t,T8\t, ,\n"
)


def test_wechat_income_is_paid_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = canonical(tmp_path, "bill.csv", "\ufeff" + _WECHAT, "wechatpay_personal_bill")
    assert found == {
        "channel_payments": [
            {
                "channel": "wechatpay",
                "payment_key": "wechatpay:1000000000000000000000000001",
                "payment_no": "1000000000000000000000000001",
                "status": "succeeded",
                "paid_at": datetime(2026, 3, 5, 1, 5, tzinfo=UTC),
                "currency_code": "CNY",
                "paid_amount": Decimal("1023.00"),
                "payment_method": "二维码收款",
            },
            {
                "channel": "wechatpay",
                "payment_key": "wechatpay:1000000000000000000000000004",
                "payment_no": "1000000000000000000000000004",
                "status": "revoked",
                "paid_at": datetime(2026, 3, 5, 1, 8, tzinfo=UTC),
                "currency_code": "CNY",
                "paid_amount": Decimal("5.00"),
                "payment_method": "转账",
            },
        ]
    }


def test_alipay_income_is_paid_and_the_rest_is_counted(tmp_path: Path) -> None:
    found = canonical(tmp_path, "bill.csv", _ALIPAY.encode("gbk"), "alipay_personal_bill")
    assert [(row["payment_key"], row["paid_amount"]) for row in found.pop("channel_payments")] == [
        ("alipay:20260305000001", Decimal("1023.00"))
    ]
    assert not found


@pytest.mark.parametrize("text", [_WECHAT, _ALIPAY])
def test_direction_that_nobody_knows_is_set_aside(tmp_path: Path, text: str) -> None:
    home = home_with(tmp_path, {"bill.csv": text.replace("支出", "其他")})
    assert [problem.kind for problem in load(home).problems] == ["quarantined_rows"]
    assert loads(home)["bill.csv"]["quarantined_count"] == 1
