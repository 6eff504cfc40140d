"""A year of nights, and of hours between, on the SQL of the gate alone: whenever it is reported, nobody is written to too often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import duckdb

from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import steps
from pipelines.segments.ledger import create_ledger

START = date(2026, 1, 1)
SETTINGS = SegmentsConfig(stop_after_unanswered=None)
PEOPLE = [f"c{number:02}" for number in range(30)]
# two and two behind one telephone; all have a mailbox of their own
PHONES = {name: f"{PEOPLE[number - number % 2] if number < 8 else name} phone" for number, name in enumerate(PEOPLE)}
OTHERS_WRITE_TO = set(PEOPLE[15:])  # the shop's own tools write to these, too
# segment: channel, purpose, place, share of the customers that match on a day
PLANS = {
    "texts": ("sms", "marketing", 0, 0.3),
    "mails": ("email", "marketing", 1, 0.5),
    "more_texts": ("sms", "marketing", 2, 1.0),
    "survey": ("sms", "service", 3, 0.2),
}
HOURLY = {"texts", "mails"}
CONTACT = {"sms": "phone", "email": "email"}
NAMES = {
    **{name: name for name in ("mart", "golden_customers", "golden_consents", "households", "assignments")},
    "identity_contact_points": "points",
    "identity_current": "current_records",
    "sends": "marts.main.fct_sends",
    "zone": "'UTC'",
    "unit": "mart.customer_id",
    "as_of_end_at": "timestamptz '2030-01-01'",
    "digits": "12",
    "stop_after": "1000000",
    "cap_messages": str(SETTINGS.cap_messages),
    "cap_days": str(SETTINGS.cap_days),
    "past": "past",
    "repeat_hours": str(SETTINGS.hourly_repeat_hours),
}
# nobody is held out, so who has won is exported
WON = """
select plans.segment_name, people.customer_id
from won
join plans on plans.segment_no = won.segment_no
join people on people.customer_no = won.customer_no
where won.has_contact
order by all
"""


def shop() -> duckdb.DuckDBPyConnection:
    """All tables that the steps read: everybody can be reached and has agreed to everything."""
    connection = duckdb.connect(config={"threads": 1})
    people = ", ".join(f"('{name}', '{PHONES[name]}')" for name in PEOPLE)
    plans = ", ".join(
        f"({number}, '{name}', '{channel}', '{CONTACT[channel]}', '{purpose}', {place}, '000', '000', 's', {name in HOURLY})"
        for number, (name, (channel, purpose, place, _)) in enumerate(PLANS.items())
    )
    connection.execute(f"""
        attach ':memory:' as marts;
        create table marts.main.fct_sends (
            send_key varchar, channel varchar, campaign_key varchar, customer_id varchar, medium varchar, status varchar, counted_on date,
            opened_at timestamptz, clicked_at timestamptz
        );
        create table golden_customers as
        select customer_id, phone_e164, customer_id || ' email' as email from (values {people}) as people (customer_id, phone_e164);
        create table mart as select customer_id, null::date as last_active_on from golden_customers;
        create table golden_consents as
        select customer_id, contact_type, case medium when 'sms' then phone_e164 else email end as contact_value, medium,
            'marketing' as purpose, 'granted' as status
        from golden_customers cross join (values ('phone', 'sms'), ('email', 'email')) as ways (contact_type, medium);
        create table campaign_sources (source_key varchar, channel varchar, campaign_no varchar, registered_name varchar);
        create table households (customer_id varchar, household_id varchar);
        create table assignments (
            segment_name varchar, customer_id varchar, outcome varchar, arm varchar, reason varchar, assigned_on date,
            is_contaminated boolean
        );
        create table points (source_record_key varchar, type varchar, value varchar);
        create table current_records (source_record_key varchar, customer_id varchar);
        create table suppressions (
            type varchar, value varchar, reason varchar, is_person boolean, medium varchar, is_of_marketing boolean
        );
        create table redirections (old_id varchar, new_id varchar);
        create table arms (segment_no integer, arm varchar, from_hash varchar, below_hash varchar);
        create table planned as
        select * from (values {plans}) as plans (
            segment_no, segment_name, channel, contact_type, purpose, place, holdout_below, global_holdout_below, salt, is_hourly
        );
        {steps.WAYS};
        {steps.PEOPLE.format_map(NAMES)};
        {steps.CONSENTS.format_map(NAMES)};
        {steps.SUPPRESSED.format_map(NAMES)};
        create table past (
            as_of date, segment_name varchar, customer_id varchar, outcome varchar, medium varchar, purpose varchar, list_name varchar,
            listed_at timestamptz, used_on date
        )
    """)
    return connection


def decided(connection: duckdb.DuckDBPyConnection, night: date, pick: Random, hour: int | None = None) -> list[tuple[str, str]]:
    """Segments and customers that the gate exports in the night, or in an hour of the day after; in `past` afterwards, and nothing is left.

    Midnights are those of UTC. In an hour only those segments are matched whose lists are made in hours.
    """
    tomorrow = night + timedelta(days=1)
    day = night if hour is None else tomorrow
    at = f"timestamptz '{tomorrow} {hour or 0:02}:00:00+00'"
    names = NAMES | {"as_of": f"date '{day}'", "as_of_end_at": at, "used_on": f"date '{tomorrow}'"}
    connection.execute("begin")
    matched = [
        (number, row)
        for number, (name, (*_, share)) in enumerate(PLANS.items())
        for row in range(len(PEOPLE))
        if pick.random() < share and (hour is None or name in HOURLY)
    ]
    connection.execute("create table matched (segment_no integer, customer_no bigint)")
    connection.execute(f"insert into matched values {', '.join(map(str, matched))}")
    create_ledger(connection, SETTINGS, day, "past", "campaign_sources")
    for step in (steps.MESSAGES, steps.STANDING, steps.DECIDED_BEFORE, steps.FIRSTS, steps.WON):
        connection.execute(step.format_map(names))
    exported = connection.execute(WON).fetchall()
    connection.execute("rollback")
    place = f"'{day} {hour}', {at}, date '{tomorrow}'"
    rows = (
        f"(date '{day}', '{name}', '{customer}', 'exported', '{PLANS[name][0]}', '{PLANS[name][1]}', {place})"
        for name, customer in exported
    )
    if exported:
        connection.execute(f"insert into past values {', '.join(rows)}")
    return exported


def reports_of(day: date, exported: list[tuple[str, str]], pick: Random) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What the channels will tell of this night's lists, and of messages that are none of them: in how many days, and the row."""
    tomorrow = day + timedelta(days=1)
    for segment, customer in exported:
        channel = PLANS[segment][0]
        if pick.random() < 0.7:  # others are never reported
            campaign = f"{channel}:{segment}" if segment == "survey" else pick.choice((f"{channel}:{segment}", "", f"{channel}:no. 7"))
            yield pick.randint(1, 12), (f"{day}/{segment}/{customer}/sent", channel, campaign, customer, channel, str(tomorrow))
    for customer in sorted(OTHERS_WRITE_TO):
        if pick.random() < 0.05:
            yield pick.randint(0, 4), (f"{day}/{customer}/other", "sms", "sms:spring", customer, "sms", str(day))


