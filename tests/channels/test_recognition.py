from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.channels.containers import UnreadableError
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.recognition import Layout, normal_header, recognize_columns, recognize_text

TAOBAO = "订单编号,买家会员名,买家支付宝账号,宝贝标题 ,收货地址 "
LIKE_PATTERNS = ["Amount spent (CNY)", "已花费金额 (CNY)", "Ausgegebener Betrag (CNY)", "Montant dépensé (CNY)"]
SISS = "flow_no,branch_no,sell_way,sale_money"


@pytest.fixture(scope="module")
def formats() -> tuple[Format, ...]:
    return read_formats([SHIPPED])


def recognize(text: str | bytes, formats: tuple[Format, ...]) -> Layout:
    return recognize_text(text.encode() if isinstance(text, str) else text, formats)


def named(item: Format, *, with_optional: bool) -> list[str]:
    """The headers (JSON: paths) that a file of this format has."""
    fields = [field for field in item.spec.fields.values() if with_optional or not field.optional]
    patterns = {field.column_like or field.in_header for field in fields} - {None}
    matched = [name for name in LIKE_PATTERNS if any(re.fullmatch(str(pattern), name) for pattern in patterns)]
    assert not patterns or matched, f"{item.name}: add a header to LIKE_PATTERNS"
    return list(dict.fromkeys([*item.spec.detect, *(name for field in fields for name in field.column[:1]), *matched]))


def json_object(paths: list[str], each: str | None) -> dict[str, Any]:
    """An object with a text at the end of every path, up to its first array."""
    whole: dict[str, Any] = {}
    for path in [each if each and name.startswith(each) else name.split("[")[0] for name in paths]:
        *outer, last = path.split(".")
        place = whole
        for key in outer:
            place = place.setdefault(key, {})
        place.setdefault(last, "x")
    return whole


@pytest.mark.parametrize("with_optional", [True, False])
def test_every_contract_recognizes_its_own_headers(formats: tuple[Format, ...], *, with_optional: bool) -> None:
    """Against all the others, with all its columns and with only those that must be there."""
    for item in formats:
        headers = named(item, with_optional=with_optional)
        if item.spec.container == "delimited":
            assert recognize(item.spec.delimiter[0].join(headers) + "\n", formats).format.name == item.name
        elif item.spec.is_json:
            line = json.dumps(json_object(headers, item.spec.each), ensure_ascii=False)
            assert recognize(line + "\n", formats).format.name == item.name
            if item.spec.container == "json":
                assert recognize(f"[{line},\n{line}]", formats).format.name == item.name
            if item.spec.records:
                head = "".join(f'{{"{key}":' for key in item.spec.records.split("."))
                assert recognize(f"{head} [{line},\n{line}]", formats).format.name == item.name
        elif item.spec.container == "parquet":
            assert recognize_columns(headers, formats).format.name == item.name


def test_no_two_contracts_fit_the_same_file_equally(formats: tuple[Format, ...]) -> None:
    """Which of two is taken would then be left to their names."""
    for item in formats:
        headers = {normal_header(name) for name in named(item, with_optional=False)}
        for other in formats:
            if other is item or (other.spec.container, other.spec.delimiter) != (item.spec.container, item.spec.delimiter):
                continue
            fits = {*map(normal_header, other.spec.detect)} <= headers and not headers & {*map(normal_header, other.spec.absent)}
            assert not fits or len(other.spec.detect) < len(item.spec.detect), f"{other.name} claims files of {item.name}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encoding_is_found_with_the_header(encoding: str, formats: tuple[Format, ...]) -> None:
    layout = recognize(f"{TAOBAO}\n1,2,3,陈𠮷,5\n".encode(encoding), formats)
    assert (layout.format.name, layout.encoding) == ("taobao_order_v1", encoding.removesuffix("-sig"))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("above", [0, 1, 11])
def test_header_is_found_in_the_first_twelve_rows(above: int, line_end: str, formats: tuple[Format, ...]) -> None:
    preamble = "".join(f"说明{number}{line_end}" for number in range(above))
    layout = recognize(f"{preamble}{TAOBAO}{line_end}1,2,3,4,5{line_end}", formats)
    assert (layout.preamble_lines, layout.header_lines, layout.line_end) == (above, 1, "\r" if line_end == "\r" else "\n")


