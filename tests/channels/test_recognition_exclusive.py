"""No file follows two contracts: judged on the whole header rows of real exports, not on the few headers that a contract reads."""

from __future__ import annotations

import pytest

from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.recognition import normal_header, recognize_text
from tests.channels.headers import HEADERS

SHIPPED_NAMES = {item.stem for item in SHIPPED.glob("*.yaml")}


@pytest.fixture(scope="module")
def formats() -> tuple[Format, ...]:
    return read_formats([SHIPPED])


@pytest.mark.parametrize("name", sorted(set(HEADERS) & SHIPPED_NAMES))
def test_header_row_fits_one_contract(name: str, formats: tuple[Format, ...]) -> None:
    headers = {normal_header(header) for header in HEADERS[name]}
    fitting = [
        item.name
        for item in formats
        if headers.issuperset(map(normal_header, item.spec.detect)) and headers.isdisjoint(map(normal_header, item.spec.absent))
    ]
    assert fitting == [name]
    assert recognize_text((",".join(HEADERS[name]) + "\n").encode("gb18030"), formats).format.name == name


@pytest.mark.parametrize("name", sorted(set(HEADERS) & SHIPPED_NAMES))
def test_contract_reads_only_headers_that_the_export_has(name: str, formats: tuple[Format, ...]) -> None:
    """A typing error in a contract would refuse every real file."""
    headers = {normal_header(header) for header in HEADERS[name]}
    (item,) = (item for item in formats if item.name == name)
    wanted = {field: rule.column for field, rule in item.spec.fields.items() if not rule.optional}
    assert {field: column for field, column in wanted.items() if headers.isdisjoint(map(normal_header, column))} == {}


@pytest.mark.parametrize("one", sorted(SHIPPED_NAMES))
def test_no_contract_is_met_by_the_headers_that_another_reads(one: str, formats: tuple[Format, ...]) -> None:
    (item,) = (item for item in formats if item.name == one)
    headers = {
        normal_header(name) for name in (*item.spec.detect, *(column for field in item.spec.fields.values() for column in field.column))
    }
    fitting = [
        other.name
        for other in formats
        if (other.spec.container, other.spec.delimiter[0]) == (item.spec.container, item.spec.delimiter[0])
        and headers.issuperset(map(normal_header, other.spec.detect))
        and headers.isdisjoint(map(normal_header, other.spec.absent))
    ]
    assert fitting == [one]
