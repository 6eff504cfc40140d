"""The report on who is who: the lake that it is measured on, what counts as usable evidence, and which goals are met."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from benchmarks.identity import IdentityFigures, Poisoned, Simulated, Sized, Timed, Told, usable_evidence
from benchmarks.identity_contestants import components, resolve
from benchmarks.identity_lake import POISON_PHONE, write_lake
from benchmarks.identity_report import identity_goals, render_identity
from benchmarks.markdown import Goal
from pipelines.contracts.channel_tables import CHANNEL_CONTACT_POINTS, CHANNEL_PROFILES
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import IDENTITY_CONTACT_POINTS
from pipelines.identity.accuracy import Accuracy, accuracy, read_truth
from tests.identity.lake import REFERENCE

AS_OF = date(2026, 10, 31)
POOR = Accuracy(0.9989, 0.9, 0.9, 0.9)
GOOD = Accuracy(0.9995, 0.9, 0.9, 0.9)


def rows(home: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(Home(home).table(name) / "load=*" / "*.parquet", hive_partitioning=False)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "clean"
    write_lake(folder, 1200, 11, is_poisoned=False)
    return folder


def test_lake_is_about_three_records_and_five_points_a_person(lake: Path) -> None:
    points, profiles, truth = rows(lake, CHANNEL_CONTACT_POINTS.name), rows(lake, CHANNEL_PROFILES.name), read_truth(lake / "truth")
    assert points.schema == CHANNEL_CONTACT_POINTS.schema and profiles.schema == CHANNEL_PROFILES.schema
    assert 2.5 < truth.height / 1200 < 3.5 and 4.5 < points.height / 1200 < 6
    assert set(points["source_record_key"]) == set(truth["source_record_key"]) >= set(profiles["source_record_key"])
    assert not points.select("source_record_key", "type", "scope", "value_raw").is_duplicated().any()
    assert not points.select("_load_id", "_source_row").is_duplicated().any()
    assert points.select((pl.col("first_seen_at") <= pl.col("last_seen_at")).all()).item()
    assert points.select((pl.col("last_seen_at") < datetime(2026, 10, 31, 16, tzinfo=UTC)).all()).item()
    # every trap that it promises: a number of several people, a placeholder, a masked number, a payment that names an openid
    phones = points.filter(type="phone").join(truth, on="source_record_key")
    assert phones.group_by("value_raw").agg(pl.col("person_id").n_unique()).filter(pl.col("person_id") > 1).height > 10
    assert phones.filter(value_raw="13800138000").height > 0
    assert phones.filter(pl.col("value_raw").str.contains("*", literal=True)).height > 0
    paid = points.filter(type="payment_order_no")
    assert set(paid["channel"]) == {"youzan", "wechatpay"} and paid["value_raw"].n_unique() * 2 == paid.height


def test_poison_is_one_number_of_a_few_people_and_the_rest_is_the_same(lake: Path, tmp_path: Path) -> None:
    write_lake(tmp_path / "poisoned", 1200, 11, is_poisoned=True)
    clean, poisoned = (rows(home, CHANNEL_CONTACT_POINTS.name) for home in (lake, tmp_path / "poisoned"))
    changed = clean["value_raw"] != poisoned["value_raw"]
    assert 0 < changed.sum() < 30
    assert set(poisoned.filter(changed)["value_raw"]) == {POISON_PHONE} and POISON_PHONE not in set(clean["value_raw"])
    listed = (REFERENCE / "placeholder_values.csv").read_text(encoding="utf-8")
    assert POISON_PHONE not in listed


def test_engine_tells_the_people_of_the_lake_apart(lake: Path, tmp_path: Path) -> None:
    report = resolve(lake, AS_OF)["report"]
    current = pl.read_parquet(lake / "lake" / "identity_current" / "part-0.parquet")
    truth = read_truth(lake / "truth")
    assert report["source_records"] == current.height == truth.height
    found = accuracy(current.join(truth, on="source_record_key").select(cluster_id="customer_id", truth="person_id"))
    assert found.precision > 0.99
    # whoever shares a value is one person to plain components: families and placeholders too
    said = components(lake, tmp_path / "components.parquet")
    plain = pl.read_parquet(tmp_path / "components.parquet").join(truth, on="source_record_key")
    assert plain.height == said["records"] == truth.height
    worse = accuracy(plain.select("cluster_id", truth="person_id"))
    assert worse.precision < found.precision and said["largest"] > report["largest_cluster"]
    parts = usable_evidence(pl.read_parquet(lake / "lake" / IDENTITY_CONTACT_POINTS.name / "part-0.parquet"), truth)
    assert parts.height == truth.height


def test_usable_evidence_connects_within_one_person_only() -> None:
    """P: a-b by phone, b-c by mail, d by nothing accepted. Q holds P's phone with nobody of Q."""
    points = pl.DataFrame(
        [
            *[("a", "phone", "1", True, "real"), ("b", "phone", "1", True, "real"), ("q", "phone", "1", True, "real")],
            *[("b", "email", "m", True, "real"), ("c", "email", "m", True, "real"), ("r", "email", "m2", True, "real")],
            *[("d", "phone", "9", False, "real"), ("c", "phone", "9", False, "real")],
            *[("d", "email", "x", True, "masked"), ("c", "email", "x", True, "masked"), ("stranger", "phone", "1", True, "real")],
        ],
        schema=["source_record_key", "type", "value", "is_accepted", "state"],
        orient="row",
    ).with_columns(scope=pl.lit("global"))
    truth = pl.DataFrame({"source_record_key": ["a", "b", "c", "d", "q", "r", "none"], "person_id": ["P"] * 4 + ["Q"] * 3})
    part = dict(usable_evidence(points, truth).iter_rows())
    together = {pair for pair in combinations(sorted(part), 2) if part[pair[0]] == part[pair[1]]}
    assert together == {("a", "b"), ("a", "c"), ("b", "c")}


