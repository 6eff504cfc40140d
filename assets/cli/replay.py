"""`cdp replay`: a past list made again in a shadow of the home, from what its run could see, and compared byte for byte."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from assets.cli.installation import installation
from assets.cli.rehearsal import execute_aside
from assets.cli.run import telling_of_full_disk
from assets.declared import declared_columns
from assets.hours import decide_hour, hour_run, hourly_definitions, night_database
from assets.inputs import CONFIG, REFERENCE, are_unchanged
from assets.jobs import rehearse_predicted, rehearse_unchecked
from assets.predictions import put_kept_predictions
from assets.project import code_version
from assets.records import read_hour, read_record
from assets.resources import HomeResource, no_run
from pipelines.channels import keep_only, read_manifests, readings_hash
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.hourly import Night
from pipelines.publish import Remade, remake_list
from pipelines.rehearsal import link_file, shadow_of
from pipelines.segments import read_definitions


@dataclass(frozen=True, slots=True)
class Replay:
    """A list that was made again. `differences`: what is not as it was when it went out, and may explain why a file differs.

    `is_learned_again`: what its night predicted cannot be read any more, and was predicted anew.
    """

    segment_name: str
    as_of: date
    hour: str | None  # of a list between two nights
    run_id: str
    load_count: int
    hidden_load_count: int
    is_learned_again: bool
    differences: tuple[str, ...]
    files: tuple[Remade, ...]
    certificates: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Is every file what went out, but for people who were forgotten since?"""
        return all(file.is_equal is not False for file in self.files)


def print_replay(home: Path | None, manifest: Path, *, as_json: bool) -> None:
    """Replay the list of a manifest and print what came of it.

    Raises ConfigurationError for what is no manifest or can no longer be replayed, CheckFailedError when a file differs.
    """
    folders, _ = installation(home, None)
    done = replay(folders, manifest)
    print(json.dumps(asdict(done) | {"is_equal": done.is_equal}, ensure_ascii=False, default=str) if as_json else "\n".join(_lines(done)))
    if not done.is_equal:
        differing = ", ".join(file.name for file in done.files if file.is_equal is False)
        why = "; ".join(done.differences) or "nothing that a run depends on has changed: report it"
        raise CheckFailedError(f"{differing} is not what went out", where=done.segment_name, do=why)


def replay(home: Home, path: Path) -> Replay:
    """Make the list again as of then: later loads hidden, settings, reviewed rows and definitions those of its run. The code is today's."""
    [done] = replay_together(home, [path])
    return done


def replay_together(home: Home, paths: Sequence[Path]) -> list[Replay]:
    """The same for several lists of one run, which is executed once. Raises ConfigurationError for lists of different runs."""
    asked = [_inputs(home, path) for path in paths]
    manifest, record, kept = asked[0]
    day = date.fromisoformat(manifest["as_of"])
    if len({one["run_id"] for one, _, _ in asked}) > 1:
        raise ConfigurationError("the lists are of different runs", where=str(paths[0].parent), do="replay them one by one")
    with ExitStack() as stack:
        stack.enter_context(telling_of_full_disk(home))
        with no_run(home):
            shadow = stack.enter_context(shadow_of(home))
            later = stack.enter_context(shadow_of(home)) if "hour" in record else None
            for path, (one, _, _) in zip(paths, asked, strict=True):
                if one.get("since"):  # who entered and who left is told against the list before; that it was published is all that is read
                    link_file(path, shadow.segments(one["since"]) / one["segment"]["name"] / path.name)
            there = read_manifests(home).keys()
            is_predicted = put_kept_predictions(home, record.get("night_run_id", manifest["run_id"]), shadow)
        resource = HomeResource(root=str(shadow.root), config_file=str(kept / CONFIG), reference=str(kept / REFERENCE))
        if later is None:
            keep_only(shadow, record["loads"])
            run = resource.run(day.isoformat())
            differences = list(_differences(home, run, manifest, record, there))
            _execute_night(resource, day.isoformat(), is_predicted=is_predicted)
        else:
            keep_only(later, record["loads"])
            run = _redecided_hour(home, resource, later, record, paths[0], is_predicted=is_predicted)
            differences = list(_differences(home, replace(run, home=later), manifest, record, there))
        if differences and not is_predicted:
            differences.append("what its night predicted cannot be read any more, and models may have learned something else")
        hidden = len(there - set(record["loads"]))
        return [
            _remade(home, run, path, one, record, tuple(differences), hidden, is_learned_again=not is_predicted)
            for path, (one, _, _) in zip(paths, asked, strict=True)
        ]


