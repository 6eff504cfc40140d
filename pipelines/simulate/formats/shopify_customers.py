"""Shopify customers: 20 columns, ids and phones behind an apostrophe, consent for e-mail and SMS.

A delivery holds the accounts that are new or changed. Guests are not in it.
"""

from __future__ import annotations

import polars as pl

from pipelines.simulate import names
from pipelines.simulate.accounts import Accounts, shopify_accounts, snapshots
from pipelines.simulate.checkout import spoil_phones
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Ints
from pipelines.simulate.formats.cells import DELIVERY, PERSON, RECORD, Stamp, csv_text, decoded, money
from pipelines.simulate.people import SHOPIFY

HEADER = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
_COLUMNS = HEADER.split(",")


def rows(chunk: Chunk) -> pl.DataFrame:
    """One row per account and delivery that tells of it."""
    first, second = shopify_accounts(chunk)
    people = chunk.people
    return pl.concat(
        [
            _states(chunk, first, people.shopify_id, people.email, "first"),
            _states(chunk, second, people.shopify_id_second, people.email_second, "second"),
        ]
    )


def _states(chunk: Chunk, accounts: Accounts, ids: Ints, emails: pl.Series, which: str) -> pl.DataFrame:
    people, world = chunk.people, chunk.world
    states = snapshots(chunk, accounts)
    row = accounts.row[states.account]
    index, registered = people.index[row], accounts.registered_at[states.account]
    # The phone is typed once, at registration.
    phones = spoil_phones(world.spec, world.draws, people.phone_at(row, SHOPIFY, registered), index, f"shopify_account_{which}")
    changed = accounts.changed_at[states.account]
    revoked = (changed >= 0) & (changed < world.calendar.cut(states.delivery))
    customer_id = pl.Series(ids[row])
    return pl.DataFrame(
        {
            DELIVERY: states.delivery,
            PERSON: index,
            RECORD: "shopify:" + customer_id.cast(pl.String),
            "customer_id": customer_id,
            "email": emails.gather(row),
            "phone": phones.typed,
            "no_phone": world.draws.chance(0.1, f"shopify_no_phone_{which}", index),
            "name": people.name.gather(row),
            "place": people.place[row],
            "address": people.address.gather(row),
            "email_consent": world.draws.chance(0.65, "email_consent", index) & ~revoked,
            "sms_consent": world.draws.chance(0.5, "sms_consent", index) & ~revoked,
            "spent_fen": states.paid_fen - states.refunded_fen,
            "order_count": states.order_count,
        }
    )


def files(delivered: pl.DataFrame, stamp: Stamp) -> dict[str, bytes]:
    """One file a delivery."""
    frame = delivered.sort("customer_id").select(_cells())
    return {f"customers_export_{stamp.compact}.csv": csv_text(HEADER, frame)}


def _cells() -> list[pl.Expr]:
    phone = pl.when(~pl.col("no_phone")).then(pl.format("'+86{}", "phone"))
    values: dict[str, pl.Expr] = {
        "Customer ID": pl.format("'{}", "customer_id"),
        "First Name": pl.col("name").str.slice(1),
        "Last Name": pl.col("name").str.slice(0, 1),
        "Email": pl.col("email"),
        "Accepts Email Marketing": yes_no("email_consent"),
        "Default Address Address1": pl.col("address"),
        "Default Address City": decoded("place", [city for city, *_ in names.PLACES]),
        "Default Address Province Code": decoded("place", [code for _, _, code, _ in names.PLACES]),
        "Default Address Country Code": pl.lit("CN"),
        "Default Address Zip": decoded("place", ["'" + code for *_, code in names.PLACES]),
        "Default Address Phone": phone,
        "Phone": phone,
        "Accepts SMS Marketing": yes_no("sms_consent"),
        "Total Spent": money("spent_fen"),
        "Total Orders": pl.col("order_count").cast(pl.String),
        "Tax Exempt": pl.lit("no"),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return [values.get(name, nothing).alias(name) for name in _COLUMNS]


def yes_no(flag: str) -> pl.Expr:
    """Shopify's spelling of a flag."""
    return pl.when(flag).then(pl.lit("yes")).otherwise(pl.lit("no"))
