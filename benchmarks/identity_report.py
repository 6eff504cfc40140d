"""The part of RESULTS.md on who is who."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

from benchmarks.identity import IdentityFigures, Poisoned, Simulated, Sized, Told
from benchmarks.linkage import Linkage
from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from pipelines.identity.accuracy import Accuracy

_MILLION = 1_000_000
_CLEARLY = 0.01  # of F1

_ABOUT = """
Each contestant runs in a process of its own, one at a time. Seconds are wall clock without imports, reading and writing Parquet
included; memory is the peak of the whole process. Precision and recall are over pairs of records, F1 is their harmonic mean; B-cubed is
the same for each record, then the mean. Records that the exports themselves give to several people have no right answer and are left
out, and so are devices without a login.

What was tuned on what: the rules and limits of the engine were looked at on one simulated set of 100,000 people, seed 7, and so was
the set-up of Splink alone; what is simulated here is of seed {seed}, with the matcher off. The matcher was looked at on Febrl 1 and on
4,000 and 12,000 simulated people (seeds 11 and 12); Febrl 3 and fake_1000 were measured after each change of it and decided none.
In a run no truth is read before the last cluster is found.
""".strip()
_SIMULATED = """
Deliveries of {people:,} people over {days} days, read as any delivery: {records:,} source records, {judged:,} of them with a right
answer. The truth knows family phones, second, recycled, virtual and masked numbers, placeholders, typing errors, walk-in cards.

Usable evidence: two records of one person share it when an accepted identifier value stands on both, or a chain of such values over
further records of that same person leads from one to the other. {evidence:.1%} of the pairs of one person do. Nothing that was
delivered ties the rest together: a follower who never paid, a nick behind a masked phone, a second address. Recall is over the first
and, beside it, over all pairs.