def figures(engine: Accuracy, over_evidence: float, seconds: float) -> IdentityFigures:
    counts = dict.fromkeys(("customers", "refused_links", "held_back_links", "recycled_values", "households"), 1)
    cost = Timed(seconds, 2**30, {"report": counts | {"largest_cluster": 9}, "taught": ["phone"]})
    told = Told(cost, engine, over_evidence)
    splink = Told(cost, Accuracy(0.99, 0.5, 0.5, 0.5), 0.6)
    sizes = [Sized(people, 3 * people, 5 * people, cost, Timed(2.0, 2**29, {}), engine) for people in (100_000, 1_000_000)]
    return IdentityFigures(
        Simulated(100_000, 365, 9, 8, 0.8, cost, told, splink), [], sizes, Poisoned(1_000_000, 20, 41, {"fan_out": 1}, 900)
    )


def test_goals_are_met_and_missed_for_what_was_measured() -> None:
    met = {goal.name.split(",")[0]: goal.is_met for goal in identity_goals(figures(GOOD, 0.97, 6.0))}
    assert met == {
        "precision over pairs": True,
        "recall over pairs that share usable evidence": True,
        "F1 above that of Splink alone": True,
        "times plain components": True,
        "peak memory": True,
        "largest customer with poison": False,
    }
    missed = {goal.name.split(",")[0] for goal in identity_goals(figures(POOR, 0.9699, 6.1)) if not goal.is_met}
    assert missed == {name for name in met if name not in ("F1 above that of Splink alone", "peak memory")}
    text = render_identity(figures(POOR, 0.9699, 6.1), AS_OF)
    assert text.startswith("# Who is who\n")
    # a share just below its floor must not be rounded up to it
    assert "| precision over pairs, 100,000 simulated people | at least 0.999 | 0.99890 | **no** |" in text


def test_floor_and_ceiling_are_told_apart() -> None:
    assert Goal("", 1, 2, "", is_floor=True).is_met and not Goal("", 1, 2, "").is_met
    assert (Goal("", 0.97, 1, "", is_floor=True).promised, Goal("", 3, 1, "x").promised) == ("at least 0.97", "at most 3 x")
