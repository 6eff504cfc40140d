"""Are lists of a month ago still what they were? A shop of thirty-one nights in which all goes on that moves lists; then an erasure.

The first night's lists are made again after the last night, and once more after somebody who is on them was forgotten. In between come
files of days long past, other settings, a changed definition of a segment, and customers who turn out to be one.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.cli.forget import forget
from assets.cli.replay import Replay, replay_together
from assets.cli.run import run_job
from assets.project import REFERENCE
from pipelines.contracts.home import Home
from pipelines.simulate import SimulationSpec, formats_named, simulate

NIGHTS = 30
_CUSTOMERS, _DAYS, _FIRST_DAY = 250, 180, date(2026, 3, 1)
_FORMATS = "taobao_order_v1,youzan_order,youzan_customer,shopify_orders,shopify_customers,segment_track"
_LATE = "youzan_order"
_DECISIONS = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on\n"
_SEGMENT = """
name: regulars
label: {{en: Regulars, zh: 常客}}
description: Bought several times.
where: order_count_total >= {least}
channel: email
purpose: marketing
priority: 90
owner: crm
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A list of the first night, made again after all nights and after the erasure."""

    segment: str
    rows: int
    later: Replay
    erased: Replay


@dataclass(frozen=True, slots=True)
class Proof:
    """`events`: what happened between the first night and the last, in words."""

    nights: int
    events: tuple[str, ...]
    lists: tuple[Remembered, ...]

    @property
    def is_kept(self) -> bool:
        """Is every list what went out, but for people who were forgotten?"""
        return all(one.later.is_equal and one.erased.is_equal for one in self.lists)


def run_replay(work: Path, nights: int = NIGHTS) -> Proof:
    """Play the nights in a new home below `work`, then make the lists of the first one again. Raises what a night raises."""
    os.environ.pop("CDP_HOME", None)
    shop = _Shop(work / "replay", nights)
    shop.night(0)
    for number in range(1, nights + 1):
        shop.change(number)
        shop.night(number)
    later = shop.replays()
    shop.forget_somebody()
    erased = shop.replays()
    return Proof(nights, tuple(shop.events), tuple(Remembered(name, shop.rows[name], later[name], erased[name]) for name in later))


class _Shop:
    """A home, its inbox, its settings and reviewed rows; and what has happened to them."""

    def __init__(self, folder: Path, nights: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        spec = SimulationSpec(
            *(_CUSTOMERS, _DAYS, 20261122, _FIRST_DAY, formats_named(_FORMATS)),
            deliver_every_days=14,
            daily_tail_days=nights + 1,
            family_phone_share=0.1,
            birthday_soon_share=0.1,
            closing_cart_share=0.06,
        )
        simulate(spec, folder / "deliveries")
        shutil.rmtree(folder / "deliveries" / "truth")
        self._folder, self._nights, self._first = folder, nights, spec.last_day - timedelta(days=nights)
        self._inbox, self._config, self.home = folder / "inbox", folder / "cdp.yaml", Home(folder / "home")
        self._late: list[Path] = []
        self.events: list[str] = []
        self.rows: dict[str, int] = {}
        shutil.copytree(REFERENCE, folder / "reference")
        (folder / "segments").mkdir()
        self._set()
        self._define(2)
        days = sorted(path for path in (folder / "deliveries").iterdir() if path.name <= str(self._first))
        for day in days:
            self._bring(day, without=_LATE if day in days[-3:-1] else None)

    def night(self, number: int) -> None:
        """One run."""
        day = self._first + timedelta(days=number)
        outcome = run_job(self.home.root, self._inbox, day, self._config, force=False)
        print(f"night {number}: {outcome.record['run_id']}", file=sys.stderr, flush=True)

    def change(self, number: int) -> None:
        """What comes before a night: the deliveries of its day, and on some nights more."""
        day = self._first + timedelta(days=number)
        self._bring(self._folder / "deliveries" / str(day))
        happens = {
            self._nights // 6: self._deliver_late,
            self._nights // 3: self._set_otherwise,
            self._nights // 2: self._merge,
            self._nights * 2 // 3: self._define_otherwise,
        }
        if number in happens:
            self.events.append(f"before night {number} {happens[number](day)}")

    def replays(self) -> dict[str, Replay]:
        """Every list of the first night on which there is somebody, made again."""
        manifests = {path: json.loads(path.read_bytes()) for path in sorted(self.home.segments(self._first).glob("*/manifest.json"))}
        self.rows = {path.parent.name: one["waterfall"]["exported"] for path, one in manifests.items() if one["waterfall"]["exported"]}
        listed = [path for path in manifests if path.parent.name in self.rows]
        return {done.segment_name: done for done in replay_together(self.home, listed)}

    def forget_somebody(self) -> None:
        """Erase the customer who is on most lists of the first night."""
        listed = self._listed().group_by("customer_id").len().sort("len", "customer_id", descending=[True, False])
        customer, count = listed.row(0)
        with redirect_stdout(sys.stderr):
            forget(self.home.root, self._inbox, self._config, customer, is_sure=True, as_json=True)
        self.events.append(f"after night {self._nights} a customer on {count} of the lists was forgotten")

    def _bring(self, day: Path, without: str | None = None) -> None:
        target = self._inbox / day.name
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(day.iterdir()):
            if without is not None and path.name.startswith(without):
                self._late.append(path)
            else:
                shutil.copy2(path, target)

    def _set(self, **segments: Any) -> None:
        settings = {"reference_folder": "reference", "segments": {"folders": ["segments"], **segments}}
        self._config.write_text(json.dumps(settings))

    def _define(self, least: int) -> None:
        (self._folder / "segments" / "regulars.yaml").write_text(_SEGMENT.format(least=least), encoding="utf-8")

    def _deliver_late(self, day: date) -> str:
        for path in self._late:
            shutil.copy2(path, self._inbox / str(day))
        return f"{len(self._late)} files of days before the first night were delivered"

    def _set_otherwise(self, _: date) -> str:
        self._set(global_holdout=0.2, cap_messages=1, header_language="zh")
        return "the global holdout, the cap and the language of headers were changed"

    def _define_otherwise(self, _: date) -> str:
        self._define(4)
        return "the condition of a segment was changed"

    def _merge(self, day: date) -> str:
        """Two customers on lists of the first night are declared to be one."""
        current = pl.read_parquet(self.home.table("identity_current") / "part-0.parquet")
        pair = self._listed()["customer_id"].unique().sort()[:2]
        left, right = (current.filter(customer_id=one)["source_record_key"].sort()[0] for one in pair)
        path = self._folder / "reference" / "identity_decisions.csv"
        path.write_text(f"{_DECISIONS}must_link,{left},{right},tester,they say so,{day},\n", encoding="utf-8")
        return "two customers on lists of the first night were declared to be one"

    def _listed(self) -> pl.DataFrame:
        """Customers on lists of the first night who are still customers."""
        path = self.home.table("segment_memberships") / f"as_of={self._first}" / "part-0.parquet"
        current = pl.read_parquet(self.home.table("identity_current") / "part-0.parquet")
        return pl.read_parquet(path, hive_partitioning=False).filter(outcome="exported").join(current, on="customer_id", how="semi")
