"""Cells that are no number, no day, no id or no word that a contract knows; each beside a row that is good."""

from __future__ import annotations

from tests.channels.hostile_files import Fate, Hostile, loads, named, orders, sets_aside

_NUMBER, _TIME, _DIGITS = "is no number", "is no time as the contract spells it", "lost digits"
# what is written in a cell, and the reason for which its record is set aside; none where it is read
_AMOUNTS = {
    "1e400": _NUMBER,
    "1E+3": "scientific notation",
    "NaN": _NUMBER,
    "-inf": _NUMBER,
    "Infinity": _NUMBER,
    "--": _NUMBER,
    "1,28": _NUMBER,
    "1.280,00": _NUMBER,
    "1 280": _NUMBER,
    "1.28万": _NUMBER,
    "12.345": "more than 2 decimals",
    "9" * 25: "too large",
    "9" * 400: _NUMBER,
    "0x1F": _NUMBER,
    "$5": _NUMBER,
    "(5.00)": _NUMBER,
    "１２": _NUMBER,
    "٣": _NUMBER,
    "#REF!": _NUMBER,
    "#N/A": _NUMBER,
    "-5.00": "",
    "¥1,280.00": "",
    "5.20元": "",
    "": "",
    "null": "",
}
_TIMES = {
    "0000-00-00 00:00:00": _TIME,
    "0001-01-01 00:00:00": "before 1970 or after 2099",
    "9999-12-31 23:59:59": "before 1970 or after 2099",
    "2026-02-30 10:00:00": _TIME,
    "2026-13-01 10:00:00": _TIME,
    "2026-03-05 24:00:00": _TIME,
    "2026-03-05T09:05:00Z": _TIME,
    "05.03.2026 09:05": _TIME,
    "2026-03-05": _TIME,
    "46188.5": _TIME,
    "1772672700": _TIME,
    "明天": _TIME,
    "": "is empty",
    "2026/3/5 9:05": "",
}
_IDS = {
    "4.51235E+18": _DIGITS,
    "1.38E+10": _DIGITS,
    "4.5E18": _DIGITS,
    "4512345678901234567.0": _DIGITS,
    "": "is empty",
    "-": "",
    "'; DROP TABLE orders; --": "",
    "../../etc/passwd": "",
    "𠮷" * 2000: "",
}
_STATUSES = {"": "is empty", "交易成功了": "does not know", "completed": "does not know", "买家已付款,等待卖家发货": ""}


def cell_files() -> list[Hostile]:
    """A file for each of the values, and files in which a unit changed or every id was rounded."""
    columns = {"买家实际支付金额": _AMOUNTS, "订单创建时间": _TIMES, "订单编号": _IDS, "订单状态": _STATUSES}
    files = [
        (f"{column}-{number:02}.csv", orders(f"{column}{number}", {}, {column: value}), _fate(reason))
        for column, values in columns.items()
        for number, (value, reason) in enumerate(values.items())
    ]
    return [*named("cells", files), *_whole_columns()]


def _fate(reason: str) -> Fate:
    return sets_aside(1, reason) if reason else loads(2)


def _whole_columns() -> list[Hostile]:
    rounded = orders("c-rounded", *({"订单编号": f"4512345678901{number}0000"} for number in range(10, 16)))
    return named(
        "columns",
        [
            ("amounts-in-cents.csv", orders("c-cents", *({"买家实际支付金额": "12800"} for _ in range(4))), loads(4)),
            ("amounts-with-a-unit.csv", orders("c-yuan", *({"买家实际支付金额": "128.00元"} for _ in range(4))), loads(4)),
            ("amounts-in-dollars.csv", orders("c-usd", *({"买家实际支付金额": "US$128"} for _ in range(3))), sets_aside(0, *[_NUMBER] * 3)),
            ("ids-rounded-by-a-spreadsheet.csv", rounded, sets_aside(0, *["a spreadsheet has rounded it"] * 6)),
            ("negative-pieces.csv", orders("c-neg", {"宝贝总数量": "-2"}, {"宝贝总数量": "-0"}), loads(2)),
        ],
    )