Splink alone is one run over all records with the comparisons and the training of its own library: a row a record with name, birthday,
city and, of each type of identifier, the normalized value with which it was seen last; blocked on each identifier and on name with
birthday; told that ids are issued to one person each; clustered at 0.95. Its seconds begin behind our normalization.
""".strip()
_PUBLISHED = """
The probabilistic matcher on published sets of people with typing errors. Febrl 3 is trained on its own records without its truth;
fake_1000 is linked without training. The threshold is that of the configuration.
""".strip()
_SIZES = """
A lake of names, birthdays and contact points, drawn with the same kinds of traps and written without the exports. `components` is
`scipy.sparse.csgraph.connected_components` over the same contact points: it reads them from Parquet, numbers keys and values, finds
the components and writes the members to Parquet. It decides nothing: no value is normalized, doubted or shared, no two people are kept
apart, no id lasts, no reason is written.
""".strip()
_POISON = """
Every phone of one person in five hundred is replaced by one number that no list knows and that looks like any other.
""".strip()


def identity_goals(figures: IdentityFigures) -> list[Goal]:
    """The goals; those on size are of a million people, or of the size nearest to it."""
    simulated, engine = figures.simulated, figures.simulated.engine
    size = f"{simulated.people:,} simulated people"
    found = [
        Goal(f"precision over pairs, {size}", 0.999, engine.accuracy.precision, "", is_floor=True),
        Goal(f"recall over pairs that share usable evidence, {size}", 0.97, engine.over_evidence, "", is_floor=True),
        Goal(f"F1 above that of Splink alone, {size}", _CLEARLY, engine.accuracy.f1 - simulated.splink.accuracy.f1, "", is_floor=True),
    ]
    for linkage in figures.published:
        if linkage.name == "Febrl 3":
            found.append(Goal("Febrl 3, F1", 0.997, linkage.clusters.f1, "", is_floor=True))
        else:
            found.append(Goal(f"{linkage.name} untrained, precision", 0.95, linkage.clusters.precision, "", is_floor=True))
            found.append(Goal(f"{linkage.name} untrained, recall", 0.60, linkage.clusters.recall, "", is_floor=True))
    if figures.sizes:
        judged = min(figures.sizes, key=lambda sized: abs(math.log(sized.people / _MILLION)))
        times = judged.engine.seconds / judged.components.seconds
        found.append(Goal(f"times plain components, {judged.people:,} people", 3.0, times, "x"))
        found.append(Goal(f"peak memory, {judged.people:,} people", 4.0, judged.engine.peak_bytes / GIB, "GiB"))
    poison = figures.poison
    found.append(Goal(f"largest customer with poison, times without, {poison.people:,} people", 2.0, poison.poisoned / poison.clean, "x"))
    return found


def render_identity(figures: IdentityFigures, measured_on: date) -> str:
    """The part as Markdown."""
    lines = [
        "# Who is who",
        "",
        *measured_with(measured_on, "make identity-report"),
        *_ABOUT.format(seed=figures.seed).splitlines(),
        "",
        *goal_table(identity_goals(figures)),
        *_of_simulated(figures.simulated),
        *_of_published(figures.published),
        *_of_sizes(figures.sizes),
        *_of_poison(figures.poison),
    ]
    return "\n".join(lines) + "\n"


def _of_simulated(simulated: Simulated) -> Iterator[str]:
    yield f"## {simulated.people:,} simulated people, and Splink alone on them"
    yield ""
    yield from _SIMULATED.format(
        people=simulated.people,
        days=simulated.days,
        records=simulated.records,
        judged=simulated.judged,
        evidence=simulated.evidence_share,
    ).splitlines()
    yield ""
    sides = {"engine": simulated.engine, "Splink alone": simulated.splink}
    yield from table(
        ("", "s", "peak, GiB", "precision", "recall over evidence", "recall", "F1", "B-cubed precision", "B-cubed recall", "B-cubed F1"),
        [(name, *_told(told)) for name, told in sides.items()],
    )
    taught = ", ".join(simulated.splink.cost.said["taught"])
    yield f"Splink alone learnt from pairs that agree on: {taught or 'nothing, there were too few'}."
    yield ""
    report = simulated.engine.cost.said["report"]
    counts = ("customers", "refused_links", "held_back_links", "recycled_values", "households", "largest_cluster")
    yield f"Loading the deliveries took {simulated.loading.seconds:.0f} s. The engine's own report:"
    yield ""
    yield from table(("", "count"), [(name.replace("_", " "), f"{report[name]:,}") for name in counts])


def _told(told: Told) -> tuple[str, ...]:
    found = told.accuracy
    pairs = (found.precision, told.over_evidence, found.recall, found.f1)
    return (f"{told.cost.seconds:.1f}", f"{told.cost.peak_bytes / GIB:.2f}", *_shares(pairs), *_cubed(found))


def _of_published(published: Sequence[Linkage]) -> Iterator[str]:
    yield "## Published sets"
    yield ""
    yield from _PUBLISHED.splitlines()
    yield ""
    yield from table(
        ("set", "processor s", "precision", "recall", "F1", "B-cubed precision", "B-cubed recall", "B-cubed F1"),
        [
            (
                linkage.name,
                f"{linkage.seconds:.1f}",
                *_shares((linkage.clusters.precision, linkage.clusters.recall, linkage.clusters.f1)),
                *_cubed(linkage.clusters),
            )
            for linkage in published
        ],
    )


def _of_sizes(sizes: Sequence[Sized]) -> Iterator[str]:
    yield "## By size"
    yield ""
    yield from _SIZES.splitlines()
    yield ""
    yield from table(
        (
            "people",
            "records",
            "contact points",
            "engine, s",
            "peak, GiB",
            "components, s",
            "peak, GiB",
            "times",
            "precision",
            "recall",
        ),
        [
            (
                f"{sized.people:,}",
                f"{sized.records:,}",
                f"{sized.contact_points:,}",
                f"{sized.engine.seconds:.1f}",
                f"{sized.engine.peak_bytes / GIB:.2f}",
                f"{sized.components.seconds:.1f}",
                f"{sized.components.peak_bytes / GIB:.2f}",
                f"{sized.engine.seconds / sized.components.seconds:.2f}",
                *_shares((sized.accuracy.precision, sized.accuracy.recall)),
            )
            for sized in sizes
        ],
    )
    if len(sizes) > 1:
        small, large = sizes[0], sizes[-1]
        growth = math.log(large.people / small.people)
        seconds = math.log(large.engine.seconds / small.engine.seconds) / growth
        memory = math.log(large.engine.peak_bytes / small.engine.peak_bytes) / growth
        yield f"From {small.people:,} to {large.people:,} people the engine's time grows with an exponent of {seconds:.2f},"
        yield f"its peak memory with one of {memory:.2f} (1 is in proportion)."
        yield ""


def _of_poison(poison: Poisoned) -> Iterator[str]:
    yield "## Poison"
    yield ""
    yield from _POISON.splitlines()
    yield ""
    yield from table(
        (f"{poison.people:,} people", "records of the largest"),
        [
            ("customer, without the number", f"{poison.clean:,}"),
            ("customer, with it", f"{poison.poisoned:,}"),
            ("plain component, with it", f"{poison.component:,}"),
        ],
    )
    rejected = ", ".join(f"{guard} {count}" for guard, count in poison.rejected_values.items())
    yield f"Values rejected with it, by guard: {rejected or 'none'}."
    yield ""


def _cubed(found: Accuracy) -> tuple[str, ...]:
    return _shares((found.b_cubed_precision, found.b_cubed_recall, found.b_cubed_f1))


def _shares(shares: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{share:.4f}" for share in shares)