def test_no_customer_is_over_the_cap_in_a_year() -> None:
    """To whom nobody else writes: no seven days hold more than two messages of marketing, though reports come late, partly, or never.

    To whom others write: no list makes it more than two of what was known on its night. Of a telephone that two share the same holds.
    """
    pick, connection = Random("a year"), shop()
    marketing: dict[str, list[date]] = {name: [] for name in PEOPLE}
    by_others: dict[str, list[date]] = {name: [] for name in PEOPLE}  # as far as it is known
    texts: dict[str, list[date]] = {phone: [] for phone in PHONES.values()}
    coming: dict[date, list[tuple[str, ...]]] = {}
    for day in (START + timedelta(days=number) for number in range(365)):
        # what is older than any window changes nothing but the time that this takes
        connection.execute(f"delete from past where as_of < date '{day - timedelta(days=30)}'")
        connection.execute(f"delete from marts.main.fct_sends where counted_on < date '{day - timedelta(days=30)}'")
        delivered = coming.pop(day, [])
        rows = (
            f"('{row[0]}', '{row[1]}', nullif('{row[2]}', ''), '{row[3]}', '{row[4]}', 'delivered', date '{row[5]}', null, null)"
            for row in delivered
        )
        if delivered:
            connection.execute(f"insert into marts.main.fct_sends values {', '.join(rows)}")
        for row in delivered:
            if row[0].endswith("other"):
                by_others[row[3]].append(date.fromisoformat(row[5]))
        exported = decided(connection, day, pick)
        for hour in (9, 17) if pick.random() < 0.15 else ():
            exported += decided(connection, day, pick, hour)
        for later, row in reports_of(day, exported, pick):
            coming.setdefault(day + timedelta(days=later), []).append(row)
        for segment, customer in exported:
            if PLANS[segment][1] == "marketing":
                marketing[customer].append(day + timedelta(days=1))
                texts[PHONES[customer]] += [day + timedelta(days=1)] if PLANS[segment][0] == "sms" else []
                week = [on for on in (*marketing[customer], *by_others[customer]) if on > day - timedelta(days=SETTINGS.cap_days - 1)]
                assert len(week) <= SETTINGS.cap_messages, (day, customer)
    assert all((third - first).days >= SETTINGS.cap_days for days in texts.values() for first, third in zip(days, days[2:], strict=False))
    assert all(texts[PHONES[name]] for name in PEOPLE)
    for customer, days in marketing.items():
        assert len(set(days)) == len(days), "two lists on one day"
        assert all((third - first).days >= SETTINGS.cap_days for first, third in zip(days, days[2:], strict=False))
        # it is a cap and no ban: who gets nothing from others gets nearly two a week
        assert len(days) > (90 if customer not in OTHERS_WRITE_TO else 40)