def _remade(
    home: Home,
    run: Run,
    path: Path,
    manifest: Mapping[str, Any],
    record: Mapping[str, Any],
    differences: tuple[str, ...],
    hidden_load_count: int,
    *,
    is_learned_again: bool,
) -> Replay:
    name, day = manifest["segment"]["name"], date.fromisoformat(manifest["as_of"])
    segment = next((one for one in read_definitions(run.config.segments.folders).segments if one.name == name), None)
    if segment is None:
        raise ConfigurationError(f"the code has no segment {name} any more", where=str(path), do="check out the code of then")
    with tempfile.TemporaryDirectory(dir=run.home.root) as folder:
        files = remake_list(run, segment, manifest, Path(folder))
    is_erased = any(file.erased_row_count for file in files)
    certificates = sorted(found.name for found in home.erasures.glob("*.json") if ".pending." not in found.name) if is_erased else []
    return Replay(
        segment_name=name,
        as_of=day,
        hour=record.get("hour"),
        run_id=manifest["run_id"],
        load_count=len(record["loads"]),
        hidden_load_count=hidden_load_count,
        is_learned_again=is_learned_again,
        differences=differences,
        files=tuple(files),
        certificates=tuple(certificates),
    )


def _execute_night(resource: HomeResource, day: str, *, is_predicted: bool) -> None:
    """Run the night again; where its predictions were put into the shadow, without learning."""
    execute_aside(rehearse_predicted if is_predicted else rehearse_unchecked, resource, day)


def _redecided_hour(home: Home, resource: HomeResource, later: Home, record: Mapping[str, Any], path: Path, *, is_predicted: bool) -> Run:
    """The night that the hour followed, run again in the shadow of `resource`; then the hour, from the loads of `later`."""
    shadow, night_record = resource.home(), read_record(home, record["night_run_id"])
    if night_record is None or not (home.inputs / night_record.get("kept_inputs", "")).is_dir():
        raise ConfigurationError(f"run {record['night_run_id']} has no record here", where=str(path), do="the hour rests on it")
    kept = home.inputs / night_record["kept_inputs"]
    keep_only(shadow, night_record["loads"])
    of_night = HomeResource(root=str(shadow.root), config_file=str(kept / CONFIG), reference=str(kept / REFERENCE))
    _execute_night(of_night, night_record["as_of"], is_predicted=is_predicted)
    database = night_database(shadow)
    for source in later.lake.glob("channel_*/load=*/*.parquet"):
        target = shadow.lake / source.relative_to(later.lake)
        if not target.exists():
            link_file(source, target)
    settled = resource.run(night_record["as_of"])
    run = hour_run(settled, datetime.fromisoformat(record["at"]))
    hourly = hourly_definitions(read_definitions(run.config.segments.folders, declared_columns()))
    decide_hour(run, Night(settled, tuple(night_record["loads"]), database), hourly.segments)
    return run


def _inputs(home: Home, path: Path) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """The manifest, the record of its run, and the folder with what the run read besides loads."""
    try:
        manifest = json.loads(path.read_bytes())
        run_id, name = str(manifest["run_id"]), str(manifest["segment"]["name"])
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        what = f"is no manifest of a list ({type(error).__name__})"
        raise ConfigurationError(what, where=str(path), do="name a manifest.json in published/segments") from error
    # both become names of files
    is_name = Path(run_id).name == run_id and name.isidentifier()
    record = (read_hour(home, run_id) if "hour" in manifest else read_record(home, run_id)) if is_name else None
    if record is None:
        raise ConfigurationError(f"run {run_id} has no record here", where=str(home.runs), do="name the home that published the list")
    kept = home.inputs / record.get("kept_inputs", "")
    if "kept_inputs" not in record or not kept.is_dir():
        raise ConfigurationError(
            f"the settings of run {run_id} were not kept", where=str(home.inputs), do="only later runs can be replayed"
        )
    return manifest, record, kept


def _differences(home: Home, run: Run, manifest: Mapping[str, Any], record: Mapping[str, Any], there: Any) -> Iterator[str]:
    if record["code_version"] != code_version():
        yield f"the code is another one, {code_version()[:12]} instead of {record['code_version'][:12]}"
    if not are_unchanged(home, record["kept_inputs"]):
        yield "reviewed rows of people who were forgotten are gone"
    missing = set(record["loads"]) - set(there)
    if missing:
        yield f"{len(missing)} loads are not in the lake any more"
    elif readings_hash(run.home, run) != record["readings_hash"]:
        yield "loads were read again since, under other contracts or without people who were forgotten"
    if sorted(record["loads"]) != sorted(manifest["loads"]):
        yield "the manifest names other loads than the record of its run"


def _lines(done: Replay) -> Iterator[str]:
    yield f"{done.segment_name} of {done.hour or done.as_of}, run {done.run_id}: made again beside the home, nothing was written"
    yield f"loads      {done.load_count:,} as then, {done.hidden_load_count:,} later ones hidden"
    yield f"predicted  {'anew: nothing of that night is kept that could be read' if done.is_learned_again else 'as then: it was kept'}"
    yield from (f"differs    {difference}" for difference in done.differences)
    for file in done.files:
        verdict = {
            True: "equal",
            False: f"DIFFERS, now {(file.remade_sha256 or 'not made')[:16]}",
            None: "was taken away by an erasure",
        }[file.is_equal]
        yield f"{file.name:<11} {verdict}, SHA-256 {file.went_out_sha256[:16]} went out"
        if file.erased_row_count:
            yield f"           without {file.erased_row_count:,} rows of people who were forgotten since"
    yield from (f"erased     {name}" for name in done.certificates)
