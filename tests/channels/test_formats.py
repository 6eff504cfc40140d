from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.channels.formats import SHIPPED, contracts_hash, read_formats
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES

CONTRACT = """\
format: till
channel: till
title: Till lines
grain: line
detect: [no, at]
time_zone: Asia/Shanghai
currency_code: CNY
business_times: [sold_at]
fields:
  order_no: {column: no, type: id, required: true}
  sold_at: {column: at, type: instant, required: true}
  paid_amount: {column: paid, type: amount, clean: [thousands]}
  way: {column: way, type: vocabulary, values: {yes: sale}}
derived:
  order_key: "'till:' || order_no"
tables:
  channel_orders:
    columns:
      order_key: order_key
      order_no: order_no
      order_type: way
      status: "'completed'"
      ordered_at: sold_at
      paid_amount: paid_amount
      is_refund_inferred: "FALSE"
"""


FIELDS = CONTRACT[CONTRACT.index("fields:") : CONTRACT.index("derived:")]


def write(folder: Path, text: str, name: str = "till") -> Path:
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_contract_is_read(tmp_path: Path) -> None:
    (found,) = read_formats([write(tmp_path, CONTRACT)])
    assert found.spec.fields["way"].values == {"yes": "sale"}, "yes is a word here, not a truth value"
    assert [rule.table.name for rule in found.compiled.rules] == ["channel_orders"]


@pytest.mark.parametrize(
    ("before", "after", "message", "line"),
    [
        ("time_zone:", "timezone:", "unknown key 'timezone', did you mean 'time_zone'", 6),
        ("Asia/Shanghai", "Asia/Peking", "unknown time zone", 6),
        ("type: amount", "type: amout", "unknown word 'amout', did you mean 'amount'? (there are text, id,", 12),
        ("grain: line", "grain: line\ncontainer: delimted", "unknown word 'delimted', did you mean 'delimited'?", 5),
        (FIELDS, "fields: {}\n", "fields: reads no column of the export", 9),
        ("    columns:", "    colums:", "unknown key 'colums', did you mean 'columns'", 18),
        ("derived:", "derived:\n  n: {witin: [way]}", "derived.n.witin: unknown key 'witin', did you mean 'within'", 15),
        (CONTRACT.split("grain")[1], ": &x [*x]", "holds itself", 0),
        ("grain: line", "grain: line\nfooter: {begin: x}", "unknown key 'begin', did you mean 'begins'", 5),
        ("clean: [thousands]", "clean: [thousands], nulls: {a: b}", "fields.paid_amount.nulls", 12),
        ("clean: [thousands]", "clean: [thousand]", "unknown cleaner 'thousand', did you mean 'thousands'", 12),
        ("clean: [thousands]", "cleaner: [thousands]", "unknown key 'cleaner', did you mean 'clean'", 12),
        ("|| order_no", "|| orderno", "no field 'orderno', did you mean 'order_no'", 15),
        ("|| order_no", "|| (", "is not valid SQL", 15),
        ("  channel_orders:", "  channel_order:", "unknown table 'channel_order', did you mean 'channel_orders'", 17),
        ("      status:", "      state:", "channel_orders has no column 'state', did you mean 'status'", 22),
        ("      ordered_at: sold_at\n", "", "channel_orders needs ordered_at", 18),
        ("ordered_at: sold_at", "ordered_at: order_no", "is instant, the expression gives String: CAST it", 23),
        ("paid_amount: paid_amount", "paid_amount: paid_amount * 1.005", "CAST it", 24),
        ("paid_amount: paid_amount", "paid_amount: SUM(paid_amount) OVER (PARTITION BY way)", "holds OVER", 24),
        ("order_no: order_no", "order_no: MAX(order_no)", "holds MAX, which looks at other records", 20),
        ("|| order_no", "|| MIN(order_no)", "holds MIN, which looks at other records", 15),
        ("    columns:", "    per: [order_nr]\n    columns:", "no field 'order_nr', did you mean 'order_no'", 18),
        ("    columns:", "    per: [way]\n    columns:", "CAST it", 20),
        ("    columns:", "    where: order_no\n    columns:", "is no condition", 18),
        ("    columns:", "    where: order_no > 1\n    per: [way]\n    claimed_at: sold_at\n    columns:", "not both", 17),
        ("business_times: [sold_at]", "business_times: [way]", "way is no instant", 8),
        ("values: {yes: sale}", "values: {}", "need it", 13),
        ("fields:", "fields:\n  channel: {column: c}", "names something else in every contract", 10),
        ("derived:", "derived:\n  way: order_no", "way is a field already", 15),
        ("grain: line", "grain: line\ngrain: order", "key 'grain' stands twice", 5),
        ("grain: line", "grain: [line", "is not valid YAML", 0),
        ("format: till", "format: tills", "stands in a file of another name", 1),
        ("detect: [no, at]", "detect: [no, at]\ntotals: [{header: x, equals: COUNT(*)}]", "need a `footer`", 0),
        ("grain: line", "grain: line\nfooter: {begins: x}\ntotals: [{pattern: 'x[0-9]+', equals: COUNT(*)}]", "needs a group", 0),
        ("grain: line", "grain: line\nfooter: {begins: x}\ntotals: [{pattern: '(x', equals: COUNT(*)}]", "is no regular expression", 0),
        ("grain: line", "grain: line\nfooter: {begins: x}\ntotals: [{equals: COUNT(*)}]", "exactly one of `header` and `pattern`", 0),
        ("channel: till", "extends: tail\nchannel: till", "unknown format 'tail', did you mean 'till'", 2),
    ],
)
def test_wrong_contract_is_refused_with_line_and_nearest_word(tmp_path: Path, before: str, after: str, message: str, line: int) -> None:
    assert before in CONTRACT
    with pytest.raises(ConfigurationError) as refusal:
        read_formats([write(tmp_path, CONTRACT.replace(before, after))])
    assert message in str(refusal.value)
    assert f"till.yaml:{line}" in str(refusal.value) if line else "till.yaml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_two_contracts_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigurationError, match="is also in"):
        read_formats([write(tmp_path, CONTRACT), write(tmp_path / "other", CONTRACT)])


