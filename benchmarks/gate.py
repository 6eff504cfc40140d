"""The gate at size: an invented home, twenty-five segments decided and written in one process, against a plain copy of the same rows."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from benchmarks.measure import Measured, measure
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.contracts.tables import DUCKDB_TYPES
from pipelines.publish.lists import write_lists
from pipelines.segments import decide_memberships, settle_assignments

DAY = date(2026, 3, 10)
SEGMENTS = 25
_PAST_DAYS = 14


@dataclass(frozen=True, slots=True)
class Gated:
    """`customers` sent through the gate: how many pairs were judged and rows written, and what that and the copy cost."""

    customers: int
    pairs: int
    rows: int
    over_cap: int
    steps: dict[str, float]
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    copy_seconds: float
    copy_cpu_seconds: float
    load: float  # on the machine before it began: of a busy one only processor time says something


def segments() -> list[Segment]:
    """Every second one by e-mail, every eighth of service; they match from 4 % of the customers to all of them."""
    return [
        Segment(
            name=f"segment_{number:02}",
            label={"en": f"Segment {number}", "zh": f"Segment {number}"},
            description="Invented.",
            where=f"recency_days % {SEGMENTS} <= {number} AND order_count_total >= 0",
            columns=("recency_days", "order_count_total"),
            channel="email" if number % 2 else "sms",
            purpose="service" if number % 8 == 7 else "marketing",
            priority=SEGMENTS - number,
            holdout=Decimal("0.1"),
            arms={"coupon": Decimal("0.5"), "reminder": Decimal("0.5")} if number % 3 == 0 else {},
            owner="crm",
            definition_hash="0" * 64,
        )
        for number in range(SEGMENTS)
    ]


def run_gate(work: Path, customers: int, repeats: int) -> Gated:
    """Make the home, then gate and copy it `repeats` times in turn; medians, and the largest peak."""
    home = work / f"gate_{customers}"
    shutil.rmtree(home, ignore_errors=True)
    make_home(home, customers)
    gated, copied, load = [], [], os.getloadavg()[0]
    for _ in range(repeats):
        gated.append(_process("run", home))
        copied.append(_process("copy", home))
    told = [json.loads(one.stdout) for one in gated]
    _check_cap(home)
    shutil.rmtree(home)
    return Gated(
        customers,
        told[0]["pairs"],
        told[0]["rows"],
        told[0]["over_cap"],
        {step: statistics.median(one["steps"][step] for one in told) for step in told[0]["steps"]},
        statistics.median(sum(one["steps"].values()) for one in told),
        statistics.median(one.cpu_seconds for one in gated),
        max(one.peak_bytes for one in gated),
        statistics.median(json.loads(one.stdout)["seconds"] for one in copied),
        statistics.median(one.cpu_seconds for one in copied),
        load,
    )


def _process(what: str, home: Path) -> Measured:
    return measure([sys.executable, "-m", "benchmarks.gate", what, home], os.environ)


def make_home(root: Path, customers: int) -> None:
    """Just what the gate reads: customers with consents, two weeks of lists, reports of two messages in three, merges, suppressions."""
    home = Home(root)
    home.marts.parent.mkdir(parents=True)
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute(f"""
            create table mart_marketing__customer_360 as
            select 'c_' || left(sha256(n::varchar), 20) as customer_id, cast(hash(n) % 400 as integer) as recency_days,
                cast(hash(n, 1) % 9 as bigint) as order_count_total,
                case when hash(n, 2) % 3 > 0 then date '{DAY}' - cast(hash(n, 2) % 60 as integer) end as last_active_on
            from range({customers}) as numbers (n);
            create table fct_sends as
            select 'sms:' || n as send_key, 'sms' as channel,
                case when hash(n) % 2 = 0 then 'sms:segment_' || lpad((hash(n, 4) % {SEGMENTS})::varchar, 2, '0') end as campaign_key,
                'c_' || left(sha256((hash(n, 5) % {customers})::varchar), 20) as customer_id, 'sms' as medium, 'delivered' as status,
                date '{DAY}' - cast(hash(n, 6) % 60 as integer) as counted_on,
                case when hash(n, 7) % 5 = 0 then timestamptz '2026-02-01 00:00:00+00' end as opened_at, null::timestamptz as clicked_at
            from range({2 * customers}) as numbers (n)
        """)
    with duckdb.connect() as lake:
        lake.execute(f"attach '{home.marts}' as marts (read_only)")
        lake.execute("create table ids as select row_number() over () as n, customer_id from marts.main.mart_marketing__customer_360")
        past = ", ".join(f"('segment_{number:02}', {number})" for number in range(SEGMENTS))
        point = "case when hash(n, 3) % 10 < 9 then '+86138' || lpad(n::varchar, 8, '0') end"
        mail = "case when hash(n, 4) % 10 < 7 then 'u' || n || '@example.com' end"
        seen = "timestamptz '2026-01-01 00:00:00+00' as first_seen_at, timestamptz '2026-01-01 00:00:00+00' as last_seen_at"
        proof = "'0000000000000000' as _load_id, n as _source_row"
        for name, query in {
            "golden_customers": f"select *, {point} as phone_e164, {mail} as email, 'Name ' || n as full_name, {seen},"
            " 1 as source_record_count, 1 as channel_count from ids",
            "golden_consents": f"select customer_id, kind as contact_type, coalesce(value, '') as contact_value, medium,"
            f" 'marketing' as purpose, case when hash(n, kind) % 20 = 0 then 'denied' else 'granted' end as status,"
            f" timestamptz '2026-01-01 00:00:00+00' as stated_at, {proof} from (select n, customer_id, 'phone' as kind, 'sms' as medium,"
            f" {point} as value from ids union all select n, customer_id, 'email', 'email', {mail} from ids) where value is not null",
            "identity_changes": f"select date '{DAY}' as as_of, 'redirected' as change, 'old_' || n as customer_id,"
            f" customer_id as other_customer_id, 1 as source_record_count from ids where n % 50 = 0",
            "identity_current": f"select 'pos:' || n as source_record_key, customer_id, {seen} from ids",
            "identity_contact_points": f"select 'pos:' || n as source_record_key, 'phone' as type, 'global' as scope, {point} as value,"
            f" 'real' as state, true as is_accepted, {seen}, {proof} from ids",
            "identity_households": "select 'h_' || (n // 2) as household_id, customer_id from ids where n % 20 < 2",
            "channel_sends": "select send_key, channel, status, medium, 'pos:' || n as source_record_key, customer_id,"
            " '138' || lpad(n::varchar, 8, '0') as contact_value_raw, timestamptz '2026-02-01 00:00:00+00' as sent_at,"
            f" timestamptz '2026-02-02 00:00:00+00' as _exported_at, {proof} from (select 'sms:' || n as send_key, n, customer_id,"
            " 'sms' as channel, 'sms' as medium, case when hash(n, 8) % 100 = 0 then 'bounced' when hash(n, 8) % 100 = 1 then"
            " 'unsubscribed' else 'delivered' end as status from ids)",
            "channel_consents": f"select 'shop' as channel, 'pos:' || n as source_record_key, 'phone' as contact_type,"
            f" '138' || lpad(n::varchar, 8, '0') as contact_value_raw, 'sms' as medium, 'marketing' as purpose, 'granted' as status,"
            f" {seen}, timestamptz '2026-01-01 00:00:00+00' as _exported_at, {proof} from ids",
        }.items():
            _write(lake, home, name, query, "load=0" if name.startswith("channel") else ".")
        for back in range(1, _PAST_DAYS + 1):
            # a customer gets something about every fourth day
            query = (
                f"select date '{DAY}' - {back} as as_of, segment_name, case when n % 50 = 0 then 'old_' || n else customer_id end as"
                " customer_id, case when hash(n, number, 3) % 10 = 0 then 'held_out' else 'exported' end as outcome,"
                " case when hash(n, number, 3) % 10 = 0 then 'holdout of the segment' end as reason,"
                " case when number % 2 = 1 then 'email' else 'sms' end as medium, 'marketing' as purpose"
                f" from ids join (values {past}) as plans (segment_name, number) on hash(n, {back}) % 100 = number"
            )
            _write(lake, home, "segment_memberships", query, f"as_of={date.fromordinal(DAY.toordinal() - back)}")
    (root / "reference").mkdir()
    rows = (f"phone,138{number:08},bounce,\n" for number in range(0, customers, 1000))
    (root / "reference" / "suppressions.csv").write_text("type,value,reason,since_on\n" + "".join(rows))


def _write(lake: duckdb.DuckDBPyConnection, home: Home, name: str, query: str, part: str) -> None:
    folder = home.table(name) / part
    folder.mkdir(parents=True)
    there = {column for column, *_ in lake.execute(f"describe {query}").fetchall()}
    columns = ", ".join(
        f"cast({column.name if column.name in there else 'null'} as {DUCKDB_TYPES[column.type]}) as {column.name}"
        for column in TABLES[name].columns
    )
    lake.execute(f"copy (select {columns} from ({query})) to '{folder / 'part-0.parquet'}' (format parquet)")


def _run(home: Home) -> Run:
    return Run(DAY, Config(), home, home.root / "reference")


def _gate(home: Home) -> None:
    """Settle, decide and write, as a night does; print what came out and the seconds of each step."""
    run, steps, started = _run(home), {}, time.perf_counter()

    def took(step: str) -> None:
        nonlocal started
        steps[step] = time.perf_counter() - started
        started = time.perf_counter()

    settle_assignments(run)
    took("settle where everybody stands")
    report = decide_memberships(run, segments())
    took("decide")
    folder = home.root / "lists"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_lists(run, segments(), folder, {})
    took("write lists")
    falls = report.waterfalls.values()
    pairs, rows = sum(fall.matched for fall in falls), sum(fall.exported for fall in falls)
    print(json.dumps({"pairs": pairs, "rows": rows, "over_cap": sum(f.not_suppressed - f.under_cap for f in falls), "steps": steps}))


def _copy(home: Home) -> None:
    """The same rows and columns as one `COPY ... TO` a list, by who was decided: nothing judged, nothing protected."""
    started = time.perf_counter()
    folder = home.root / "copies"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.marts}' as marts (read_only)")
        for segment in segments():
            contact = "golden.email" if segment.channel == "email" else "golden.phone_e164"
            connection.execute(f"""
                copy (
                    select listed.customer_id, {contact}, golden.full_name, listed.arm, mart.recency_days, mart.order_count_total
                    from read_parquet('{home.table("segment_memberships") / f"as_of={DAY}" / "part-0.parquet"}') as listed
                    join read_parquet('{home.table("golden_customers")}/*.parquet') as golden on golden.customer_id = listed.customer_id
                    join marts.main.mart_marketing__customer_360 as mart on mart.customer_id = listed.customer_id
                    where listed.segment_name = '{segment.name}' and listed.outcome = 'exported'
                    order by listed.customer_id
                ) to '{folder / segment.name}.csv' (format csv, header, force_quote *)
            """)
    print(json.dumps({"seconds": time.perf_counter() - started}))


def _check_cap(home: Path) -> None:
    """Raises RuntimeError when somebody on a list of marketing of the day has too many messages, counted plainly from the ledger."""
    with duckdb.connect() as connection:
        [(count,)] = connection.execute(f"""
            select count(*) from (
                select ledger.customer_id
                from read_parquet('{home}/lake/contact_ledger/*.parquet') as ledger
                join read_parquet('{home}/lake/segment_memberships/as_of={DAY}/*.parquet') as listed
                    on listed.customer_id = ledger.customer_id and listed.outcome = 'exported' and listed.purpose = 'marketing'
                where ledger.purpose = 'marketing' and ledger.sent_on between date '{DAY}' - 5 and date '{DAY}' + 1
                group by ledger.customer_id having count(*) >= 2
            )
        """).fetchall()
    if count:
        raise RuntimeError(f"{count} customers would get more than the cap allows")


if __name__ == "__main__":
    {"run": _gate, "copy": _copy}[sys.argv[1]](Home(Path(sys.argv[2])))
