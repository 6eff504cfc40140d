"""Consent that is withdrawn, in whatever file, is heeded by the very next list: from delivered files to the gate."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.golden import build_golden
from pipelines.identity import resolve_identity
from pipelines.segments import decide_memberships
from tests.channels import samples
from tests.channels.lake import home_with
from tests.channels.world import MAILCHIMP_MEMBER
from tests.segments.shop import segment

PROJECT = Path(__file__).resolve().parents[2]
FIRST, NEXT = date(2026, 3, 5), date(2026, 3, 6)
# customer of the web shop: e-mail by the way of withdrawing it
PEOPLE = {
    "1001": "shop_export@example.com",
    "1002": "warehouse_table@example.com",
    "1003": "loyalty_program@example.com",
    "1004": "mailing_list@example.com",
    "1005": "mailing_list_of_the_same_day@example.com",
    "1006": "stays@example.com",
}


def table(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def shop_export(*numbers: str, accepts: str) -> str:
    rows = [{"Customer ID": number, "Email": PEOPLE[number], "Accepts Email Marketing": accepts} for number in numbers]
    return samples.table(samples.SHOPIFY_CUSTOMER_HEADER, rows)


def warehouse_table(number: str) -> str:
    columns = ("id", "first_name", "last_name", "email", "phone", "orders_count", "total_spent", "accepts_marketing", "verified_email")
    row = dict.fromkeys(columns, "") | {"id": number, "email": PEOPLE[number], "accepts_marketing": "false"}
    return table([row | {"created_at": "2026-03-01 00:00:00.000"}])


def mailing_list(*numbers: str, **more: str) -> str:
    return table([{**MAILCHIMP_MEMBER, "Email Address": PEOPLE[number], "EUID": f"e{number}", **more} for number in numbers])


DELIVERIES = {
    "2026-03-05/customers_export_20260305.csv": shop_export(*PEOPLE, accepts="yes"),
    "2026-03-05/subscribed_2026-03-05.csv": mailing_list("1004", "1005"),
    "2026-03-06/customers_export_20260306.csv": shop_export("1001", accepts="no"),
    "2026-03-06/customer_20260306.csv": warehouse_table("1002"),
    "2026-03-06/members_20260306.csv": table(
        [{"member_id": "7", "registered_at": "2026-03-01 10:00:00", "email": PEOPLE["1003"], "accepts_email": "否"}]
    ),
    "2026-03-06/unsubscribed_2026-03-06.csv": mailing_list("1004", UNSUB_TIME="2026-03-06 01:05:00"),
    # she left after the export that still had her, on the day that it is dated by
    "2026-03-06/more_unsubscribed_2026-03-06.csv": mailing_list("1005", UNSUB_TIME="2026-03-05 08:00:00"),
}


def listed(home: Home, day: date) -> set[str]:
    """E-mails on a list of everybody, after the stages up to the gate have run."""
    run = Run(day, Config(segments=SegmentsConfig(global_holdout=Decimal(0))), home, PROJECT / "data" / "reference")
    resolve_identity(run)
    build_golden(run)
    golden = f"read_parquet('{home.table('golden_customers')}/*.parquet')"
    home.marts.parent.mkdir(parents=True, exist_ok=True)
    home.marts.unlink(missing_ok=True)
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute(f"""
            create table mart_marketing__customer_360 as
            select customer_id, 1 as recency_days, null::date as last_active_on from {golden};
            create table fct_sends (
                send_key varchar, channel varchar, campaign_key varchar, customer_id varchar, medium varchar, status varchar,
                counted_on date, opened_at timestamptz, clicked_at timestamptz
            )
        """)
    decide_memberships(run, (segment(channel="email"),))
    emails = pl.read_parquet(home.table("golden_customers") / "*.parquet").select("customer_id", "email")
    memberships = pl.read_parquet(home.table("segment_memberships") / f"as_of={day}" / "part-0.parquet")
    return set(memberships.filter(outcome="exported").join(emails, on="customer_id")["email"])


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[date, set[str]]:
    home = home_with(tmp_path_factory.mktemp("home"), dict(DELIVERIES))
    report = load_deliveries(home, Config())
    assert report.problems == ()
    formats = pl.read_parquet(home.table("channel_loads") / "**" / "*.parquet")["format_name"]
    assert set(formats) == {"shopify_customers", "shopify_customer_table", "mailchimp_members", "mailchimp_unsubscribed", "loyalty_members"}
    return {day: listed(home, day) for day in (FIRST, NEXT)}


def test_all_had_agreed(lists: dict[date, set[str]]) -> None:
    assert lists[FIRST] == set(PEOPLE.values())


@pytest.mark.parametrize("number", [number for number in PEOPLE if number != "1006"])
def test_a_withdrawal_is_heeded_by_the_next_list(number: str, lists: dict[date, set[str]]) -> None:
    assert PEOPLE[number] not in lists[NEXT]


def test_who_withdrew_nothing_stays(lists: dict[date, set[str]]) -> None:
    assert lists[NEXT] == {PEOPLE["1006"]}
