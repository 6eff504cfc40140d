"""What is typed at a checkout or a till: phones with a wrong digit or a placeholder, names with a slip, e-mails in capitals.

Keyed by the order, so every re-delivery of an order repeats what was typed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate import names
from pipelines.simulate.chunk import Chunk
from pipelines.simulate.draws import Draws, Flags, Ints
from pipelines.simulate.people import People
from pipelines.simulate.purchases import Orders
from pipelines.simulate.spec import SimulationSpec


@dataclass(frozen=True)
class TypedPhones:
    """What was typed, what was meant, and why they differ."""

    typed: Ints
    meant: Ints
    is_placeholder: Flags
    is_typo: Flags


def typed_phones(chunk: Chunk, orders: Orders, channel: int) -> TypedPhones:
    """One phone an order."""
    meant = chunk.people.phone_at(orders.row, channel, orders.at)
    return spoil_phones(chunk.world.spec, chunk.world.draws, meant, orders.key, f"order_{channel}")


def spoil_phones(spec: SimulationSpec, draws: Draws, meant: Ints, key: Ints, stream: str) -> TypedPhones:
    """Replace a few phones by placeholders and change one digit of a few others."""
    choice = draws.uniform(f"{stream}/phone", key)
    placeholder = choice < spec.placeholder_share
    typo = ~placeholder & (choice < spec.placeholder_share + spec.typo_phone_share)
    weights = 1.0 / (1.0 + np.arange(len(names.PLACEHOLDER_PHONES)))
    stand_in = np.array(names.PLACEHOLDER_PHONES)[draws.pick(weights, f"{stream}/placeholder", key)]
    power = 10 ** draws.whole(0, 7, f"{stream}/typo_place", key)
    digit = meant // power % 10
    wrong = (digit + draws.whole(1, 9, f"{stream}/typo_digit", key)) % 10
    slipped = meant + (wrong - digit) * power
    typed = np.where(placeholder, stand_in, np.where(typo, slipped, meant))
    return TypedPhones(np.asarray(typed), meant, np.asarray(placeholder), np.asarray(typo))


def typed_names(chunk: Chunk, orders: Orders) -> pl.Series:
    """The person's name, now and then with a character that looks or sounds alike."""
    slips = chunk.world.draws.chance(chunk.world.spec.typo_name_share, "name_slip", orders.key)
    frame = pl.DataFrame({"name": chunk.people.name.gather(orders.row), "slips": slips})
    head, tail = pl.col("name").str.slice(0, 1), pl.col("name").str.slice(1)
    wrong = pl.concat_str(head.replace(names.SURNAME_SLIPS), tail)
    return frame.select(n=pl.when("slips").then(wrong).otherwise("name"))["n"]


def typed_emails(chunk: Chunk, orders: Orders) -> tuple[pl.Series, pl.Series]:
    """The e-mail as typed and its lower-case form. Second accounts and some guests use the second address."""
    draws, people = chunk.world.draws, chunk.people
    second = uses_second_account(draws, people, orders)
    guest_second = ~people.has_account[orders.row] & draws.chance(0.5, "guest_email", orders.key)
    style = draws.uniform("email_case", orders.key)
    share = chunk.world.spec.email_case_share
    frame = pl.DataFrame(
        {
            "first": people.email.gather(orders.row),
            "second": people.email_second.gather(orders.row),
            "takes_second": second | guest_second,
            "title": style < share / 2,
            "upper_domain": (style >= share / 2) & (style < share),
        }
    )
    plain = pl.when("takes_second").then(pl.coalesce("second", "first")).otherwise("first")
    local, domain = pl.col("plain").str.split("@").list.get(0), pl.col("plain").str.split("@").list.get(1)
    title = pl.concat_str(pl.col("plain").str.slice(0, 1).str.to_uppercase(), pl.col("plain").str.slice(1))
    out = frame.select("title", "upper_domain", plain=plain).select(
        "plain",
        typed=pl.when("title")
        .then(title)
        .when("upper_domain")
        .then(pl.concat_str(local, pl.lit("@"), domain.str.to_uppercase()))
        .otherwise("plain"),
    )
    return out["typed"], out["plain"]


def is_virtual(chunk: Chunk, orders: Orders) -> Flags:
    """Taobao orders whose phone is replaced by a virtual number, since the protection of numbers began."""
    spec, draws = chunk.world.spec, chunk.world.draws
    is_late = orders.at >= spec.virtual_phone_from * spec.seconds
    return np.asarray(is_late & draws.chance(spec.virtual_phone_share, "virtual", orders.key))


def leaves_no_phone(draws: Draws, orders: Orders) -> Flags:
    """Shopify orders in which the phone stays empty."""
    return draws.chance(0.08, "shopify_order_no_phone", orders.key)


def uses_second_account(draws: Draws, people: People, orders: Orders) -> Flags:
    """Orders that holders of two accounts place with the second one."""
    return people.has_second_account[orders.row] & draws.chance(0.3, "second_account_order", orders.key)
