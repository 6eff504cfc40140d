"""What is a person's own, and what other people have as well."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.tombstones import Tombstones, add_tombstones
from pipelines.erasure import Person, begin, clear, find_person, pending_erasures, was_forgotten
from pipelines.identity import resolve_identity
from tests.identity.lake import DAY, REFERENCE, SEEN, SmallLake

HERS, FAMILY, PLACEHOLDER = "13655551234", "13622220000", "13800138000"


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """A mother in two channels, a daughter with the family's phone, and another buyer."""
    lake = SmallLake(tmp_path / "home")
    lake.add_points(
        [
            ("taobao:oMother", "phone", f"+86 {HERS[:3]}-{HERS[3:]}"),
            ("taobao:oMother", "phone", FAMILY),
            ("taobao:oMother", "phone", PLACEHOLDER),
            ("taobao:oMother", "email", "Mother@Zebra.example"),
            ("youzan:7", "email", "mother@zebra.example"),
            ("youzan:7", "payment_order_no", "4200001234567890"),
            ("taobao:oDaughter", "phone", FAMILY),
            ("taobao:oOther", "phone", "13700000001"),
        ]
    )
    lake.add(
        "channel_profiles",
        [
            {"source_record_key": "taobao:oMother", "full_name": "皇甫植字", "address": "斑马路 77 号", "birth_on": date(1960, 1, 1)},
            {"source_record_key": "youzan:7", "full_name": "皇甫植字", "nickname": "王二", "birth_on": date(1960, 1, 1)},
            {"source_record_key": "taobao:oDaughter", "full_name": "皇甫小小", "address": "斑马路 77 号", "birth_on": date(1990, 1, 1)},
            {"source_record_key": "taobao:oOther", "full_name": "王二"},
        ],
    )
    events = [("taobao:oMother", "device-of-her-own"), ("taobao:oMother", "device-of-all"), ("taobao:oDaughter", "device-of-all")]
    events.append((None, "device-of-her-own"))  # type: ignore[arg-type]
    lake.add(
        "channel_events",
        [
            {"channel": "taobao", "event_key": f"taobao:{n}", "event_name": "other", "source_record_key": key, "anonymous_id": device}
            | {"occurred_at": SEEN}
            for n, (key, device) in enumerate(events)
        ],
    )
    resolve_identity(lake.run())
    return lake


def person_of(lake: SmallLake, record: str) -> Person:
    return find_person(lake.home, Config(), lake.customers()[record])


def test_values_that_others_carry_and_placeholders_are_not_the_persons_own(lake: SmallLake) -> None:
    mother = person_of(lake, "youzan:7")
    assert mother.records == ("taobao:oMother", "youzan:7")
    assert {(kind, value) for kind, _, value in mother.values} == {
        ("phone", f"+86{HERS}"),
        ("email", "mother@zebra.example"),
        ("payment_order_no", "4200001234567890"),
        ("anonymous_id", "device-of-her-own"),
    }
    assert mother.shared_value_count == 1
    assert mother.row_counts == {"channel_profiles": 2, "channel_contact_points": 6, "channel_events": 3}


def test_what_is_searched_for_is_hers_alone_in_every_spelling(lake: SmallLake) -> None:
    """No short id, no number of the books, no name or address that somebody else has as well."""
    assert set(person_of(lake, "youzan:7").traces) == {
        *("taobao:oMother", "oMother", "omother", "youzan:7", "device-of-her-own"),
        *(HERS, f"+86{HERS}", f"+86 {HERS[:3]}-{HERS[3:]}", "Mother@Zebra.example", "mother@zebra.example"),
        "皇甫植字",
    }


def test_buyer_known_by_an_order_number_leaves_the_number_to_the_books(lake: SmallLake) -> None:
    """Some channels name nobody: the record is the order, and the order stays as nobody's."""
    lake.add_points([("weixin_store:3728005940838507368", "email", "mother@zebra.example")])
    order = {"channel": "weixin_store", "order_key": "weixin_store:3728005940838507368", "order_no": "3728005940838507368"}
    lake.add("channel_orders", [order | {"source_record_key": "weixin_store:3728005940838507368", "ordered_at": SEEN}])
    resolve_identity(lake.run(DAY + timedelta(days=1)))
    mother = person_of(lake, "youzan:7")
    assert "weixin_store:3728005940838507368" in mother.records
    assert not [trace for trace in (*mother.traces, *mother.words) if "3728005940838507368" in trace]


