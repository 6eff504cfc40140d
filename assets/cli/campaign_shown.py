"""How campaigns are listed and shown: the plan of the registry beside the published figures."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from assets import project
from assets.cli.installation import installation
from assets.cli.wording import counted, plain
from pipelines.campaigns import Campaign, Figures, campaign_named, read_campaigns, read_figures
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.segments import Segment
from pipelines.segments import read_definitions


def registry(config: Config) -> tuple[tuple[Campaign, ...], tuple[Segment, ...]]:
    """The registered campaigns, and the segments that they may use. Raises ConfigurationError for a mistake in a campaign."""
    definitions = read_definitions(config.segments.folders)
    reference = config.reference_folder or project.REFERENCE
    return read_campaigns(reference, config.marketing.campaign_folders, definitions), definitions.segments


def figures(home: Home) -> tuple[str | None, tuple[Figures, ...]]:
    """The published day and figures; a plan can be looked at before anything is published."""
    if not home.analytics.exists():
        return None, ()
    as_of, rows = read_figures(home)
    return str(as_of), rows


def print_list(home: Path | None, config: Path | None, language: str, *, as_json: bool) -> None:
    """All registered campaigns, then how many campaigns only the channels know."""
    folders, settings = installation(home, config)
    campaigns, _ = registry(settings)
    as_of, rows = figures(folders)
    unplanned = sorted({row.campaign_key for row in rows if row.registered_name is None and row.campaign_key != "unattributed"})
    if as_json:
        records = [_record(campaign, _of(campaign, rows)) for campaign in campaigns]
        print(jsons.dumps({"as_of": as_of, "registered": records, "unregistered": unplanned}, ensure_ascii=False, default=str))
        return
    print("\n".join(_listed(campaigns, rows, unplanned, language, settings.reporting_currency)))
    print(f"as of {as_of}" if as_of else "nothing is published yet: `cdp run` sets figures beside the plans")


def print_campaign(home: Path | None, config: Path | None, name: str, language: str, *, as_json: bool) -> None:
    """One registered campaign, key by key, and a line for each thing that belongs to it."""
    folders, settings = installation(home, config)
    campaign = campaign_named(name, registry(settings)[0])
    as_of, rows = figures(folders)
    own = _of(campaign, rows)
    if as_json:
        print(jsons.dumps({"as_of": as_of, **_record(campaign, own)}, ensure_ascii=False, default=str))
        return
    print("\n".join(_shown(campaign, own, language, as_of, settings.reporting_currency)))


def in_unit(unit: str) -> Callable[[float], str]:
    """How values of this unit are written: a rate in percent, money with its currency."""

    def written(value: float) -> str:
        return f"{value:.2%}" if unit == "rate" else f"{value:,.2f} {unit}"

    return written


def _of(campaign: Campaign, rows: Sequence[Figures]) -> list[Figures]:
    return [row for row in rows if row.registered_name == campaign.name]


def _record(campaign: Campaign, rows: Sequence[Figures]) -> dict[str, Any]:
    return campaign.model_dump(mode="json", by_alias=True) | {
        "cost": _cost(rows),
        "budget_used_rate": next((row.budget_used_rate for row in rows if row.budget_used_rate is not None), None),
        "figures": [asdict(row) for row in rows],
    }


def _cost(rows: Sequence[Figures]) -> Decimal | None:
    costs = [row.cost for row in rows if row.cost is not None]
    return sum(costs, Decimal(0)) if costs else None


def _listed(
    campaigns: Sequence[Campaign], rows: Sequence[Figures], unplanned: Sequence[str], language: str, currency: str
) -> Iterator[str]:
    if not campaigns:
        yield "no campaign is registered -> write one into campaigns/ of the reviewed rows, or name a folder: marketing.campaign_folders"
    for campaign in campaigns:
        own = _of(campaign, rows)
        yield f"{campaign.name}: {plain(getattr(campaign.label, language))}"
        yield f"  {campaign.dates.from_} to {campaign.dates.to}, {campaign.objective}, {plain(campaign.owner)}"
        sent, revenue = sum(row.sent for row in own), sum((row.attributed_revenue for row in own), Decimal(0))
        yield f"  {_spent(campaign, own, currency)}; {counted(sent, 'message')}, {revenue:,.2f} {currency} attributed"
    if unplanned:
        yield ""
        yield f"{counted(len(unplanned), 'campaign')} that only the channels know:"
        numbers: dict[str, list[str]] = {}
        for key in unplanned:
            channel, _, number = key.partition(":")
            numbers.setdefault(channel, []).append(number)
        yield from (f"  {plain(channel)}: {plain(', '.join(named), to=120)}" for channel, named in sorted(numbers.items()))


def _spent(campaign: Campaign, rows: Sequence[Figures], currency: str) -> str:
    cost = _cost(rows)
    told = "no cost reported" if cost is None else f"{cost:,.2f} {currency} spent"
    if campaign.budget is None:
        return f"{told}, no budget"
    used = next((row.budget_used_rate for row in rows if row.budget_used_rate is not None), None)
    return f"{told} of a budget of {campaign.budget.amount:,.2f} {campaign.budget.currency}" + ("" if used is None else f" ({used:.1%})")


def _shown(campaign: Campaign, rows: Sequence[Figures], language: str, as_of: str | None, currency: str) -> Iterator[str]:
    yield f"{campaign.name}: {plain(campaign.label.en)} ({plain(campaign.label.zh)})"
    if campaign.description:
        yield f"about      {plain(campaign.description, to=200)}"
    yield f"objective  {campaign.objective}"
    yield f"owner      {plain(campaign.owner)}"
    yield f"planned    {campaign.dates.from_} to {campaign.dates.to}"
    if campaign.offer:
        yield f"offer      {plain(getattr(campaign.offer, language))}"
    yield from (f"arm        {arm}: {plain(offer)}" for arm, offer in sorted(campaign.arms.items()))
    yield f"money      {_spent(campaign, rows, currency)}"
    if as_of is None:
        yield from (f"belongs    {plain(f'{channel}:{number}')}" for channel, number in campaign.source_keys)
        yield "nothing is published yet: `cdp run` sets figures beside the plan"
        return
    yield f"as of      {as_of}"
    yield ""
    counts = ("targeted", "sent", "delivered", "converted")
    yield f"{'what belongs to it':<36} {'arm':<14} {' '.join(f'{name:>9}' for name in counts)} {'attributed':>14} {'cost':>12}"
    for row in rows:
        cost = "-" if row.cost is None else f"{row.cost:,.2f}"
        yield (
            f"{plain(row.campaign_key, to=36):<36} {plain(row.arm, to=14):<14} {row.targeted:>9,} {row.sent:>9,} {row.delivered:>9,}"
            f" {row.converted:>9,} {row.attributed_revenue:>14,.2f} {cost:>12}"
        )
    if campaign.segments:
        yield f"what its lists have earned against the holdout: `cdp campaign results {campaign.name}`"
