"""Files of destinations: what each receiver takes, to the byte, and only of people who allowed it. Hashes are made anew by hashlib."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.segments import DefinitionError, Definitions
from pipelines.contracts.settings.publishing import PublishConfig
from pipelines.publish import PublishReport, erase_from_published, verify_publication
from pipelines.publish.destinations import Layout, Listed, check_destinations, containers, files, layout_of, values
from pipelines.publish.destinations.layout import Field, Limits
from pipelines.publish.destinations.messages import _cut
from tests.publish.shop import AT, DAY, EMAIL, PEOPLE, SMS, content, decided, made, write

PHONES = {"c_1": "+8613800000001", "c_2": "+8613800000002", "c_4": "+8613800000004"}
DESTINATIONS: dict[str, dict[str, Any]] = {
    "google": {"kind": "google_customer_match", "removals": True},
    "google_plain": {"kind": "google_customer_match", "is_hashed": False},
    "meta": {"kind": "meta_custom_audience", "match_by": ["email", "phone", "gender", "city", "province", "country"]},
    "tencent": {"kind": "tencent_phones", "removals": True},
    "ocean": {"kind": "ocean_engine_phones"},
    "qianchuan": {"kind": "qianchuan_phones", "hash": "md5"},
    "huawei_sms": {"kind": "sms_xlsx"},
    "tencent_sms": {"kind": "sms_template_xlsx", "variables": ["name", "recency_days"]},
    "gateway": {"kind": "sms_csv", "phone": "double_zero", "variables": ["name", "net_amount"]},
    "klaviyo": {"kind": "klaviyo", "subscribes": True},
    "book": {"kind": "list_xlsx"},
}
OF_EMAIL: dict[str, dict[str, Any]] = {
    "mailchimp": {"kind": "mailchimp", "variables": ["customer_id", "name"]},
    "wechat": {
        "kind": "wechat_template", "appid": "wxA", "template_id": "it's-1", "url": "https://example.com/",
        "columns": {"thing1": "name"}, "texts": {"thing2": "谢谢"}, "miniprogram": {"appid": "wxM", "pagepath": "p?a=1"},
    },
}  # fmt: skip


def settings() -> PublishConfig:
    sms = {name: one | {"segments": ["win_back"]} for name, one in DESTINATIONS.items()}
    email = {name: one | {"segments": ["thanks"]} for name, one in OF_EMAIL.items() if name != "wechat"}
    wechat = {"wechat": OF_EMAIL["wechat"] | {"segments": ["templates"]}}
    return PublishConfig.model_validate({"destinations": sms | email | wechat})


TEMPLATES = replace(SMS, name="templates", columns=())


def with_permissions(run: Run) -> None:
    """Consents, openids and what the golden record says besides."""
    people = {name: (phone, email) for name, phone, email, *_ in PEOPLE}
    golden = {"first_seen_at": AT, "source_record_count": 1, "channel_count": 1}
    about = {"c_1": {"gender": "female", "city": "上 海·市", "province": "São-Paulo", "country": "CN"}, "c_2": {"country": "中国"}}
    names = {name: full_name for name, _, _, full_name, _ in PEOPLE}
    rows = [
        golden | {"customer_id": name, "phone_e164": phone, "email": email, "full_name": names[name]} | about.get(name, {})
        for name, (phone, email) in people.items()
    ]
    write(run.home, "golden_customers", "part-0.parquet", rows)

    def says(who: str, value: str, status: str, purpose: str = "personalization", medium: str = "app_push") -> dict[str, Any]:
        kind = "phone" if value.startswith("+") else "email" if "@" in value else "openid"
        return {
            "customer_id": who, "contact_type": kind, "contact_value": value, "medium": medium, "purpose": purpose, "status": status,
            "stated_at": AT, "_load_id": "l1", "_source_row": 1,
        }  # fmt: skip

    write(run.home, "golden_consents", "part-0.parquet", [
        says("c_1", "+8613800000001", "granted"), says("c_1", "a@example.com", "granted"),
        says("c_2", "b@example.com", "granted"),  # not the phone
        says("c_4", "+8613800000004", "granted"), says("c_9", "+8613800000004", "denied"),  # shared with somebody who denies it
        says("c_5", "e@example.com", "granted"), says("c_5", "other@example.com", "denied"),  # denies it elsewhere
        says("c_1", "old_open", "granted", "marketing", "wechat"), says("c_1", "new_open", "granted", "marketing", "wechat"),
        says("c_2", "b_open", "granted", "marketing", "wechat"), says("c_4", "d_open", "denied", "marketing", "wechat"),
    ])  # fmt: skip
    points = [("wx:1", "wxA", "old_open", 0), ("wx:2", "wxA", "new_open", 1), ("wx:3", "wxB", "b_open", 0), ("wx:4", "wxA", "d_open", 0)]
    owners = {"wx:1": "c_1", "wx:2": "c_1", "wx:3": "c_2", "wx:4": "c_4"}
    write(run.home, "identity_contact_points", "part-0.parquet", [
        {"source_record_key": key, "type": "openid", "scope": appid, "value": value, "state": "real", "is_accepted": True,
         "first_seen_at": AT, "last_seen_at": AT + timedelta(days=days), "_load_id": "l1", "_source_row": 1}
        for key, appid, value, days in points
    ])  # fmt: skip
    write(
        run.home, "identity_current", "part-0.parquet", [{"source_record_key": key, "customer_id": owner} for key, owner in owners.items()]
    )


def published(run: Run, run_id: str = "r1") -> PublishReport:
    from pipelines.publish import publish
    from tests.publish.shop import write_page

    return publish(run, run_id, Definitions((SMS, EMAIL, TEMPLATES)), "v1", ["l1"], write_page)


def gate_says(run: Run, people: list[tuple[Any, ...]] = PEOPLE) -> None:
    decided(run.home, run.as_of, people)
    path = run.home.table("segment_memberships") / f"as_of={run.as_of}" / "part-0.parquet"
    rows = pl.read_parquet(path)
    templates = rows.filter(segment_name="win_back").with_columns(segment_name=pl.lit("templates"))
    pl.concat([rows, templates]).write_parquet(path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, PublishReport]:
    run = made(tmp_path_factory.mktemp("shop"))
    with_permissions(run)
    gate_says(run)
    run = replace(run, config=Config(publish=settings()))
    return run, published(run)


def file(shop: tuple[Run, PublishReport], name: str, segment: str = "win_back") -> bytes:
    return (shop[0].home.segments(DAY) / segment / name).read_bytes()


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def sql(expression: str, **contact: str | None) -> str | None:
    """Value of an expression for one person."""
    names = ("contact_phone", "contact_email", "home_city")
    columns = ", ".join(f"cast(${name} as varchar) as {name}" for name in names)
    [(value,)] = duckdb.execute(f"select {expression} from (select {columns})", {name: contact.get(name) for name in names}).fetchall()
    return value  # type: ignore[no-any-return]


_SHA_DIGITS, _SHA_EMAIL = values.hashed("sha256", values.phone("digits")), values.hashed("sha256", values.EMAIL)
_SHA_CITY = values.hashed("sha256", values.word("home_city"))


@pytest.mark.parametrize(
    ("expression", "contact", "expected"),
    [
        # Meta, TikTok: digits without plus
        (_SHA_DIGITS, {"contact_phone": "+16505551212"}, "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        (_SHA_DIGITS, {"contact_phone": "+37493828222"}, "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4"),
        (_SHA_EMAIL, {"contact_email": " John_Smith@gmail.com "}, "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        (_SHA_CITY, {"home_city": " 정. "}, "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        # Tencent: of the text as it is
        (values.hashed("md5", "home_city"), {"home_city": "a000002c9060f7"}, "f2d5a650733ca8c27d502b1c08da14e5"),
        (values.hashed("md5", "home_city"), {"home_city": "FF1999CD-7177-4937-A474-74937A102630"}, "2c010ed96aef2fc34983e1e7e9176b7e"),
        (values.hashed("md5", "home_city"), {"home_city": "020000000000"}, "e3f5536a141811db40efd6400f1d0a4e"),
        # nothing has no hash
        (_SHA_CITY, {"home_city": " -· "}, None),
        (values.hashed("md5", values.phone("mainland")), {"contact_phone": "+16505551212"}, None),
        (values.hashed("sha256", values.phone("e164")), {}, None),
    ],
)  # fmt: skip
def test_published_vectors(expression: str, contact: dict[str, str], expected: str | None) -> None:
    assert sql(expression, **contact) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [("e164", "+8613800138000"), ("digits", "8613800138000"), ("mainland", "13800138000"), ("double_zero", "008613800138000")],
)
def test_one_person_has_four_phone_strings(form: Any, expected: str) -> None:
    assert sql(values.phone(form), contact_phone="+8613800138000") == expected


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("J.o.h.n+tag@Gmail.com", "john+tag@gmail.com"),
        ("a.b@googlemail.com", "ab@googlemail.com"),
        ("a.b@notgmail.com", "a.b@notgmail.com"),
        ("a.b@gmail.com.example", "a.b@gmail.com.example"),
    ],
)
def test_dots_are_dropped_at_gmail_alone(email: str, expected: str) -> None:
    assert sql(values.EMAIL_WITHOUT_DOTS, contact_email=email) == expected


def test_advertising_takes_contact_points_with_a_consent_of_their_own(shop: tuple[Run, PublishReport]) -> None:
    """c_1 allows both, c_2 the e-mail alone; c_4's phone is denied by somebody who shares it; c_3 is held out."""
    assert table(file(shop, "google_plain.csv")) == [["Email", "Phone"], ["a@example.com", "+8613800000001"], ["b@example.com", ""]]
    assert table(file(shop, "google.csv")) == [
        ["Email", "Phone"], [sha("a@example.com"), sha("+8613800000001")], [sha("b@example.com"), ""],
    ]  # fmt: skip


