"""How a test is read out: arms, lift with interval, p-value, who was left out, and what may be said."""

from __future__ import annotations

import json as jsons
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assets.cli.campaign_shown import in_unit, registry
from assets.cli.installation import installation
from assets.cli.wording import counted, plain
from pipelines.campaigns import HELD_OUT, Campaign, Figures, Pair, campaign_named, customers_by_arm, read_figures, read_pairs
from pipelines.contracts.config import Config
from pipelines.contracts.segments import Segment

# arms further from their declared shares than this were not parted by chance
_SUSPECT = 3


@dataclass(frozen=True, slots=True)
class _Readout:
    """The test of one segment."""

    segment: Segment
    pairs: tuple[Pair, ...]
    contaminated: int
    same_offers: tuple[tuple[str, ...], ...]

    def split(self) -> dict[str, tuple[float, float, float]]:
        """Arm -> its share of the exported, the declared one, and how many standard errors lie between."""
        counts = {arm: count for arm, count in customers_by_arm(self.pairs).items() if arm in self.segment.arms}
        total = sum(counts.values())
        found = {}
        for arm, count in counts.items():
            declared = float(self.segment.arms[arm])
            error = math.sqrt(declared * (1 - declared) / total)
            found[arm] = count / total, declared, abs(count / total - declared) / error if error else 0.0
        return found


def print_results(home: Path | None, config: Path | None, name: str, language: str, *, as_json: bool) -> None:
    """The tests of a registered campaign, or that of a segment."""
    folders, settings = installation(home, config)
    campaigns, segments = registry(settings)
    by_name = {segment.name: segment for segment in segments}
    campaign = next((one for one in campaigns if one.name == name or name in one.segments), None)
    if name not in by_name:
        campaign = campaign_named(name, campaigns)
    names = [name] if name in by_name or campaign is None else list(campaign.segments)
    as_of, rows = read_figures(folders)
    readouts = [_readout(read_pairs(folders, one), by_name[one], rows, campaign) for one in names]
    if as_json:
        record = {"as_of": str(as_of), "tests": [_record(readout) for readout in readouts]}
        print(jsons.dumps(record, ensure_ascii=False))
        return
    if campaign is not None and campaign.name == name:
        print(f"{campaign.name}: {plain(getattr(campaign.label, language))}, {campaign.dates.from_} to {campaign.dates.to}")
    if not readouts:
        print("no segment belongs to it, so no list made a test; what it has earned: `cdp campaign show`")
    for readout in readouts:
        print("\n".join(_lines(readout, settings)))
    print(f"as of {as_of}")


def _readout(pairs: tuple[Pair, ...], segment: Segment, rows: Sequence[Figures], campaign: Campaign | None) -> _Readout:
    contaminated = max((row.contaminated for row in rows if row.segment_name == segment.name), default=0)
    return _Readout(segment, pairs, contaminated, campaign.same_offers if campaign else ())


def _record(readout: _Readout) -> Mapping[str, object]:
    return {
        "segment": readout.segment.name,
        "customers": customers_by_arm(readout.pairs),
        "contaminated": readout.contaminated,
        "same_offers": readout.same_offers,
        "split": {
            arm: {"share": share, "declared": declared, "errors": errors} for arm, (share, declared, errors) in readout.split().items()
        },
        "pairs": [asdict(pair) for pair in readout.pairs],
    }


def _lines(readout: _Readout, settings: Config) -> Iterator[str]:
    days = counted(settings.marketing.readout_days, "day")
    yield f"segment {readout.segment.name}: everybody who was listed or held out, reached or not, over {days} after the first list"
    if not readout.pairs:
        yield "  nothing to compare yet: before a second group of customers was listed or held out there is no test"
        return
    yield f"  customers  {', '.join(f'{arm} {count:,}' for arm, count in customers_by_arm(readout.pairs).items())}"
    yield f"  left out   {counted(readout.contaminated, 'customer')} who stood in two places of the test"
    for arm, (share, declared, errors) in readout.split().items():
        doubt = " -> NOT BY CHANCE: believe no comparison of the arms" if errors > _SUSPECT else ""
        yield f"  split      {arm} {share:.1%}, declared {declared:.1%}, {errors:.1f} standard errors apart{doubt}"
    for arms in readout.same_offers:
        yield f"  A/A        {', '.join(arms)} get the same: a difference between them is chance, or a broken split"
    if any(pair.is_provisional for pair in readout.pairs):
        yield "  provisional: the days of those who were listed last are not over; do not stop at a p-value that pleases"
    for metric in dict.fromkeys(pair.metric for pair in readout.pairs):
        pairs = [pair for pair in readout.pairs if pair.metric == metric]
        yield ""
        yield f"  {metric}{' (declared: this one decides)' if pairs[0].is_declared else ''}"
        for pair in pairs:
            yield from _compared(pair)


def _compared(pair: Pair) -> Iterator[str]:
    shown = in_unit(pair.unit)
    yield f"    {pair.arm} {shown(pair.mean)} against {pair.against_arm} {shown(pair.against_mean)}"
    if pair.p_value is None or pair.difference_low is None or pair.difference_high is None:
        smaller = min(pair.customer_count, pair.against_customer_count)
        yield f"      too few customers: {smaller} in the smaller group"
        return
    sign = "+" if pair.difference > 0 else ""
    interval = f"{shown(pair.difference_low)} to {shown(pair.difference_high)}"
    yield f"      lift {sign}{shown(pair.difference)}, interval {interval}, p = {_probability(pair.p_value)}"
    yield f"      {_verdict(pair)}; smallest lift that it could show: {shown(pair.smallest_detectable_difference or 0)}"


def _verdict(pair: Pair) -> str:
    if pair.winner == pair.arm:
        return f"{pair.arm} is better"
    if pair.winner == pair.against_arm:
        return f"{pair.arm} does harm" if pair.against_arm == HELD_OUT else f"{pair.against_arm} is better"
    return pair.winner


def _probability(value: float) -> str:
    return "less than 0.0001" if value < 0.0001 else f"{value:.4f}"
