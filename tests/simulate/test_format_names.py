"""Formats are named alone and in groups, and a wrong name is told with the nearest."""

from __future__ import annotations

import pytest

from pipelines.simulate import ALL_FORMATS, BASE_FORMATS, formats_named
from pipelines.simulate.format_names import FORMAT_GROUPS


def test_groups_share_no_format_and_are_everything_together() -> None:
    assert sum(len(formats) for formats in FORMAT_GROUPS.values()) == len(ALL_FORMATS)
    assert not ALL_FORMATS & (FORMAT_GROUPS.keys() | {"all"})


def test_names_and_groups_may_be_mixed() -> None:
    assert formats_named("base, pdd_order,pdd_order,") == BASE_FORMATS | {"pdd_order"}
    assert formats_named("costs,all") == ALL_FORMATS


@pytest.mark.parametrize(
    ("text", "hint"),
    [("doujin_order", "did you mean 'douyin_order'"), ("base,marketplace", "did you mean 'marketplaces'"), (" , ", "names no format")],
)
def test_wrong_names_are_told_with_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        formats_named(text)