def test_meta_gets_hashed_keys_and_empty_cells(shop: tuple[Run, PublishReport]) -> None:
    assert table(file(shop, "meta.csv")) == [
        ["email", "phone", "gen", "ct", "st", "country"],
        [sha("a@example.com"), sha("8613800000001"), sha("f"), sha("上海市"), sha("sãopaulo"), sha("cn")],
        [sha("b@example.com"), "", "", "", "", ""],
    ]


def only(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert [(info.filename, info.date_time) for info in archive.infolist()] == [(name, (1980, 1, 1, 0, 0, 0))]
        return archive.read(name)


def test_packages_hold_a_hash_a_line(shop: tuple[Run, PublishReport]) -> None:
    assert only(file(shop, "tencent.zip"), "tencent.txt").decode() == md5("13800000001") + "\n"
    assert only(file(shop, "qianchuan.zip"), "qianchuan.txt").decode() == md5("13800000001") + "\n"


def dmp_data(line: bytes) -> list[tuple[int, str]]:
    """Read with protobuf itself, by the schema of the platform."""
    described = descriptor_pb2.FileDescriptorProto(name="dmp.proto", package="t")
    item = described.message_type.add(name="IdItem")
    item.field.add(name="dataType", number=2, type=13, label=2)
    item.field.add(name="id", number=3, type=9, label=2)
    described.message_type.add(name="DmpData").field.add(name="idList", number=1, type=11, label=3, type_name=".t.IdItem")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(described)
    message: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.DmpData"))()
    message.ParseFromString(base64.b64decode(line, validate=True))
    return [(found.dataType, found.id) for found in message.idList]


def test_ocean_engine_gets_messages_of_its_own_schema(shop: tuple[Run, PublishReport]) -> None:
    assert [dmp_data(line) for line in only(file(shop, "ocean.zip"), "ocean.txt").splitlines()] == [[(6, sha("13800000001"))]]
    layout = of("ocean_engine_phones")
    rows = pl.DataFrame({"phone": [sha(str(number)) for number in range(25_001)]})
    [made_file] = files("ocean", layout, rows)
    lines = only(made_file.content, "ocean.txt").splitlines()
    assert [len(dmp_data(line)) for line in lines] == [10_000, 10_000, 5_001]
    assert [one for line in lines for _, one in dmp_data(line)] == rows["phone"].to_list()


def sheet(data: bytes, *, has_header: bool) -> list[tuple[Any, ...]]:
    return pl.read_excel(data, engine="calamine", has_header=has_header, infer_schema_length=0).rows()


def test_sms_files(shop: tuple[Run, PublishReport]) -> None:
    mainland = [phone[3:] for phone in PHONES.values()]
    assert sheet(file(shop, "huaweisms.xlsx"), has_header=False) == [(phone,) for phone in mainland]
    names = ["王芳", "=HYPERLINK(1)", 'No, "quoted"\r\nname']
    found = sheet(file(shop, "tencent_sms.xlsx"), has_header=True)
    assert [(phone, name.replace("\r\n", "\n"), days) for phone, name, days in found] == [
        (phone, name.replace("\r\n", "\n"), "200") for phone, name in zip(mainland, names, strict=True)
    ]
    # a formula is no formula, a negative number stays one
    assert table(file(shop, "gateway.csv")) == [
        ["phone", "name", "net_amount"], ["008613800000001", "王芳", "-1.50"], ["008613800000002", "'=HYPERLINK(1)", "1234567.00"],
        ["008613800000004", 'No, "quoted"\r\nname', "1234567.00"],
    ]  # fmt: skip


def test_workbook_of_the_list_has_its_columns(shop: tuple[Run, PublishReport]) -> None:
    rows = sheet(file(shop, "book.xlsx"), has_header=False)
    listed = list(csv.reader(io.StringIO(file(shop, "list.csv").decode("utf-8-sig"), newline="")))
    assert [[str(cell or "").replace("\r\n", "\n") for cell in row] for row in rows] == [
        [cell.removeprefix("'").replace("\r\n", "\n") for cell in row] for row in listed
    ]


def test_tools_for_email_and_profiles(shop: tuple[Run, PublishReport]) -> None:
    assert table(file(shop, "klaviyo.csv"))[:2] == [
        ["Phone Number", "SMS Marketing Consent", "customer_id", "arm"], ["+8613800000001", "Subscribe", "c_1", "a"],
    ]  # fmt: skip
    assert table(file(shop, "mailchimp.csv", "thanks")) == [
        ["Email Address", "Tags", "customer_id", "name"],
        ["e@example.com", "thanks", "c_5", "E"],
    ]


def test_text_is_cut_at_255_bytes_between_characters() -> None:
    texts = ["价" * 85, "价" * 86, "a" + "价" * 86, "ab" + "😀" * 80, "a" * 300, ""]
    cut = pl.DataFrame({"t": texts}).select(_cut("t"))["t"].to_list()
    assert cut == ["价" * 85, "价" * 85, "a" + "价" * 84, "ab" + "😀" * 63, "a" * 255, ""]


def test_wechat_template_is_one_message_a_person_by_the_newest_openid(shop: tuple[Run, PublishReport]) -> None:
    """c_2 has an openid under another app, c_4 denies WeChat."""
    [message] = map(json.loads, file(shop, "wechat.jsonl", "templates").splitlines())
    identity = message.pop("client_msg_id")
    assert message == {
        "touser": "new_open", "template_id": "it's-1", "url": "https://example.com/", "miniprogram": {"appid": "wxM", "pagepath": "p?a=1"},
        "data": {"thing1": {"value": "王芳"}, "thing2": {"value": "谢谢"}},
    }  # fmt: skip
    assert identity == sha(f"{DAY}|templates|it's-1|c_1")[:32]


def test_no_file_holds_the_hash_of_nothing(shop: tuple[Run, PublishReport]) -> None:
    run, _ = shop
    for path in run.home.segments(DAY).rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        text = (
            b"".join(zipfile.ZipFile(io.BytesIO(data)).read(name) for name in zipfile.ZipFile(io.BytesIO(data)).namelist())
            if data[:2] == b"PK"
            else data
        )
        assert sha("").encode() not in text and md5("").encode() not in text


def test_manifest_describes_every_file_and_counts_everybody(shop: tuple[Run, PublishReport]) -> None:
    run, report = shop
    folder = run.home.segments(DAY) / "win_back"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert manifest["destinations"]["google"] == {"kind": "google_customer_match", "people": 3, "left_out": 1, "row_count": 2}
    assert manifest["destinations"]["tencent"] == {"kind": "tencent_phones", "people": 3, "left_out": 2, "row_count": 1}
    assert "win_back, google: only 2 in the file, and a list serves from 100 active people on" in report.notices
    assert "win_back, tencent: only 1 in the file, and a seed of look-alikes needs 2,000 people" in report.notices


def test_same_inputs_give_the_same_bytes(shop: tuple[Run, PublishReport]) -> None:
    run, _ = shop
    before = {name: data for name, data in content(run.home).items() if "/segments/" in name}
    published(run)
    assert {name: data for name, data in content(run.home).items() if "/segments/" in name} == before


def of(kind: str, **options: Any) -> Layout:
    config = PublishConfig.model_validate({"destinations": {"x": {"kind": kind, "segments": ["win_back"]} | options}})
    layout = layout_of(config.destinations["x"], Listed("win_back", "sms", {"customer_id": "customer_id", "phone": "phone"}))
    assert layout is not None
    return layout


@pytest.mark.parametrize(
    ("limits", "count"),
    [(Limits(most_rows=400), 3), (Limits(most_rows=1000), 1), (Limits(most_bytes=7_000), 2), (Limits(most_bytes=12), 1000)],
)
def test_files_over_the_maximum_are_split_and_lose_nothing(limits: Limits, count: int) -> None:
    rows = pl.DataFrame({"phone": [str(13_800_000_000 + number) for number in range(1000)]})
    layout = Layout((Field("phone", ""),), ("phone",), containers.lines, ".txt", limits=limits)
    made_files = list(files("x", layout, rows))
    assert len(made_files) >= count and len({one.name for one in made_files}) == len(made_files)
    assert [one.name for one in made_files] == sorted(one.name for one in made_files)
    assert all(one.row_count <= (limits.most_rows or 1000) and len(one.content) <= (limits.most_bytes or 10**9) for one in made_files)
    assert b"".join(one.content for one in made_files) == containers.lines(rows, "")
    assert sum(one.row_count for one in made_files) == 1000


def test_row_that_no_file_can_hold_is_an_error_and_nobody_makes_no_file() -> None:
    layout = Layout((Field("phone", ""),), ("phone",), containers.lines, ".txt", limits=Limits(most_bytes=5))
    with pytest.raises(CdpError, match="one row makes 12 bytes, and a file holds 5"):
        list(files("x", layout, pl.DataFrame({"phone": ["13800000001"]})))
    assert list(files("x", layout, pl.DataFrame(schema={"phone": pl.String}))) == []


def test_names_of_parts_sort_and_are_plain_where_they_must_be() -> None:
    rows = pl.DataFrame({"phone": [str(number) for number in range(10)]})
    layout = replace(of("sms_xlsx"), limits=Limits(most_rows=1), render=containers.lines)
    assert [one.name for one in files("my_sms", layout, rows)][:2] == ["mysmsPart01.xlsx", "mysmsPart02.xlsx"]
    assert [one.name for one in files("my_sms", replace(layout, has_plain_name=False), rows)][9] == "my_sms.part10.xlsx"


@pytest.fixture
def second_day(tmp_path: Path) -> Iterator[Run]:
    run = made(tmp_path)
    with_permissions(run)
    gate_says(run)
    run = replace(run, config=Config(publish=settings()))
    published(run)
    yield replace(run, as_of=DAY + timedelta(days=1))


def rows_of(run: Run, name: str, segment: str = "win_back") -> list[list[str]]:
    return table((run.home.segments(run.as_of) / segment / name).read_bytes().removeprefix(b"\xef\xbb\xbf"))


def test_who_came_and_who_went(second_day: Run) -> None:
    """c_1 leaves, c_3 comes; c_2 withdraws the consent to personalization and stays on the list."""
    swapped = {"c_1": "no_consent", "c_3": "exported"}
    gate_says(second_day, [(*person, swapped.get(name, outcome)) for name, *person, outcome in [(p[0], *p[:4], p[4]) for p in PEOPLE]])
    consents = second_day.home.table("golden_consents") / "part-0.parquet"
    pl.read_parquet(consents).with_columns(
        status=pl.when(pl.col("customer_id") == "c_2").then(pl.lit("denied")).otherwise("status")
    ).write_parquet(consents)
    report = published(second_day, "r2")
    assert [row[0] for row in rows_of(second_day, "list.csv")[1:]] == ["c_2", "c_3", "c_4"]
    assert rows_of(second_day, "added.csv")[0] == rows_of(second_day, "list.csv")[0]
    assert [row[0] for row in rows_of(second_day, "added.csv")[1:]] == ["c_3"]
    assert rows_of(second_day, "removed.csv") == [
        ["customer_id", "listed_id", "phone", "outcome"],
        ["c_1", "c_1", "'+8613800000001", "no_consent"],
    ]
    # the platform is told of whom it was told before, and of nobody else
    assert rows_of(second_day, "google.removed.csv") == [
        ["Email", "Phone"], [sha("a@example.com"), sha("+8613800000001")], [sha("b@example.com"), ""],
    ]  # fmt: skip
    folder = second_day.home.segments(second_day.as_of) / "win_back"
    assert only((folder / "tencent.removed.zip").read_bytes(), "tencent.removed.txt").decode() == md5("13800000001") + "\n"
    assert not (folder / "google.csv").exists()
    assert any(
        notice.startswith("win_back, google: no file, as nobody on the list consented to personalization") for notice in report.notices
    )
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["since"] == str(DAY)
    assert manifest["files"]["google.removed.csv"]["is_removal"] is True


def test_first_list_has_only_added(shop: tuple[Run, PublishReport]) -> None:
    assert file(shop, "added.csv") == file(shop, "list.csv")
    assert len(table(file(shop, "removed.csv"))) == 1
    assert not (shop[0].home.segments(DAY) / "win_back" / "google.removed.csv").exists()


def test_files_of_destinations_go_whole_when_somebody_is_erased(second_day: Run) -> None:
    from pipelines.contracts.storage import write_json

    run = replace(second_day, as_of=DAY)
    report = published(run)
    kept = {"run_id": "r1", "as_of": str(DAY), **report.as_record()}
    write_json(run.home.runs / "r1.json", kept)
    erase_from_published(run.home, ["c_1"], [])
    folder = run.home.segments(DAY) / "win_back"
    assert {path.name for path in folder.iterdir()} == {"list.csv", "added.csv", "removed.csv", "manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["erased"]["google.csv"] == {"sha256": None, "byte_count": 0, "row_count": 2}
    assert manifest["files"]["google.csv"]["sha256"] == report.files[f"published/segments/{DAY}/win_back/google.csv"]
    # c_1 is not on the other list: its files stay
    assert (run.home.segments(DAY) / "thanks" / "mailchimp.csv").exists()
    record = json.loads((run.home.runs / "r1.json").read_bytes())
    assert verify_publication(run.home, record) == []
    (folder / "google.csv").write_bytes(b"again")
    assert verify_publication(run.home, record) == [f"published/segments/{DAY}/win_back/google.csv was put back"]
    (folder / "google.csv").unlink()
    # what was uploaded is known no more, so nobody can be told who left
    gate_says(second_day)
    notices = published(second_day, "r2").notices
    assert any("who left cannot be told" in notice for notice in notices)


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ({"kind": "google_customer_match", "segments": ["win_bak"]}, "no segment 'win_bak', did you mean 'win_back'?"),
        ({"kind": "sms_xlsx", "segments": ["thanks"]}, "thanks is a list of email, and sms_xlsx takes phones"),
        ({"kind": "mailchimp", "segments": ["win_back"]}, "win_back is a list of sms, and mailchimp takes e-mails"),
        ({"kind": "klaviyo", "segments": ["win_back"], "variables": ["birthday"]}, "birthday is no column of the list win_back"),
        (
            {"kind": "wechat_template", "segments": ["win_back"], "appid": "a", "template_id": "t", "columns": {"k": "phone"}},
            "phone is no column",
        ),
    ],
)
def test_destination_that_does_not_fit_is_refused(destination: dict[str, Any], expected: str) -> None:
    config = PublishConfig.model_validate({"destinations": {"x": destination}})
    with pytest.raises(ConfigurationError, match=r"publish\.destinations\.x") as caught:
        check_destinations(config, Definitions((SMS, EMAIL)))
    assert expected in str(caught.value)


def test_a_segment_that_is_left_out_goes_to_no_destination() -> None:
    config = PublishConfig.model_validate({"destinations": {"x": {"kind": "sms_xlsx", "segments": ["win_back", "torn"]}}})
    torn = DefinitionError("torn", "is not valid YAML", where="torn.yaml", do="mend it")
    check_destinations(config, Definitions((SMS,), (torn,)))
    with pytest.raises(ConfigurationError, match="no segment 'torn'"):
        check_destinations(config, Definitions((SMS,)))


def test_nobody_gets_a_template_and_an_sms_of_one_list() -> None:
    template = {"kind": "wechat_template", "segments": ["win_back"], "appid": "a", "template_id": "t", "texts": {"k": "x"}}
    config = PublishConfig.model_validate({"destinations": {"t": template, "s": {"kind": "sms_xlsx", "segments": ["win_back"]}}})
    with pytest.raises(ConfigurationError, match="t and s would both send a message to the customers of win_back"):
        check_destinations(config, Definitions((SMS, EMAIL)))
