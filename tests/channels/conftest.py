"""The shipped contracts are read once for all tests of this folder: compiling them costs more than most of these tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipelines.channels import SHIPPED, Format, read_formats


@pytest.fixture(scope="session", autouse=True)
def shipped_contracts_once() -> Iterator[None]:
    known: dict[str, tuple[Format, ...]] = {}

    def read(folders: Iterable[Path], business_zone: str = "UTC") -> tuple[Format, ...]:
        wanted = list(folders)
        if wanted != [SHIPPED]:
            return read_formats(wanted, business_zone)
        if business_zone not in known:
            known[business_zone] = read_formats(wanted, business_zone)
        return known[business_zone]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.channels.load.read_formats", read)
        yield
