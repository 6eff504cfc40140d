"""The registry: what is accepted, and that every mistake names its file, its key and the way out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.campaigns import Campaign, campaign_named, read_campaigns, write_campaigns
from pipelines.contracts.config import load_config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.segments import DefinitionError, Definitions
from pipelines.segments import read_segments
from tests.dbt.lake import tiny_run
from tests.segments.shop import DAY, segment

DATA = Path(__file__).resolve().parents[2] / "data"
REFERENCE, DEMO, CONFIG = DATA / "reference", DATA / "demo", DATA.parent / "cdp.yaml"
SEGMENTS = (
    segment("lost", arms={"coupon": Decimal("0.5"), "reminder": Decimal("0.5")}),
    segment("thanks"),
    segment("thanks_again"),
)
DEFINITIONS = Definitions(SEGMENTS)
VALID = """
name: spring
label: {en: Spring, zh: 春季}
objective: win_back
owner: crm
dates: {from: 2026-03-01, to: 2026-03-31}
budget: {amount: 5000.50, currency: CNY}
offer: {en: 10 off, zh: 减10}
arms: {reminder: A text., coupon: A text with a coupon.}
segments: [lost]
sources:
  mail: ["0123", "7"]
"""


def read(folder: Path, text: str, name: str = "own.yaml") -> tuple[Campaign, ...]:
    (folder / "campaigns").mkdir(exist_ok=True)
    (folder / "campaigns" / name).write_text(text, encoding="utf-8")
    return read_campaigns(folder, (), DEFINITIONS)


def test_campaign_is_read_whole_and_written_for_sql(tmp_path: Path) -> None:
    campaigns = read(tmp_path, VALID)
    run = tiny_run(tmp_path, DAY)
    write_campaigns(run, campaigns)
    [row] = pl.read_parquet(run.home.table("campaign_registry")).to_dicts()
    assert (row["registered_name"], row["budget_amount"], row["arm_count"]) == ("spring", Decimal("5000.50"), 2)
    assert str(row["planned_from_on"]) == "2026-03-01" and row["offer_zh"] == "减10"
    sources = pl.read_parquet(run.home.table("campaign_sources"))
    assert sources.rows() == [
        ("mail:0123", "mail", "0123", "spring"),
        ("mail:7", "mail", "7", "spring"),
        ("segments:lost", "segments", "lost", "spring"),
    ]


def test_a_budget_in_another_currency_is_set_against_no_cost(tmp_path: Path) -> None:
    """Costs are added up in the reporting currency, and a share of two currencies would be a wrong number."""
    run = tiny_run(tmp_path, DAY)
    write_campaigns(run, read(tmp_path, VALID.replace("currency: CNY", "currency: USD")))
    assert pl.read_parquet(run.home.table("campaign_registry"))["budget_amount"].to_list() == [None]


def test_without_a_folder_nothing_is_registered(tmp_path: Path) -> None:
    assert read_campaigns(tmp_path, (tmp_path / "none",), DEFINITIONS) == ()
    write_campaigns(tiny_run(tmp_path, DAY), ())
    assert pl.read_parquet(tiny_run(tmp_path, DAY).home.table("campaign_registry")).height == 0


def test_a_shop_begins_without_campaigns_and_the_demo_with_two() -> None:
    segments = Definitions(read_segments(()))
    assert read_campaigns(REFERENCE, load_config(CONFIG).marketing.campaign_folders, segments) == ()
    [folder] = load_config(DEMO / "cdp.yaml").marketing.campaign_folders
    assert folder == DEMO / "campaigns"
    found = read_campaigns(REFERENCE, (folder,), segments)
    assert {campaign.name: campaign.segments for campaign in found} == {
        "spring_launch_2026": (),
        "win_back_autumn_2026": ("win_back_180_days",),
    }


def test_arms_that_get_the_same_are_no_test(tmp_path: Path) -> None:
    [campaign] = read(tmp_path, VALID.replace("A text with a coupon.", "A text."))
    assert campaign.same_offers == (("coupon", "reminder"),)
    [campaign] = read(tmp_path, VALID)
    assert campaign.same_offers == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("owner: crm", "ownr: crm"), r"own\.yaml: .*ownr: unknown key, did you mean 'owner'"),
        (("{en: Spring, zh: 春季}", "{en: Spring, zg: x}"), r"label\.zg: unknown key, did you mean 'zh'"),
        (("from: 2026-03-01", "form: 2026-03-01"), r"dates\.form: unknown key, did you mean 'from'"),
        (("name: spring", "name: ../spring"), r"name: .*pattern"),
        (("win_back", "money"), r"objective: .*'acquisition'"),
        (("to: 2026-03-31", "to: 2026-02-28"), r"dates: ends before it begins"),
        (("to: 2026-03-31", "to: 2026-02-30"), r"not valid YAML"),
        (("5000.50", "0"), r"budget\.amount: .*greater than 0"),
        (("5000.50", "1.005"), r"budget\.amount: .*2 decimal places"),
        (("[lost]", "[lst]"), r"segments: no segment lst, did you mean 'lost'"),
        (("reminder: A text., ", ""), r"one arm alone is no test"),
        (("reminder:", "remind:"), r"segment lost parts its customers into coupon, reminder, the campaign names coupon, remind"),
        (("arms: {reminder: A text., coupon: A text with a coupon.}", ""), r"arms: segment lost parts .* names none"),
        (("[lost]", "[thanks]"), r"segment thanks parts its customers into no arms, the campaign names coupon"),
        (("segments: [lost]", ""), r"arms: belong to lists"),
        (("[lost]", "[lost, lost]"), r"segments: lost stands twice"),
        (('"0123"', "0123"), r"sources\.mail\.0: is not text; put the id into quotes"),
        (('"0123"', '"7"'), r"sources\.mail: 7 stands twice"),
        (("  mail:", "  segments:"), r"sources\.segments: is no channel"),
        (("owner: crm", "owner: [crm"), "not valid YAML"),
        (("owner: crm\n", ""), r"owner: Field required"),
        ((VALID, "- a list"), "valid dictionary"),
        ((VALID, ""), "valid dictionary"),
    ],
)
def test_mistake_names_file_key_and_way_out(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, VALID.replace(*change))
    assert caught.value.do and "own.yaml" in caught.value.where


def test_what_nothing_belongs_to_could_not_be_counted(tmp_path: Path) -> None:
    empty = VALID[: VALID.index("arms:")]
    with pytest.raises(ConfigurationError, match="neither a segment nor a campaign of a channel"):
        read(tmp_path, empty)


@pytest.mark.parametrize(
    ("belongs", "message"),
    [
        ("segments: [lost]\narms: {reminder: x, coupon: y}", r"second\.yaml: segments: lost belongs to spring already"),
        ("sources: {mail: ['7']}", r"second\.yaml: sources\.mail: 7 belongs to spring already"),
        ("sources: {sms: [lost]}", r"second\.yaml: sources\.sms: lost is how sms reports the lists of the segment, which spring has"),
    ],
)
def test_nothing_belongs_to_two_campaigns(tmp_path: Path, belongs: str, message: str) -> None:
    read(tmp_path, VALID)
    second = VALID[: VALID.index("arms:")].replace("name: spring", "name: later") + belongs
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, second, "second.yaml")


def test_a_plan_stands_while_the_definition_of_its_segment_is_faulty(tmp_path: Path) -> None:
    [plan] = read(tmp_path, VALID)
    without = Definitions(SEGMENTS).without([DefinitionError("lost", "where: unknown column", where="lost.yaml", do="mend it")])
    assert read_campaigns(tmp_path, (), without) == (plan,)
    with pytest.raises(ConfigurationError, match="no segment lost"):
        read_campaigns(tmp_path, (), Definitions(without.segments))


def test_a_name_stands_for_one_campaign(tmp_path: Path) -> None:
    read(tmp_path, VALID)
    with pytest.raises(ConfigurationError, match=r"second\.yaml: name: spring is taken by own\.yaml"):
        read(tmp_path, VALID, "second.yaml")


def test_unknown_campaign_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no campaign 'sprng' is registered, did you mean 'spring'"):
        campaign_named("sprng", read(tmp_path, VALID))


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "campaigns").mkdir()
    (tmp_path / "campaigns" / "x.yaml").write_bytes(b"\xff\xfename")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_campaigns(tmp_path, (), DEFINITIONS)
