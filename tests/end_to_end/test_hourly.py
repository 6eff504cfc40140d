"""Hours between two nights, on the home of the sample: only the lists of the hour are new, and every command knows them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from assets.cli.main import app
from assets.cli.replay import replay
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.publish import verify_publication
from tests.end_to_end.conftest import SAMPLES, tables_of

HOURLY = {"cart_left_1h", "cart_left_24h"}
NIGHT = "2026-10-31"
# an hour adds to these, and changes nothing else
GROWS = (
    "lake/channel_",
    "lake/files",
    "lake/loads",
    "lake/headers",
    "lake/seen.json",
    "lake/hourly_memberships",
    "lake/staging",
    "runs/hours",
    "ledger/",
    "dagster/",
)


# what is told of lists that went out
OF_LISTS = {"segment_memberships", "mart_marketing__experiments", "mart_marketing__campaign_performance"}


class Shop:
    """A copy of the home of the sample, with an inbox to which exports of a later day are added."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.inbox = folder / "home", folder / "inbox"
        shutil.copytree(home, self.home)
        shutil.copytree(SAMPLES, self.inbox, ignore=shutil.ignore_patterns("truth"))

    def cdp(self, *words: str) -> tuple[str, BaseException | None]:
        """What the command prints, and the error that it ends with."""
        given = ["--home", str(self.home), *(["--deliveries", str(self.inbox)] if words[0] in {"run", "refresh"} else [])]
        # a run sets it for the process: the words of one home are not to land in another
        result = CliRunner().invoke(app, [*words, *given], env={"CDP_HOME": None, "DAGSTER_HOME": str(self.home / "dagster")})
        if result.exception is not None and not isinstance(result.exception, CdpError | SystemExit):
            raise result.exception
        return result.stdout, result.exception

    def refresh(self, *words: str) -> dict[str, Any]:
        told, error = self.cdp("refresh", "--json", *words)
        assert error is None, error
        return json.loads(told)  # type: ignore[no-any-return]

    def deliver(self, name: str, events: Iterable[tuple[str, str, str]]) -> None:
        """Events `(user, name, time in UTC)` of 2026-11-02 as the web shop's tracker exports them."""
        lines = [
            json.dumps({
                "type": "track", "event": event, "messageId": f"{name}-{number}", "anonymousId": f"{name}-{user}", "userId": user,
                "originalTimestamp": at, "timestamp": at, "receivedAt": at,
                "properties": {"product_id": "SP06013", "sku": "SP06013", "price": 84.9, "quantity": 1, "currency": "CNY"},
                "context": {"library": {"name": "analytics.js", "version": "4.1.0"}},
            })
            for number, (user, event, at) in enumerate(events)
        ]  # fmt: skip
        folder = self.inbox / "2026-11-02"
        folder.mkdir(exist_ok=True)
        with gzip.open(folder / f"segment_events_{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def deny_sms(self, users: Iterable[str]) -> None:
        """The web shop's customers once more, of whom these want no messages any more."""
        told: dict[str, list[str]] = {}
        for path in sorted(SAMPLES.glob("*/customers_export_*.csv")):
            header, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
            told |= {row[0].lstrip("'"): row for row in rows}
        place = header.index("Accepts SMS Marketing")
        denied = [[*row[:place], "no", *row[place + 1 :]] for user in users for row in [told[user]]]
        with (self.inbox / "2026-11-02" / "customers_export_20261102.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *denied])

    def users(self) -> dict[str, str]:
        """User of the web shop -> customer, of those who may be written to: the lists of the night were used two days ago."""
        current = pl.read_parquet(self.home / "lake" / "identity_current" / "part-0.parquet")
        consents = pl.read_parquet(self.home / "lake" / "golden_consents" / "part-0.parquet").filter(medium="sms")
        golden = pl.read_parquet(self.home / "lake" / "golden_customers" / "part-0.parquet")
        denied = consents.filter(status="denied")["contact_value"].to_list()
        granted = consents.filter(status="granted").rename({"contact_value": "phone_e164"}).select("customer_id", "phone_e164")
        reached = golden.join(granted, on=["customer_id", "phone_e164"], how="semi").filter(~pl.col("phone_e164").is_in(denied))
        people = current.filter(pl.col("source_record_key").str.starts_with("segment:")).join(reached, on="customer_id", how="semi")
        memberships = pl.read_parquet(self.home / "lake" / "segment_memberships" / f"as_of={NIGHT}" / "part-0.parquet")
        taken = memberships.filter(pl.col("outcome").is_in(["suppressed", "over_cap"]))["customer_id"].to_list()
        free = people.filter(~pl.col("customer_id").is_in(taken)).unique("customer_id", keep="first", maintain_order=True)
        return {key.removeprefix("segment:"): customer for key, customer in free.select("source_record_key", "customer_id").rows()}

    def listed(self, hour: str, segment: str = "cart_left_1h") -> set[str]:
        text = (self.home / "published" / "segments" / hour / segment / "list.csv").read_text(encoding="utf-8-sig")
        return {row["customer_id"] for row in csv.DictReader(text.splitlines())}

    def digests(self) -> dict[str, str]:
        """Of every file that an hour has no business with."""
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(path for path in self.home.rglob("*") if path.is_file())
            if not (name := path.relative_to(self.home).as_posix()).startswith(GROWS) and not name.endswith(".lock")
        }


@pytest.fixture(scope="module")
def shop(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(sample_home, tmp_path_factory.mktemp("hourly"))


@pytest.fixture(scope="module")
def day(shop: Shop) -> dict[str, Any]:
    """A day of hours: what was published, and the state of the rest before and after."""
    users = shop.users()
    buyers, deniers, stayers, late = (list(users)[start::4] for start in range(4))
    assert min(map(len, (buyers, deniers, stayers, late))) >= 2
    before = shop.digests()
    nothing, error = shop.cdp("refresh")
    assert error is None, error
    shop.deliver("morning", [(user, "Product Added", "2026-11-02T01:00:00Z") for user in (*buyers, *deniers, *stayers)])
    shop.deny_sms(deniers)
    shop.deliver("noon", [(user, "Order Completed", "2026-11-02T02:00:00Z") for user in buyers])
    first = shop.refresh("--at", "2026-11-02T14:00")
    again = shop.refresh("--at", "2026-11-02T14:00")
    shop.deliver("afternoon", [(user, "Product Added", "2026-11-02T06:30:00Z") for user in late])
    shop.deliver("later", [(late[0], "Product Viewed", "2026-11-02T08:01:30Z")])
    second = shop.refresh()
    return {
        "before": before, "after": shop.digests(), "nothing": nothing, "first": first, "again": again, "second": second,
        "people": {name: {users[user] for user in group} for name, group in
                   (("buyers", buyers), ("deniers", deniers), ("stayers", stayers), ("late", late))},
    }  # fmt: skip


def test_nothing_new_publishes_nothing(day: dict[str, Any]) -> None:
    assert "nothing new since the night" in day["nothing"]
    assert day["first"]["is_new"] is True
    assert day["again"]["is_new"] is False
    assert day["again"]["run_id"] == day["first"]["run_id"]


def test_who_left_a_cart_is_listed_unless_they_have_bought_or_denied_since(shop: Shop, day: dict[str, Any]) -> None:
    listed, people = shop.listed("2026-11-02T1400"), day["people"]
    assert not listed & (people["buyers"] | people["deniers"] | people["late"])
    assert people["stayers"] <= listed.union(*(shop_outcomes(shop, "2026-11-02T1400", outcome) for outcome in ("held_out", "over_cap")))
    assert listed & people["stayers"]


def test_the_next_hour_is_that_of_the_newest_fact_and_reminds_nobody_twice(shop: Shop, day: dict[str, Any]) -> None:
    assert day["second"]["hour"] == "2026-11-02T1602"
    listed = shop.listed("2026-11-02T1602")
    assert listed & day["people"]["late"]
    assert not listed & shop.listed("2026-11-02T1400")
    removed = (shop.home / "published" / "segments" / "2026-11-02T1602" / "cart_left_1h" / "removed.csv").read_text(encoding="utf-8-sig")
    assert {row["customer_id"] for row in csv.DictReader(removed.splitlines())} == shop.listed("2026-11-02T1400")


def test_an_hour_touches_nothing_else(shop: Shop, day: dict[str, Any]) -> None:
    hours = ("published/segments/2026-11-02T1400/", "published/segments/2026-11-02T1602/")
    added = {name for name in day["after"] if name not in day["before"] and not name.startswith("runs/inputs/")}
    assert {name.rsplit("/", 2)[1] for name in added} == HOURLY
    assert all(name.startswith(hours) for name in added)
    assert {name: day["after"].get(name) for name in day["before"]} == day["before"]


def test_the_ledger_and_the_records_know_what_left(shop: Shop, day: dict[str, Any]) -> None:
    told, error = shop.cdp("ledger", "verify")
    assert error is None, told
    for hour in (day["first"], day["second"]):
        record = json.loads((shop.home / "runs" / "hours" / f"{hour['run_id']}.json").read_bytes())
        assert verify_publication(Home(shop.home), record) == []


def test_why_trace_and_replay_know_an_hour(shop: Shop, day: dict[str, Any]) -> None:
    somebody = sorted(shop.listed("2026-11-02T1400"))[0]
    told, error = shop.cdp("why", somebody, "cart_left_1h", "--at", "2026-11-02T14:00")
    assert error is None
    assert "is on the list cart_left_1h of 2026-11-02T1400" in told
    folder = shop.home / "published" / "segments" / "2026-11-02T1400" / "cart_left_1h"
    told, error = shop.cdp("trace", str(folder / "list.csv"), "2", "--json")
    assert error is None
    assert "segment_events_morning" in told
    done = replay(Home(shop.home), folder / "manifest.json")
    assert done.is_equal, done
    assert done.differences == ()


def test_an_instant_before_what_is_out_is_refused(shop: Shop, day: dict[str, Any]) -> None:
    for at in ("2026-11-02T15:00", "2026-10-31T12:00", "2026-11-02", "noon"):
        error = shop.cdp("refresh", "--at", at)[1]
        assert isinstance(error, CdpError)
        assert error.exit_code == 2


def test_the_night_after_is_that_of_a_shop_without_hours(shop: Shop, day: dict[str, Any], sample_home: Path, tmp_path: Path) -> None:
    """Who was on a list of an hour counts as written to, and nothing else is another."""
    twin = Shop(sample_home, tmp_path)
    shutil.copytree(shop.inbox / "2026-11-02", twin.inbox / "2026-11-02")
    for one in (shop, twin):
        error = one.cdp("run", "--as-of", "2026-11-02")[1]
        assert error is None, error
    tables, others = (tables_of(Home(one.home).analytics) for one in (shop, twin))
    kept = tables.keys() - OF_LISTS
    assert len(kept) > 50
    assert {name: tables[name] for name in kept} == {name: others[name] for name in kept}
    contacts = pl.read_parquet(shop.home / "lake" / "contact_ledger" / "**" / "*.parquet")
    assert shop.listed("2026-11-02T1400") <= set(contacts.filter(segment_name="cart_left_1h")["customer_id"].to_list())


def shop_outcomes(shop: Shop, hour: str, outcome: str) -> set[str]:
    [path] = (shop.home / "lake" / "hourly_memberships").glob(f"night=*/at={hour}/part-0.parquet")
    return set(pl.read_parquet(path).filter(outcome=outcome)["customer_id"].to_list())