def test_ids_that_nobody_has_any_more_go_with_the_person_and_others_stay_theirs(lake: SmallLake) -> None:
    lake.add_points([("jd:oNew", "phone", "13700000002")])
    resolve_identity(lake.run(DAY + timedelta(days=1)))
    before = lake.customers()
    lake.add_points([("jd:oNew", "email", "mother@zebra.example")])
    resolve_identity(lake.run(DAY + timedelta(days=2)))
    merged = person_of(lake, "jd:oNew")
    assert set(merged.records) == {"taobao:oMother", "jd:oNew", "youzan:7"}
    assert set(merged.customer_ids) == {before["taobao:oMother"], before["jd:oNew"]}
    # parted by a decision, the id that the other part keeps is not the person's
    text = "cannot_link,jd:oNew,taobao:oMother,t,r,2026-01-01,\ncannot_link,jd:oNew,youzan:7,t,r,2026-01-01,\n"
    lake.reference = reference_with(lake.root / "reference", text)
    resolve_identity(lake.run(DAY + timedelta(days=3)))
    parted = person_of(lake, "jd:oNew")
    assert parted.records == ("jd:oNew",)
    assert not set(parted.customer_ids) & {lake.customers()["taobao:oMother"]}


def reference_with(folder: Path, decisions: str) -> Path:
    shutil.copytree(REFERENCE, folder)
    header = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on\n"
    (folder / "identity_decisions.csv").write_text(header + decisions, encoding="utf-8")
    return folder


def test_home_knows_the_person_no_more_and_the_family_as_before(lake: SmallLake, tmp_path: Path) -> None:
    mother, others = person_of(lake, "youzan:7"), {"taobao:oDaughter", "taobao:oOther"}
    reference = tmp_path / "reference"
    reference.mkdir()
    suppressed = f"phone,{HERS},bounce,\nphone,{FAMILY},bounce,\ncustomer_id,{mother.customer_ids[0]},complaint,\n"
    (reference / "suppressions.csv").write_text(f"type,value,reason,since_on\n{suppressed}")
    kept = Path(shutil.copytree(reference, lake.home.inputs / "0123456789abcdef" / "reference"))  # what an earlier run read
    before = {key: customer for key, customer in lake.customers().items() if key in others}
    begin(lake.home, mother, "2026-05-02T00:00:00+00:00")
    cleared = clear(lake.home, Config(), reference, mother)
    assert (cleared.reviewed_rows, cleared.reviewed_files) == (2, (str(reference / "suppressions.csv"),))
    assert (reference / "suppressions.csv").read_text() == f"type,value,reason,since_on\nphone,{FAMILY},bounce,\n"
    assert (kept / "suppressions.csv").read_text() == (reference / "suppressions.csv").read_text()
    assert lake.customers() == before
    assert set(lake.read("identity_members")["source_record_key"]) == others
    again = clear(lake.home, Config(), reference, mother)
    assert (again.state_rows, again.reviewed_rows) == (0, 0)


def test_journal_is_private_and_gives_back_what_was_begun(lake: SmallLake) -> None:
    mother = person_of(lake, "youzan:7")
    pending = begin(lake.home, mother, "2026-05-02T00:00:00+00:00")
    assert begin(lake.home, mother, pending.requested_at) == pending
    (lake.home.erasures / "tombstones.parquet").unlink()  # as if somebody had been killed before they were set
    assert pending_erasures(lake.home) == [pending]
    [path] = lake.home.erasures.glob("*.pending.json")
    assert path.stat().st_mode & 0o077 == 0
    assert "oMother" not in repr(mother)
    assert (lake.home.erasures / "tombstones.parquet").exists()


@pytest.mark.parametrize(
    ("asked", "is_known"),
    [(HERS, True), (f"+86 {HERS}", True), ("MOTHER@zebra.example", True), ("taobao:oMother", True), (FAMILY, False), ("oNobody", False)],
)
def test_who_was_forgotten_is_known_by_any_of_what_was_theirs(lake: SmallLake, asked: str, is_known: bool) -> None:
    assert not was_forgotten(Tombstones(), Config(), asked)
    stop = add_tombstones(Home(lake.home.root), "e1", person_of(lake, "youzan:7").tombstones())
    assert was_forgotten(stop, Config(), asked) is is_known