def test_header_in_row_thirteen_is_none(formats: tuple[Format, ...]) -> None:
    with pytest.raises(UnreadableError, match="follows no contract"):
        recognize("x\n" * 12 + TAOBAO, formats)


def test_header_cells_lose_their_protection() -> None:
    cells = ["\ufeff订单编号", "收货地址 ", '="订单编号"', "'Id", "`交易时间", "\t买家 ", "收入金额（+元）", "a\nb"]
    assert [normal_header(cell) for cell in cells] == [
        "订单编号",
        "收货地址",
        "订单编号",
        "Id",
        "交易时间",
        "买家",
        "收入金额(+元)",
        "ab",
    ]


def test_header_with_a_line_break_takes_two_lines(formats: tuple[Format, ...]) -> None:
    layout = recognize('订单编号,买家会员名,"买家支付\n宝账号",宝贝标题\n', formats)
    assert (layout.format.name, layout.header_lines) == ("taobao_order_v1", 2)


def test_repeated_header_keeps_both(formats: tuple[Format, ...]) -> None:
    layout = recognize("订单号,归属店铺,应收订单金额,买家手机号,分销员,分销员\n", formats)
    assert layout.headers[-2:] == ("分销员", "分销员__2")


def test_header_that_rules_a_format_out(formats: tuple[Format, ...]) -> None:
    """The second generation has the first one's headers too."""
    with pytest.raises(UnreadableError):
        recognize(f"{TAOBAO},支付详情\n", formats)


def test_near_miss_names_the_missing_header_and_the_closest(formats: tuple[Format, ...]) -> None:
    with pytest.raises(UnreadableError) as refusal:
        recognize("flow_no,branch_no,sell_way,sale_moneys\n1,2,3,4\n", formats)
    assert "siss_saleflow" in str(refusal.value)
    assert "'sale_money' it lacks, did you mean 'sale_moneys'?" in str(refusal.value)
    assert refusal.value.kind == "unknown_format"


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"\x00\xff\xfe" * 50])
def test_what_is_no_text_is_refused(content: bytes, formats: tuple[Format, ...]) -> None:
    with pytest.raises(UnreadableError):
        recognize(content, formats)


def test_utf8_with_one_broken_byte_is_still_utf8(formats: tuple[Format, ...]) -> None:
    """GB18030 would read it without an error, as rubbish."""
    text = f"{SISS},memo\n" + "1,2,A,3,围巾手套帽子\n" * 20
    assert recognize(text.encode().replace("帽".encode(), b"\xe5\xb8", 1), formats).encoding == "utf-8"


def test_json_lines_are_known_by_their_keys(formats: tuple[Format, ...]) -> None:
    message = {"messageId": "m", "type": "track", "timestamp": "2026-03-01T00:00:00Z", "properties": {"a": 1}}
    layout = recognize(json.dumps(message) + "\n", formats)
    assert (layout.format.name, layout.head_lines) == ("segment_track", 0)
    assert "properties.a" in layout.headers


def test_most_specific_contract_wins(tmp_path: Path) -> None:
    for name, detect in (("wide", "[a]"), ("narrow", "[a, b]")):
        (tmp_path / f"{name}.yaml").write_text(
            f"format: {name}\nchannel: c\ntitle: t\ngrain: g\ndetect: {detect}\nfields: {{a: {{column: a}}}}\ntables: {{}}\n"
        )
    formats = read_formats([tmp_path])
    assert recognize("a,b\n", formats).format.name == "narrow"
    assert recognize("a,c\n", formats).format.name == "wide"


def test_own_contract_that_extends_a_shipped_one_is_taken(tmp_path: Path) -> None:
    """Whatever its name: it says how this shop's files differ, a currency or a zone."""
    (tmp_path / "a_square.yaml").write_text("format: a_square\nextends: square_items\ntitle: Ours\ncurrency_code: USD\n")
    formats = read_formats([SHIPPED, tmp_path])
    (own,) = [item for item in formats if item.name == "a_square"]
    assert recognize(",".join(named(own, with_optional=True)) + "\n", formats).format.spec.currency_code == "USD"


def test_parquet_without_a_contract_is_refused(formats: tuple[Format, ...]) -> None:
    with pytest.raises(UnreadableError, match="follows no contract"):
        recognize_columns(list(pl.DataFrame({"x": [1]}).columns), formats)