def test_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_formats([tmp_path / "absent"])


def test_contract_extends_another(tmp_path: Path) -> None:
    write(tmp_path, CONTRACT)
    write(tmp_path, "format: till_v2\nextends: till\ndetect: [no, at, extra]\nfields:\n  extra: {column: extra}\n", "till_v2")
    first, second = read_formats([tmp_path])
    assert set(second.spec.fields) == {*first.spec.fields, "extra"}
    assert (second.spec.detect, second.spec.channel) == (("no", "at", "extra"), "till")


def test_hash_follows_the_meaning_not_the_wording(tmp_path: Path) -> None:
    (before,) = read_formats([write(tmp_path, CONTRACT)])
    (reworded,) = read_formats([write(tmp_path, "# a comment\n" + CONTRACT.replace("Till lines", "Lines of a till"))])
    (changed,) = read_formats([write(tmp_path, CONTRACT.replace("'completed'", "'paid'"))])
    assert before.hash == reworded.hash
    assert before.hash != changed.hash
    assert contracts_hash([before]) != contracts_hash([changed])


def test_shipped_contracts_name_known_identifier_types() -> None:
    for item in read_formats([SHIPPED]):
        for rule in item.compiled.rules:
            if rule.table.name == "channel_contact_points":
                assert rule.rule.columns["type"].strip("'") in IDENTIFIER_TYPES


def test_shipped_contracts_say_what_they_are() -> None:
    for item in read_formats([SHIPPED]):
        assert item.spec.title and item.spec.grain and item.spec.detect
        assert item.spec.tables


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{column: no, in_header: '(a)', required: true}", "exactly one of"),
        ("{type: id, required: true}", "exactly one of"),
        ("{in_header: 'a', required: true}", "needs a group"),
        ("{above_header: '(a', required: true}", "is no regular expression"),
        ("{column_like: '(a', required: true}", "is no regular expression"),
        ("{in_header: '(a)', followed_by: b, required: true}", "`followed_by` belongs to `column`"),
    ],
)
def test_field_without_one_source_is_refused(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        read_formats([write(tmp_path, CONTRACT.replace("{column: no, type: id, required: true}", source))])


def test_sources_of_delimited_text_are_refused_for_json(tmp_path: Path) -> None:
    text = CONTRACT.replace("{column: no,", "{column: no, followed_by: at,").replace("grain: line", "grain: line\ncontainer: json")
    with pytest.raises(ConfigurationError, match="belong to delimited text"):
        read_formats([write(tmp_path, text)])


def test_business_zone_is_that_of_the_configuration(tmp_path: Path) -> None:
    write(tmp_path, CONTRACT.replace("Asia/Shanghai", "business"))
    (berlin,), (tokyo,) = (read_formats([tmp_path], zone) for zone in ("Europe/Berlin", "Asia/Tokyo"))
    assert (berlin.spec.time_zone, tokyo.spec.time_zone) == ("Europe/Berlin", "Asia/Tokyo")
    assert berlin.hash != tokyo.hash, "what was read on another clock is read again"
