"""`cdp doctor`: would a run work here? Looks, changes nothing but a probe file that it removes."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from assets import project
from assets.manifest import is_fresh
from assets.resources import default_config, default_home
from pipelines.contracts.config import Config, load_config
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home

# a run writes typed copies of its inbox, a warehouse and a copy of the marts: about three times the raw bytes, seen on the samples
_SPACE_FACTOR = 3
_LEAST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` is empty when it is fine."""

    subject: str
    is_fine: bool
    detail: str
    advice: str = ""


def print_diagnosis(home: Path | None, config: Path | None, *, as_json: bool) -> None:
    """Print all findings; raises ConfigurationError when one of them would stop a run."""
    folders = Home((home or default_home()).resolve())
    findings = list(diagnose(folders, config or default_config(folders.root)))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            advice = f" -> {finding.advice}" if finding.advice else ""
            print(f"{'ok ' if finding.is_fine else 'BAD'}  {finding.subject:<14} {finding.detail}{advice}")
    bad = [finding.subject for finding in findings if not finding.is_fine]
    if bad:
        raise ConfigurationError(
            f"{len(bad)} of {len(findings)} checks failed: {', '.join(bad)}", where="doctor", do="follow the advice above"
        )


def diagnose(home: Home, config: Path | None) -> Iterator[Finding]:
    """Versions, configuration and definitions, folders, disk, lock, dbt manifest."""
    yield _python()
    yield _packages()
    settings, finding = _configuration(config)
    yield finding
    if settings is not None:
        yield from _definitions(settings)
    yield from (_folder(name, path) for name, path in (("home", home.root), ("published", home.published)))
    yield _disk(home)
    yield _lock(home)
    yield _manifest()


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info[:2] == (3, 11)
    return Finding("python", fine, version, "" if fine else "use Python 3.11, the version of the pins")


def _packages() -> Finding:
    lock = (project.ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = {_normal(name): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE)}
    installed = {_normal(distribution.metadata["Name"]): distribution.version for distribution in metadata.distributions()}
    wrong = [f"{name} {installed.get(name, 'missing')} not {pin}" for name, pin in pins.items() if installed.get(name) != pin]
    return Finding("packages", not wrong, "; ".join(wrong[:3]) or f"{len(pins)} as pinned", "run `make clean setup`" if wrong else "")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _configuration(path: Path | None) -> tuple[Config | None, Finding]:
    try:
        settings = load_config(path)
    except CdpError as error:
        return None, Finding("configuration", False, error.what, error.do)
    return settings, Finding("configuration", True, f"{path or 'defaults'}, hash {settings.hash[:12]}")


def _definitions(settings: Config) -> Iterator[Finding]:
    from pipelines.channels import SHIPPED, read_formats
    from pipelines.segments import read_segments

    readers = (
        ("channels", read_formats, (SHIPPED, *settings.channels.formats_folders)),
        ("segments", read_segments, settings.segments.folders),
    )
    for subject, read, folders in readers:
        try:
            yield Finding(subject, True, f"{len(read(folders))} definitions")
        except CdpError as error:
            yield Finding(subject, False, f"{error.where}: {error.what}", error.do)
    yield _destinations(settings)


def _destinations(settings: Config) -> Finding:
    """Whether they fit the segments, and whether the environment has the secrets of their places."""
    from pipelines.publish import check_destinations, missing_variables
    from pipelines.segments import read_definitions

    try:
        check_destinations(settings.publish, read_definitions(settings.segments.folders))
    except CdpError as error:
        return Finding("destinations", False, f"{error.where}: {error.what}", error.do)
    missing = missing_variables(settings.publish, os.environ)
    detail = f"{len(settings.publish.destinations)} destinations, {len(settings.publish.places)} places"
    lacks = f"{detail}; {', '.join(missing)} not set" if missing else detail
    return Finding("destinations", not missing, lacks, "set the variables in the environment of the run" if missing else "")


def _folder(name: str, path: Path) -> Finding:
    """Whether files can be made in `path`, or in the nearest folder above it that exists."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Finding(name, False, f"{path}: {error.strerror}", "mend the permissions, or choose another --home")
    return Finding(name, True, f"{path} {'is writable' if existing == path else 'will be made'}")


def _disk(home: Home) -> Finding:
    existing = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    inbox = sum(path.stat().st_size for path in home.deliveries.rglob("*") if path.is_file()) if home.deliveries.is_dir() else 0
    needed = max(_LEAST_FREE_BYTES, _SPACE_FACTOR * inbox)
    detail = f"{free / 1e9:.1f} GB free, about {needed / 1e9:.1f} GB needed"
    return Finding("disk", free >= needed, detail, "" if free >= needed else "make room, or move the home")


def _lock(home: Home) -> Finding:
    if not home.run_lock.exists():
        return Finding("lock", True, "no run at work")
    with home.run_lock.open("r") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Finding("lock", False, f"process {handle.read().strip()} is running here", "wait for it to end")
    return Finding("lock", True, "no run at work")


def _manifest() -> Finding:
    return Finding("dbt manifest", True, "fresh" if is_fresh() else "the next run parses the models first")
