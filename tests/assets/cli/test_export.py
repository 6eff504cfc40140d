"""`cdp export` and `cdp ledger`: a role gets its rows and columns and nothing else, and every download is a sealed row."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.home import Home
from pipelines.ledger import read_rows
from pipelines.publish import erase_from_published
from tests.assets.cli.command import cdp
from tests.publish.shop import DAY, build_marts, made, publish_it

# customer -> home store: c_5 never bought in a store
STORES = {"c_1": "pos:1", "c_2": "pos:2", "c_3": "pos:1", "c_4": "pos:3"}
REGIONS = {"pos:1": "north", "pos:2": "north", "pos:3": "south", "pos:4": "south"}
ROLES = """
roles:
  admin: {label: {en: A, zh: 甲}, lists: all, tables: all}
  analyst: {label: {en: B, zh: 乙}, tables: all, hide: [city]}
  north: {label: {en: C, zh: 丙}, lists: all, tables: all, hide: [phone, rate], regions: [north]}
  store: {label: {en: D, zh: 丁}, lists: [win_back], tables: [fct_orders, stock, kpi], stores: ["pos:3"]}
  lost: {label: {en: E, zh: 戊}, lists: all, regions: [nroth]}
  blind: {label: {en: F, zh: 己}, tables: [sums], hide: [total]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A published home with stores, and the roles beside it."""
    run = made(tmp_path)
    stores = ", ".join(f"('{store}', '{region}')" for store, region in REGIONS.items())
    homes = " ".join(f"when '{customer}' then '{store}'" for customer, store in STORES.items())
    build_marts(
        run.home,
        f"create table dim_stores as select * from (values {stores}) as t (store_key, region);"
        "alter table mart_marketing__customer_360 add column home_store_key varchar;"
        f"update mart_marketing__customer_360 set home_store_key = case customer_id {homes} end;"
        "create table fct_orders as select unnest(['o1', 'o2', 'o3', 'o4']) as order_key,"
        " unnest(['c_1', 'c_4', null, 'c_5']) as customer_id, unnest(['pos:3', 'pos:1', 'pos:3', 'pos:3']) as store_key,"
        " unnest([10.5, 20, 30, 40])::decimal(18, 2) as net_amount;"
        "create table stock as select store_key, 7 as quantity, '=1+1' as note from dim_stores;"
        "create table sums as select 3 as total",
    )
    publish_it(run)
    (tmp_path / "roles.yaml").write_text(ROLES, encoding="utf-8")
    (tmp_path / "cdp.yaml").write_text("reference_folder: .\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def called(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    common = ("--home", home / "home", "--config", home / "cdp.yaml")
    return lambda *words: cdp(capsys, monkeypatch, *words, *common)


@pytest.fixture
def taken(home: Path, called: Any) -> Any:
    """The rows that a role gets of a thing, header first."""

    def take(role: str, what: str) -> list[list[str]]:
        code, out, err = called("export", "--role", role, "--what", what, "--out", home / "got.csv", "--by", "wang")
        assert (code, err) == (0, "") and "ledger row" in out
        return list(csv.reader((home / "got.csv").read_bytes().decode("utf-8-sig").splitlines(keepends=True)))

    return take


def test_everything_is_handed_out_as_it_was_published(home: Path, taken: Any) -> None:
    rows = taken("admin", "win_back")
    published = home / "home" / "published" / "segments" / str(DAY) / "win_back" / "list.csv"
    assert (home / "got.csv").read_bytes() == published.read_bytes() and len(rows) == 4
    assert stat.S_IMODE((home / "got.csv").stat().st_mode) == 0o600


def test_sales_get_the_customers_of_their_stores_without_hidden_columns(taken: Any) -> None:
    rows = taken("north", "win_back")
    assert rows[0] == ["customer_id", "name", "arm", "recency_days", "net_amount", "city", "seen_at"]
    # c_3 is held out, c_4 belongs to the south
    assert [row[0] for row in rows[1:]] == ["c_1", "c_2"]
    assert [row[0] for row in taken("store", "win_back")] == ["customer_id", "c_4"]
    # c_5 never bought in a store: nobody's
    assert taken("north", "thanks") == [["customer_id", "email", "name", "arm", "recency_days"]]


def test_tables_are_cut_by_customer_else_by_store_else_refused(taken: Any, called: Any, home: Path) -> None:
    assert [row[0] for row in taken("store", "fct_orders")[1:]] == ["o2"]  # bought by c_4; the store of the order does not matter
    assert [row[:2] for row in taken("north", "fct_orders")[1:]] == [["o1", "c_1"]]
    assert taken("store", "stock") == [["store_key", "quantity", "note"], ["pos:3", "7", "'=1+1"]]
    code, _, err = called("export", "--role", "store", "--what", "kpi", "--out", home / "x.csv")
    assert code == 2 and "the rows of kpi name neither customer nor store" in err
    assert len(taken("analyst", "fct_orders")) == 5 and "city" not in taken("analyst", "mart_marketing__customer_360")[0]


@pytest.mark.parametrize(
    ("role", "what", "message"),
    [
        ("nobody", "win_back", "no role 'nobody' -> choose one of admin, analyst, blind, lost, north, store"),
        ("analyst", "win_back", "role analyst may not download list win_back -> it may have no list"),
        ("store", "thanks", "role store may not download list thanks -> it may have win_back"),
        ("store", "mart_marketing__customer_360", "role store may not download table"),
        ("lost", "win_back", "roles.lost.regions: nobody knows 'nroth', did you mean 'north'"),
        ("blind", "sums", "role blind may see no column of sums"),
        ("admin", "win_bak", "is called 'win_bak', did you mean 'win_back'"),
        ("admin", "../win_back", "is called '../win_back'"),
        ("admin", "table:win_back", "is called 'win_back'"),
    ],
)
def test_what_is_forbidden_or_not_there_is_refused_and_nothing_noted(home: Path, called: Any, role: str, what: str, message: str) -> None:
    code, _, err = called("export", "--role", role, "--what", what, "--out", home / "x.csv")
    assert code == 2 and message in err and "->" in err
    assert not (home / "x.csv").exists() and read_rows(Home(home / "home")) == ()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("home/published/segments/x.csv", "lies in the home"),
        ("home/../home/x.csv", "lies in the home"),
        ("nowhere/x.csv", "no such folder"),
        ("x.xlsx", "is no name of a CSV file"),
    ],
)
def test_file_is_written_outside_of_the_home_only(home: Path, called: Any, out: str, message: str) -> None:
    code, _, err = called("export", "--role", "admin", "--what", "win_back", "--out", home / out)
    assert code == 2 and message in err


def test_a_list_that_somebody_changed_is_not_handed_out(home: Path, called: Any) -> None:
    path = home / "home" / "published" / "segments" / str(DAY) / "win_back" / "list.csv"
    path.write_bytes(path.read_bytes().replace(b"13800000001", b"13900000001"))
    code, _, err = called("export", "--role", "admin", "--what", "win_back", "--out", home / "x.csv")
    assert code == 1 and "was changed after it was published" in err and not (home / "x.csv").exists()


def test_who_was_erased_from_a_list_is_not_handed_out_and_the_ledger_stands(home: Path, taken: Any, called: Any) -> None:
    taken("north", "win_back")
    erase_from_published(Home(home / "home"), ["c_1"], [])
    assert [row[0] for row in taken("north", "win_back")[1:]] == ["c_2"]
    assert called("ledger", "verify")[0] == 0


def test_every_download_is_a_row_that_says_what_and_for_whom(home: Path, taken: Any, called: Any) -> None:
    taken("north", "win_back")
    sealed = hashlib.sha256((home / "got.csv").read_bytes()).hexdigest()
    taken("store", "stock")
    first, second = read_rows(Home(home / "home"))
    entry = first.entry
    assert (entry.kind, entry.role, entry.by, entry.what, entry.as_of) == ("download", "north", "wang", "list:win_back", str(DAY))
    assert (entry.sha256, entry.row_count, entry.columns and entry.columns[0]) == (sealed, 2, "customer_id")
    assert entry.at is not None and entry.at.endswith("Z") and second.entry.what == "table:stock"
    code, out, _ = called("ledger", "show")
    assert code == 0 and out.count("download") == 2 and "north (wang)" in out and "2 rows" in out
    assert [row["sequence"] for row in json.loads(called("ledger", "show", "--what", "stock", "--json")[1])] == [2]


def test_verify_tells_a_changed_row_and_ends_with_1(home: Path, taken: Any, called: Any) -> None:
    taken("north", "win_back")
    code, out, _ = called("ledger", "verify")
    head = out.split("head ")[1].split()[0]
    assert code == 0 and out.startswith("1 row, held against 1 note")
    assert called("ledger", "verify", "--head", head)[0] == 0
    book = home / "home" / "ledger" / "exports.jsonl"
    book.write_bytes(book.read_bytes().replace(b'"row_count":2', b'"row_count":1'))
    code, out, err = called("ledger", "verify")
    assert code == 1 and "line 1: was changed" in out and "not as it was written" in err
    assert called("ledger", "verify", "--head", "1")[0] == 2


def test_a_download_that_cannot_be_noted_is_not_handed_out(home: Path, called: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from assets.cli import export
    from pipelines.contracts.errors import CdpError

    def full(*_: object) -> None:
        raise CdpError("cannot be written: No space left on device", where="ledger", do="make room")

    monkeypatch.setattr(export, "append", full)
    code, _, err = called("export", "--role", "admin", "--what", "win_back", "--out", home / "x.csv")
    assert code == 4 and "No space left" in err
    assert [path.name for path in home.glob("*x.csv*")] == []


def test_nothing_has_left_a_new_home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cdp(capsys, monkeypatch, "ledger", "show", "--home", tmp_path)[1] == "nothing has left yet\n"
    code, _, err = cdp(
        capsys, monkeypatch, "export", "--role", "admin", "--what", "kpi", "--out", tmp_path / "x.csv", "--home", tmp_path / "home"
    )
    assert code == 2 and "nothing is published yet" in err
