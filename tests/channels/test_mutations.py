"""Whatever happens to the bytes of a file: the run goes on, every line is in one count, and no reason tells what stood in a cell."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.channels.archives import zipped
from tests.channels.lake import frame, home_with, load, loads, unaccounted
from tests.channels.mutations import MUTATIONS, PERSONAL, SAMPLES, Mutation

_BATCH = 12  # mutants of one delivery: a run costs as much as forty files
# no shrinking: a delivery takes half a second, and the assertion names the file
_SETTINGS = settings(deadline=None, derandomize=True, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))


def mutated(content: bytes, changes: list[Mutation]) -> bytes:
    for change in changes:
        content = change.apply(content)
    return content


def inside(content: bytes, member: str, changes: list[Mutation]) -> bytes:
    """The same done to a member, packed again: bytes that no checksum gives away."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped(members | {member: mutated(members[member], changes)})


def assert_accounted(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = home_with(Path(folder), files)
        report = load(home)
        ledger, told = loads(home), {problem.path: problem.reason for problem in report.refused}
        for name in files:
            known = [path for path in {*ledger, *told} if path == name or path.startswith(f"{name}/")]
            is_again = any(row["delivery_count"] > 1 for row in ledger.values())
            assert known or is_again, f"{name} is in no count"
        quarantine = frame(home, "channel_quarantine")
        for path, row in ledger.items():
            assert unaccounted(row) == 0, path
            assert row["quarantined_count"] == quarantine.filter(_load_id=row["load_id"]).height, path
        reasons = [*told.values(), *quarantine["reason"].to_list()]
        leaks = [reason for reason in reasons for text in PERSONAL if text in reason]
        assert not leaks, leaks


@given(st.data())
@settings(_SETTINGS, max_examples=20)
def test_no_mutation_loses_a_line_or_stops_the_run(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(SAMPLES)), min_size=_BATCH, max_size=_BATCH))
    assert_accounted({f"{number}-{name}": mutated(SAMPLES[name], data.draw(MUTATIONS)) for number, name in enumerate(names)})


@given(st.data())
@settings(_SETTINGS, max_examples=10)
def test_no_mutation_inside_an_archive_does(data: st.DataObject) -> None:
    members = [("list.xlsx", "xl/worksheets/sheet1.xml"), ("list.xlsx", "xl/styles.xml"), ("list.zip", "a.csv")]
    chosen = data.draw(st.lists(st.sampled_from(members), min_size=_BATCH, max_size=_BATCH))
    assert_accounted(
        {f"{number}-{name}": inside(SAMPLES[name], member, data.draw(MUTATIONS)) for number, (name, member) in enumerate(chosen)}
    )


def test_samples_are_whole() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = home_with(Path(folder), dict(SAMPLES))
        assert not load(home).problems
        assert sum(row["loaded_count"] for row in loads(home).values()) > 20
