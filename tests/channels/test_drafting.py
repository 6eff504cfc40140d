"""Drafts of contracts: each is a contract that the engine takes, names every column and shows nobody."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest

from pipelines.channels import check_file, draft_contract, read_formats
from pipelines.channels.checking import FileCheck
from pipelines.channels.sampling import sample_of
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from tests.channels import archives, samples

ROOT = Path(__file__).resolve().parents[2]
DAYS = sorted((ROOT / "data" / "samples").glob("20*"))
# one file of each kind and of each spelling of its name: the newest day, and what only older days hold
KINDS = {re.sub(r"\d+", "#", path.name): path for day in DAYS for path in sorted(day.iterdir())}

TILL = (
    "流水号,开单时间,门店,实收金额,支付方式,状态,手机号,收银员,备注\n"
    + "".join(
        f"T{number:05},2026-03-0{1 + number % 9} 1{number % 10}:20:30,西湖店,¥{number}.50,{('微信', '现金')[number % 2]},"
        f"{('已完成', '已退款')[number % 2]},1380000{number:04},张三{number},{'勿压' if number % 3 else ''}\n"
        for number in range(60)
    )
).encode("gb18030")


def drafted(folder: Path, path: Path, config: Config | None = None) -> tuple[str, FileCheck]:
    """The draft of a file, and how the file is read with it."""
    settings = config or Config()
    text = draft_contract(path, settings, name="drafted")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "drafted.yaml").write_text(text)
    (check,) = check_file(path, settings, formats_folders=[folder / "drafts"])
    return text, check


def named_columns(path: Path, folder: Path, text: str) -> list[str]:
    """Columns of the file that the draft does not name."""
    (folder / "unpacked").mkdir()
    names = sample_of(path, Config(), folder / "unpacked").rows.columns
    return [name for name in names if json.dumps(name, ensure_ascii=False) not in text]


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS.keys())
def test_draft_of_each_sample_is_taken_by_the_engine(tmp_path: Path, path: Path) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "members")
        path = max((tmp_path / "members").rglob("*.csv"), key=lambda member: member.stat().st_size)
    text, check = drafted(tmp_path, path)
    assert (check.outcome, check.format_name) == ("loaded", "drafted"), check.reason
    assert check.counts["loaded_count"] > 0
    assert check.counts["quarantined_count"] <= max(1, 0.05 * check.counts["line_count"]), "only what is broken"
    assert named_columns(path, tmp_path, text) == []


def till(folder: Path, name: str = "till_20260310.csv", content: bytes = TILL) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_draft_of_a_till_that_nobody_knows(tmp_path: Path) -> None:
    text, check = drafted(tmp_path, till(tmp_path))
    assert (check.counts["loaded_count"], check.counts["quarantined_count"]) == (60, 0)
    assert check.exported_at == "2026-03-10T15:59:59.999999+00:00"
    assert {column.header: column.field for column in check.mapped} == {
        "流水号": "order_no",
        "开单时间": "ordered_at",
        "门店": "store_id_channel",
        "实收金额": "paid_amount",
        "支付方式": "payment_method",
        "状态": "status_channel",
        "手机号": "phone",
    }
    assert check.preview is not None
    assert check.preview["channel_orders"][0]["paid_amount"] == "0.50"
    assert set(check.preview) == {"channel_orders", "channel_contact_points"}
    assert '"已退款": refunded  # 30 rows' in text
    assert '"备注"' in text
    assert '"收银员": about people' in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", gzip.compress(TILL)),
        ("a.zip", archives.zipped({"in.csv": TILL})),
        ("a.xlsx", archives.workbook(Sheet1=[line.split(",") for line in TILL.decode("gb18030").split("\n") if line])),
        ("a.tsv", TILL.replace(b",", b"\t")),
        ("a.csv", "\ufeff".encode() + TILL.decode("gb18030").replace(",", ";").encode()),
        ("b.csv", "\ufeff".encode("utf-16-le") + TILL.decode("gb18030").encode("utf-16-le")),
        ("c.csv", TILL.replace(b"\n", b"\r\n")),
        ("d.csv", "销售报表\n统计时间：2026年3月\n\n".encode("gb18030") + TILL),
        ("e.csv", TILL + "合计,,,1800.00,,,,,\n".encode("gb18030")),
    ],
)
def test_draft_of_the_same_till_in_another_container(tmp_path: Path, name: str, content: bytes) -> None:
    _, check = drafted(tmp_path, till(tmp_path, name, content))
    assert (check.format_name, check.counts["loaded_count"], check.counts["quarantined_count"]) == ("drafted", 60, 0), check.reason


def records() -> list[dict[str, object]]:
    return [
        {
            "id": f"o-{number}",
            "createdAt": f"2026-03-05T08:00:{number:02}.5Z",
            "total": {"amount": f"{number}.25", "currency": "EUR"},
            "customer": {"email": f"someone{number}@example.com", "name": f"Someone {number}"},
            "state": "closed" if number % 2 else "open",
            "items": [{"sku": "a"}],
        }
        for number in range(40)
    ]


@pytest.mark.parametrize("shape", ["lines", "array", "nested"])
def test_draft_of_json(tmp_path: Path, shape: str) -> None:
    rows = records()
    text = {
        "lines": "\n".join(map(json.dumps, rows)),
        "array": json.dumps(rows),
        "nested": json.dumps({"data": {"orders": rows}, "page": 1}),
    }[shape]
    draft, check = drafted(tmp_path, till(tmp_path, "export.json", text.encode()))
    assert (check.format_name, check.counts["loaded_count"], check.counts["quarantined_count"]) == ("drafted", 40, 0), check.reason
    assert {column.header for column in check.mapped} >= {"id", "createdAt", "total.amount", "customer.email"}
    assert "someone1@" not in draft
    assert "Someone 1" not in draft


def test_draft_of_parquet(tmp_path: Path) -> None:
    lines = [line.split(",") for line in TILL.decode("gb18030").strip().split("\n")]
    frame = pl.DataFrame(lines[1:], schema=lines[0], orient="row").with_columns(pl.col("开单时间").str.to_datetime())
    frame.write_parquet(tmp_path / "a.parquet")
    _, check = drafted(tmp_path, tmp_path / "a.parquet")
    assert (check.format_name, check.counts["loaded_count"]) == ("drafted", 60), check.reason


def test_number_that_repeats_makes_lines_of_one_order(tmp_path: Path) -> None:
    lines = "receipt_no,sold_at,sku,amount\n" + "".join(f"R{n // 3},05/03/2026 10:{n:02},S{n},{n}.10\n" for n in range(60))
    text, check = drafted(tmp_path, till(tmp_path, "lines.csv", lines.encode()))
    assert (check.counts["loaded_count"], check.counts["duplicate_count"], check.format_name) == (60, 0, "drafted"), check.reason
    assert "per: [order_no, order_key]" in text
    assert "decide: day before month, or month before day" in text


def test_bill_whose_cells_begin_with_a_backtick_may_hold_commas(tmp_path: Path) -> None:
    row = {"交易时间": "2026-03-05 09:06:00", "微信订单号": "42", "交易状态": "SUCCESS", "商品名称": "帽子, 围巾", "订单金额": "1.00"}
    text, check = drafted(tmp_path, till(tmp_path, "bill.csv", samples.wechat([row], ["1", "1.00", "0.00", "0.00"]).encode()))
    assert 'delimiter: ",`"' in text
    assert (check.format_name, check.counts["loaded_count"], check.counts["footer_count"]) == ("drafted", 1, 2), check.reason


def test_file_of_no_known_kind_of_row_gets_a_contract_without_tables(tmp_path: Path) -> None:
    text, check = drafted(tmp_path, till(tmp_path, "x.csv", b"city,area,score\nHangzhou,West,1\nNingbo,East,2\n"))
    assert "tables: {}" in text
    assert (check.format_name, check.counts["loaded_count"]) == ("drafted", 2), check.reason


def test_no_value_of_a_person_is_in_a_draft(tmp_path: Path) -> None:
    """Not even one that comes often, or stands in a column whose header says nothing."""
    people = ["张伟", "王芳", "李娜"]
    header = "订单编号,创建时间,金额,客户姓名,客户电话,kw,邮箱,送货地址,导购员"
    rows = "".join(
        f"A{n:05},2026-03-05 10:00:00,1.00,{people[n % 3]},1390000000{n % 9},{people[n % 3]},li{n % 4}@example.com,"
        f"文三路{n % 2}号,{people[n % 2]}\n"
        for n in range(50)
    )
    text, check = drafted(tmp_path, till(tmp_path, "people.csv", f"{header}\n{rows}".encode()))
    assert check.counts["loaded_count"] == 50
    shown = json.dumps([text, check.preview, [row.value for row in check.examples]], ensure_ascii=False, default=str)
    assert [secret for secret in [*people, "1390000", "example.com", "文三路"] if secret in text] == []
    assert [secret for secret in [*people, "1390000", "li1@", "文三路"] if secret in shown] == []


def test_file_that_begins_with_somebody_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no table that can be told apart") as caught:
        draft_contract(till(tmp_path, "x.csv", "王芳,13900000001,a\n李娜,13900000002,b\n".encode()), Config())
    assert "1390000" not in str(caught.value)


def test_header_cannot_leave_its_quotes(tmp_path: Path) -> None:
    header = '"a""b: {x} # y",time\u2028stamp,"x\ny",\u0085z,amount,&anchor,!tag,- item'
    content = f"{header}\n" + "".join(f"{n},2026-03-05 10:00:00,q,r,1.5,s,t,u\n" for n in range(9))
    text, check = drafted(tmp_path, till(tmp_path, "x.csv", content.encode()))
    assert (check.format_name, check.outcome) == ("drafted", "loaded"), text


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "no table"),
        ("one.csv", b"just a line\nand another\n", "no table"),
        ("binary.bin", bytes(range(256)) * 9, "no table"),
        ("broken.gz", b"\x1f\x8bnothing", "ends too early or is damaged"),
        ("two.zip", archives.zipped({"a.csv": TILL, "b.csv": TILL}), "holds 2 files: a.csv, b.csv"),
        ("broken.parquet", b"PAR1nothing", "cannot be read"),
    ],
)
def test_file_that_holds_no_table_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        draft_contract(till(tmp_path, name, content), Config())


@pytest.mark.parametrize("name", ["Till", "7_eleven", "till-2", "taobao_order_v1", "../till"])
def test_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is (no name|a format already)"):
        draft_contract(till(tmp_path), Config(), name=name)


def test_name_comes_from_the_file_and_is_free(tmp_path: Path) -> None:
    assert "format: till\n" in draft_contract(till(tmp_path), Config())
    assert "format: own_uci_online_retail\n" in draft_contract(till(tmp_path, "uci_online_retail_2026.csv"), Config())
    assert "format: new_export\n" in draft_contract(till(tmp_path, "订单.csv"), Config())


def test_export_that_a_contract_reads_already_says_so(tmp_path: Path) -> None:
    path = till(tmp_path, "orders.csv", samples.taobao({"订单编号": "1"}, {"订单编号": "2"}).encode())
    text, check = drafted(tmp_path, path)
    assert "The contract taobao_order_v1 reads this file already" in text
    assert check.format_name == "drafted", "the draft asks for more headers"


def test_draft_of_real_sales(tmp_path: Path, real_data: Path) -> None:
    """UCI Online Retail, one day: 8 columns, invoice numbers that repeat, quantities and prices but no amount."""
    with tarfile.open(real_data / "uci_online_retail" / "by_day.tar.gz") as archive:
        member = next(item for item in archive if item.name.endswith(".csv"))
        content = archive.extractfile(member)
        assert content is not None
        path = till(tmp_path, "uci.csv", io.BytesIO(content.read()).getvalue())
    text, check = drafted(tmp_path, path)
    assert (check.format_name, check.counts["quarantined_count"]) == ("drafted", 0), check.reason
    assert check.counts["loaded_count"] > 100
    assert named_columns(path, tmp_path, text) == []


def test_drafts_of_vendor_files_are_contracts(tmp_path: Path, real_data: Path) -> None:
    """Their header stands below many lines of prose; a run reads them only where it looks that far."""
    for path in sorted((real_data / "vendor_files").glob("*.csv")):
        folder = tmp_path / path.stem
        folder.mkdir()
        (folder / "drafted.yaml").write_text(draft_contract(path, Config(), name="drafted"))
        (found,) = read_formats([folder])
        assert found.spec.detect
