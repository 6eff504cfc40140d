"""How a test is planned: what is taken from where, and what each comparison could show."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from assets.cli.campaign_shown import in_unit, registry
from assets.cli.installation import installation
from assets.cli.wording import counted
from pipelines.campaigns import (
    Amount,
    Comparison,
    Design,
    Measure,
    Rate,
    compare,
    held_out_base,
    holdout_share,
    read_pairs,
    read_pool,
)
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.segments import Segment


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command: what is None is taken from the segment, or from the configuration."""

    segment: str | None
    size: int | None
    metric: str | None
    base: float | None
    spread: float | None
    holdout: float | None
    arms: int | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class _Plan:
    metric: str
    measure: Measure
    design: Design
    sources: dict[str, str]  # figure -> where it comes from, in words
    comparisons: tuple[Comparison, ...]


def print_plan(home: Path | None, config: Path | None, asked: Asked, *, as_json: bool) -> None:
    """The plan as lines, or for a machine. Raises ConfigurationError for what is missing or cannot be."""
    folders, settings = installation(home, config)
    plan = _planned(folders, settings, asked)
    if as_json:
        record = {"metric": plan.metric, "base": plan.measure.base, **asdict(plan.design), "sources": plan.sources, "lift": asked.lift}
        print(jsons.dumps(record | {"comparisons": [asdict(one) for one in plan.comparisons]}, ensure_ascii=False))
        return
    print("\n".join(_lines(plan, asked.lift, settings)))


def _planned(home: Home, settings: Config, asked: Asked) -> _Plan:
    marketing = settings.marketing
    metric = asked.metric or marketing.declared_metric
    segment = _segment(asked.segment, settings) if asked.segment else None
    sources: dict[str, str] = {}
    size = asked.size or _reachable(home, segment, sources)
    measure = _measure(home, segment, metric, asked, sources)
    own = segment.holdout if segment else Decimal(0)
    # as the gate does: nobody is kept from a service message in order to measure marketing
    overall = settings.segments.global_holdout if segment is None or segment.purpose == "marketing" else Decimal(0)
    holdout = holdout_share(overall, own) if asked.holdout is None else asked.holdout
    arms = {f"arm_{number}": 1 / asked.arms for number in range(1, asked.arms + 1)} if asked.arms else {}
    if asked.arms is None and segment:
        arms = {arm: float(share) for arm, share in segment.arms.items()}
    design = Design(size, holdout, arms if len(arms) > 1 else {}, float(marketing.confidence), float(marketing.power))
    if len(design.shares()) < 2:
        raise ConfigurationError("there is nothing to compare", where="--holdout", do="hold somebody out, or name two arms with --arms")
    return _Plan(metric, measure, design, sources, compare(design, measure, asked.lift))


def _segment(name: str, settings: Config) -> Segment:
    _, segments = registry(settings)
    found = next((segment for segment in segments if segment.name == name), None)
    if found is None:
        names = ", ".join(segment.name for segment in segments)
        raise ConfigurationError(f"no segment {name!r}", where="SEGMENT", do=f"choose one of {names}")
    return found


def _reachable(home: Home, segment: Segment | None, sources: dict[str, str]) -> int:
    if segment is None:
        raise ConfigurationError("how many customers?", where="--size", do="give --size, or name a segment")
    pool = read_pool(home, segment.name)
    if pool.reachable == 0:
        what = f"{segment.name} reaches nobody on {pool.as_of} ({counted(pool.matched, 'customer')} matched)"
        raise ConfigurationError(what, where="SEGMENT", do="give --size")
    sources["size"] = f"whom {segment.name} can reach on {pool.as_of}, of {pool.matched:,} who match"
    return pool.reachable


def _measure(home: Home, segment: Segment | None, metric: str, asked: Asked, sources: dict[str, str]) -> Measure:
    base, spread = asked.base, asked.spread
    is_known = base is not None and (metric == "purchase_rate" or spread is not None)
    if not is_known and segment is not None:
        pair = held_out_base(read_pairs(home, segment.name), metric)
        if pair is not None:
            told = f"of {counted(pair.against_customer_count, 'customer')} whom its lists held out"
            told += ", whose days are not over" if pair.is_provisional else ""
            sources |= {"base": told} if base is None else {}
            base = pair.against_mean if base is None else base
            spread = pair.against_standard_deviation if spread is None else spread
    if base is None:
        where = f"no list of {segment.name} has held anybody out yet, so nothing" if segment else "nothing"
        raise ConfigurationError(f"{where} tells what customers do without a message", where="--base", do="give --base")
    if metric == "purchase_rate":
        if not 0 <= base <= 1:
            raise ConfigurationError(f"{base:g} is no share", where="--base", do="write 0.04 for 4 %")
        return Rate(base)
    if spread is None:
        raise ConfigurationError("nothing tells how much customers differ in money", where="--spread", do="give --spread, or a rate")
    return Amount(base, spread)


def _lines(plan: _Plan, lift: float | None, settings: Config) -> Iterator[str]:
    design = plan.design
    shown = in_unit("rate" if isinstance(plan.measure, Rate) else settings.reporting_currency)
    yield f"metric     {plan.metric}, over {counted(settings.marketing.readout_days, 'day')} after the first list"
    yield f"base       {shown(plan.measure.base)}{_source(plan, 'base')}"
    if isinstance(plan.measure, Amount):
        yield f"spread     {shown(plan.measure.spread)} from customer to customer"
    yield f"customers  {design.customers:,}{_source(plan, 'size')}"
    yield f"groups     {', '.join(f'{arm} {share:.1%}' for arm, share in design.shares().items())}"
    yield f"test       two-sided at {1 - design.confidence:.0%}, power {design.power:.0%}"
    yield ""
    yield from _table(plan.comparisons, shown, plan.measure, lift)
    if len(plan.comparisons) > 1:
        yield "Several comparisons are not corrected for: decide before the launch which one counts."
    least = min(min(one.customers, one.against_customers) for one in plan.comparisons)
    if least < settings.marketing.readout_from_customers:
        yield f"A group of {least} would not be read out: {settings.marketing.readout_from_customers} customers are needed in each."


def _table(comparisons: Sequence[Comparison], shown: Callable[[float], str], measure: Measure, lift: float | None) -> Iterator[str]:
    wanted = "" if lift is None else f"  customers for a lift of {shown(lift)}"
    yield f"{'compared':<36} {'customers':>17}  {'smallest lift shown':<30}{wanted}".rstrip()
    for one in comparisons:
        found = one.smallest_lift
        told = "none: it would pass 100 %" if found is None else f"{shown(found)}, to {shown(measure.base + found)}"
        needed = "" if lift is None else f"  {'cannot be' if one.needed is None else f'{one.needed:,}'}"
        sizes = f"{one.customers:,} / {one.against_customers:,}"
        yield f"{f'{one.arm} against {one.against_arm}':<36} {sizes:>17}  {told:<30}{needed}".rstrip()


def _source(plan: _Plan, figure: str) -> str:
    return f", {plan.sources[figure]}" if figure in plan.sources else ""
