"""Which tables a draft proposes: of every export that a contract reads, of exports that none does, and of arrays in JSON."""

from __future__ import annotations

import json
import random
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.channels import SHIPPED, FileCheck, check_file, draft_contract, load_deliveries, read_formats
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.simulate import ALL_FORMATS, SimulationSpec, simulate
from tests.channels.headers import HEADERS
from tests.channels.lake import loads

EXPORTS = Path(__file__).parent / "exports"
PEOPLE = ("channel_profiles", "channel_contact_points", "channel_consents")
# Main tables that drafts do not find, and why. Everything else is found, and the list may only become shorter. Of jd_promo only exports of
# a single day are understood: those of several write a range of days into one cell.
NOT_FOUND = {
    "jd_settlement": "each line bears an order's number and no payment's: it is taken for lines of orders",
    "pdd_settlement": "no column numbers a payment",
    "siss_payflow": "worded like the receipts that it belongs to: it is taken for orders",
}
LEAST_SHARE = 0.9


def main_table(tables: list[str]) -> str:
    """What the rows of a contract are; where they are about people alone, the first of its tables."""
    return next((name for name in tables if name not in PEOPLE), tables[0])


@pytest.fixture(scope="module")
def largest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Of each contract that the simulator writes for, or that has an export beside its rows, the file with the most rows."""
    out = tmp_path_factory.mktemp("deliveries")
    spec = SimulationSpec(
        customers=420, days=40, seed=8, first_day=date(2026, 3, 1), formats=ALL_FORMATS, deliver_every_days=20, daily_tail_days=1
    )
    simulate(spec, out)
    home = Home(tmp_path_factory.mktemp("home"), out)
    load_deliveries(home, Config())
    found: dict[str, tuple[int, Path]] = {}
    members = tmp_path_factory.mktemp("members")
    for name, row in loads(home).items():
        path = out / name
        if not path.exists():  # a member of an archive
            archive, _, _ = name.partition(".zip/")
            with zipfile.ZipFile(out / f"{archive}.zip") as packed:
                packed.extractall(members / archive)
            size = max if row["format_name"] == "alipay_bill" else min
            path = size((members / archive).rglob("*.csv"), key=lambda item: item.stat().st_size)
        found[row["format_name"]] = max(found.get(row["format_name"], (-1, path)), (row["loaded_count"], path))
    delivered = {folder.name: next(path for path in folder.iterdir() if path.name != "rows.json") for folder in EXPORTS.iterdir()}
    return {name: path for name, (_, path) in found.items()} | delivered


def test_draft_of_every_export_is_a_contract_with_the_main_table_of_the_shipped_one(largest: dict[str, Path], tmp_path: Path) -> None:
    """The words by which drafts know columns were gathered from these exports too: none is forgotten, which says little of others."""
    shipped = {item.name: list(item.spec.tables) for item in read_formats([SHIPPED])}
    lacking = set()
    for name, path in largest.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "drafted.yaml").write_text(draft_contract(path, Config(), name="drafted"))
        (draft,) = read_formats([tmp_path / name])  # refuses what is no contract, with file and line
        if main_table(shipped[name]) not in draft.spec.tables:
            lacking.add(name)
    assert len(largest) >= 59
    assert lacking == set(NOT_FOUND)
    assert len(lacking) <= (1 - LEAST_SHARE) * len(largest)


def drafted(folder: Path, name: str, text: str) -> tuple[str, FileCheck]:
    """The draft of a file, and how the file is read with it."""
    path = folder / name
    path.write_text(text)
    draft = draft_contract(path, Config(), name="drafted")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "drafted.yaml").write_text(draft)
    (check,) = check_file(path, Config(), preview_rows=2_000, formats_folders=[folder / "drafts"])
    assert check.format_name == "drafted", check.reason
    return draft, check


def rows_of(check: FileCheck) -> dict[str, int]:
    return {table.removeprefix("channel_"): len(rows) for table, rows in (check.preview or {}).items()}


def csv_of(header: str, row: str, count: int = 30) -> str:
    """`{n}` in the row is its number, `{d}` a day of March, `{m}` the last two digits of a minute."""
    rows = "".join(row.format(n=number, d=f"{1 + number % 28:02}", m=f"{number % 60:02}") + "\n" for number in range(count))
    return f"{header}\n{rows}"


# Exports of systems that no contract knows, headed as nobody's export here is.
OTHERS = {
    "members": (
        "会员卡号,姓名,性别,生日,手机,等级,注册时间,城市",
        "M{n},某人{n},女,1990-05-{d},138000000{m},金卡,2025-01-{d} 10:{m}:00,杭州",
        {"profiles": 30, "contact_points": 60},
    ),
    "refunds": (
        "退款编号,订单编号,退款金额,退款状态,退款原因,退款完成时间",
        "R{n},A{n},12.{m},退款成功,尺码,2026-03-{d} 10:{m}:00",
        {"refunds": 30},
    ),
    "ledger": (
        "会员编号,变动积分,变动类型,变动时间,订单号",
        "M{n},-{n},积分兑换,2026-03-{d} 10:{m}:00,A{n}",
        {"points": 30, "contact_points": 30},
    ),
    "vouchers": (
        "voucher_code,claimed_at,used_at,valid_until,customer_id",
        "V{n},2026-03-{d} 10:{m}:00,,2026-12-31 00:00:00,C{n}",
        {"coupons": 30, "contact_points": 30},
    ),
    "stars": (
        "review id,rating,submitted on,sku,comment",
        "{n},4,2026-03-{d} 10:{m}:00,S{n},so so",
        {"reviews": 30},
    ),
    "warehouse": ("日期,仓库,商品编码,库存数", "2026-03-{d},W1,P{n},{n}", {"stock": 30}),
    "parcels": (
        "order number,tracking number,carrier,ship date,delivered at",
        "A{n},T{n},DHL,2026-03-{d} 10:{m}:00,2026-03-31 10:{m}:00",
        {"events": 60},
    ),
    "spend": (
        "date,campaign,impressions,clicks,spend",
        "2026-03-{d},spring {n},1{n},{n},5.{m}",
        {"costs": 30},
    ),
    "texts": (
        "手机号,发送时间,发送状态,模板编号,短信内容",
        "138000000{m},2026-03-{d} 10:{m}:00,发送成功,T1,你好",
        {"sends": 30, "contact_points": 30},
    ),
    "helpdesk": (
        "工单编号,标题,优先级,状态,提交人,创建时间,解决时间",
        "K{n},尺码,高,已解决,某人,2026-03-{d} 10:{m}:00,2026-03-31 10:{m}:00",
        {"tickets": 30},
    ),
    "articles": ("product_id,product_name,brand,category", "P{n},Scarf {n},Nord,Knitwear", {"products": 30}),
    "receipts": (
        "receipt no,sold at,item name,qty,unit price,line total,member no",
        "R{n},2026-03-{d} 10:{m}:00,Scarf,1,2.50,2.50,M{n}",
        {"orders": 30, "order_lines": 30, "contact_points": 30},
    ),
    "payments": (
        "payment id,paid at,amount,fee,order id,payment method",
        "P{n},2026-03-{d} 10:{m}:00,5.{m},0.10,A{n},card",
        {"payments": 30},
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_columns_speak_for_their_tables(tmp_path: Path, name: str) -> None:
    header, row, expected = OTHERS[name]
    draft, check = drafted(tmp_path, f"{name}.csv", csv_of(header, row))
    assert (check.counts["loaded_count"], check.counts["quarantined_count"]) == (30, 0), [check.quarantined, draft]
    assert rows_of(check) == expected
    assert "# signs" in draft


def order(number: int, **more: Any) -> dict[str, Any]:
    lines = [
        {"id": f"{number}-{line}", "sku": f"S{line}", "title": "Scarf", "quantity": 1 + line, "price": "2.50"} for line in range(number % 3)
    ]
    return {
        "id": 7_000_000_000 + number,
        "order_number": f"#{number}",
        "created_at": f"2026-03-05T08:00:{number % 60:02}Z",
        "total_price": f"{number}.25",
        "currency": "eur",
        "customer": {"id": f"C{number}", "email": f"someone{number}@example.com"},
        "line_items": lines,
        **more,
    }


@pytest.mark.parametrize("shape", ["lines", "document"])
def test_order_with_an_array_of_items_is_taken_apart(tmp_path: Path, shape: str) -> None:
    orders = [order(number, payments=[{"gateway": "card", "amount": "1.00"}]) for number in range(1, 61)]
    text = "".join(json.dumps(item) + "\n" for item in orders) if shape == "lines" else json.dumps({"orders": orders})
    draft, check = drafted(tmp_path, "shop.json", text)
    assert 'each: "line_items"' in draft
    assert '"payments" holds 60 objects, which are not read' in draft
    assert '"payments[0].gateway"' in draft
    assert (check.counts["loaded_count"], check.counts["quarantined_count"]) == (60, 0), check.quarantined
    assert rows_of(check) == {"orders": 60, "order_lines": 60, "contact_points": 120}
    assert check.preview is not None
    assert sorted({str(row["line_no"]) for row in check.preview["channel_order_lines"]}) == ["1", "2"], "an order without items has no line"
    first = check.preview["channel_orders"][0]
    assert (first["paid_amount"], first["currency_code"]) == ("1.25", "EUR")


def test_ticket_with_an_array_of_comments_is_taken_apart(tmp_path: Path) -> None:
    tickets = [
        {
            "id": number,
            "subject": "Where is it?",
            "priority": "high",
            "status": ("open", "solved")[number % 2],
            "requester_id": f"C{number}",
            "created_at": f"2026-03-05T08:00:{number:02}Z",
            "comments": [
                {"id": f"{number}-{n}", "author_id": f"C{number}", "body": "Well?", "created_at": f"2026-03-05T09:0{n}:00Z"}
                for n in range(2)
            ],
        }
        for number in range(40)
    ]
    draft, check = drafted(tmp_path, "desk.json", json.dumps({"tickets": tickets}))
    assert rows_of(check) == {"tickets": 40, "interactions": 80, "contact_points": 40}
    assert "who writes may be staff" in draft
    assert "Well?" not in draft


def test_record_that_is_only_a_box_of_rows_is_taken_apart(tmp_path: Path) -> None:
    batches = [
        {
            "batch_no": number,
            "items": [
                {
                    "event_name": ("page", "purchase")[n % 2],
                    "event_id": f"e{number}-{n}",
                    "timestamp": f"2026-03-05T08:{number:02}:0{n}Z",
                    "session": "s",
                    "page": "/",
                    "properties": {"sku": "S1"},
                }
                for n in range(3)
            ],
        }
        for number in range(20)
    ]
    draft, check = drafted(tmp_path, "batches.jsonl", "\n".join(map(json.dumps, batches)))
    assert 'each: "items"' in draft
    assert rows_of(check) == {"events": 60}
    assert check.preview is not None
    assert {row["event_name"] for row in check.preview["channel_events"]} == {"page_viewed", "order_completed"}


def test_array_that_says_nothing_is_told_of_and_left(tmp_path: Path) -> None:
    people = [{"id": n, "name": f"P{n}", "email": f"p{n}@example.com", "phone": f"138000000{n:02}", "gender": "f", "city": "Ulm",
               "badges": [{"label": "x", "colour": "y"}]} for n in range(30)]  # fmt: skip
    draft, check = drafted(tmp_path, "people.json", json.dumps(people))
    assert "each:" not in draft.replace("`each`", "")
    assert '"badges" holds 30 objects, which are not read' in draft
    assert rows_of(check) == {"profiles": 30, "contact_points": 90}


def test_id_of_nobody_is_asked_about(tmp_path: Path) -> None:
    header, row = "order no,order date,total,product,customer id", "A{n},2026-03-{d} 10:{m}:00,{n}.50,Scarf,"
    lines = csv_of(header, row).splitlines()
    text = "\n".join([lines[0], *(f"{line}{number % 4}" for number, line in enumerate(lines[1:]))])
    draft, check = drafted(tmp_path, "nobody.csv", text)
    assert 'nulls: ["0"]  # decide: 8 rows hold it, is it nobody?' in draft
    assert check.preview is not None
    assert sum(order["source_record_key"] is None for order in check.preview["channel_orders"]) == 8


@pytest.mark.parametrize(
    ("totals", "expected"),
    [(("2.50", "2.50"), "2.50"), (("2.50", "4.50"), "7.00"), (("2.50", ""), "2.50")],
    ids=["on every row", "of each row", "on the first row"],
)
def test_amount_of_an_order_of_several_rows_is_counted_once(tmp_path: Path, totals: tuple[str, str], expected: str) -> None:
    """A sum of what is said twice doubles the sales; and what stands on the first row is not lost to the rows that do not say."""
    rows = [
        f"R{number // 2},2026-03-05 10:{number // 2:02}:00,Scarf {number},1,{totals[number % 2]},{('fulfilled', '')[number % 2]},"
        f"{('AUD', '')[number % 2]}"
        for number in range(60)
    ]
    _, check = drafted(tmp_path, "till.csv", "\n".join(["order no,order date,item name,qty,total,status,currency", *rows]))
    assert check.preview is not None
    orders = check.preview["channel_orders"]
    assert {(row["paid_amount"], row["status"], row["currency_code"]) for row in orders} == {(expected, "completed", "AUD")}
    assert {row["currency_code"] for row in check.preview["channel_order_lines"]} == {"AUD"}
    assert (len(orders), check.counts["quarantined_count"]) == (30, 0)


def test_order_of_nothing_stays_an_order(tmp_path: Path) -> None:
    header, row = "order no,order date,total,product,qty", "A{n},2026-03-{d} 10:{m}:00,{n}.50,Scarf,1"
    lines = csv_of(header, row, 60).replace(",7.50,", ",,")
    _, check = drafted(tmp_path, "unpaid.csv", lines)
    assert (check.counts["quarantined_count"], rows_of(check)["orders"]) == (0, 60)


def test_table_that_is_spoken_of_and_not_proposed_is_told_with_the_reason(tmp_path: Path) -> None:
    header = "order no,order date,total,product,transaction id,captured,fee,received,payment method"
    draft, _ = drafted(tmp_path, "both.csv", csv_of(header, "A{n},2026-03-{d} 10:{m}:00,{n}.50,Scarf,T{n},yes,0.10,{n}.40,card"))
    assert "# not proposed: channel_" in draft


def cell_of(draw: random.Random, kind: str, number: int) -> str:
    return {
        "id": f"A{number}",
        "number": str(number),
        "money": f"{number}.50",
        "time": f"2026-03-{1 + number % 28:02} 10:00:{number % 60:02}",
        "iso": f"2026-03-{1 + number % 28:02}T10:00:00Z",
        "day": f"2026-03-{1 + number % 28:02}",
        "word": draw.choice(["a", "b", "完成"]),
        "phone": f"138000000{number % 100:02}",
        "email": f"p{number}@example.com",
        "nothing": "",
        "half": "" if number % 2 else str(number),
        "repeated": f"R{number // 3}",
        "flag": draw.choice(["yes", "no"]),
    }[kind]


KINDS = ("id", "number", "money", "time", "iso", "day", "word", "phone", "email", "nothing", "half", "repeated", "flag")
LIKELY = (
    (r"时间|日期|_at$|date", ("time", "time", "iso", "day")),
    (r"额|价|费|amount|total|price", ("money", "money", "half")),
    (r"手机|phone", ("phone",)),
    (r"mail|邮箱", ("email",)),
    (r"号|id$|no$|编码", ("id", "id", "repeated", "half")),
    (r"状态|类型|status|type", ("word",)),
)


def cells_of(draw: random.Random, header: str) -> str:
    """What stands under such a header; now and then anything else."""
    fitting = next((kinds for words, kinds in LIKELY if re.search(words, header, re.IGNORECASE)), KINDS)
    return draw.choice(KINDS if draw.random() < 0.2 else fitting)


@pytest.mark.parametrize("shape", ["csv", "json", "arrays"])
@pytest.mark.parametrize("seed", range(4))
def test_draft_of_any_mixture_of_columns_reads_its_file(tmp_path: Path, seed: int, shape: str) -> None:
    """Half of a known export's headers and some of others', over cells that fit them or do not: never a contract that refuses the file."""
    draw = random.Random(f"{seed} {shape}")
    some = sorted(draw.choice(sorted(HEADERS.items()))[1])
    others = sorted({header for headers in HEADERS.values() for header in headers})
    headers = list(dict.fromkeys(["row id", *draw.sample(some, min(len(some), 12)), *draw.sample(others, 8)]))
    kinds = {header: cells_of(draw, header) for header in headers} | {"row id": "id"}
    half = headers[: len(headers) // 2]

    def record(number: int, names: list[str]) -> dict[str, Any]:
        return {name: cell_of(draw, kinds[name], number) or None for name in names}

    if shape == "csv":
        text = "\n".join([",".join(headers), *(",".join(cell_of(draw, kinds[name], n) for name in headers) for n in range(30))])
    elif shape == "json":
        text = json.dumps([record(n, headers) for n in range(30)])
    else:
        inner = [name for name in headers if name not in half]
        text = json.dumps([record(n, half) | {"items": [record(3 * n + place, inner) for place in range(n % 3)]} for n in range(30)])
    draft, check = drafted(tmp_path, "mixture.csv" if shape == "csv" else "mixture.json", text)
    assert check.outcome == "loaded", (check.reason, draft)
