"""Who may be uploaded, against the rules in plain Python, on random shops in which people share phones, deny, and have several openids."""

from __future__ import annotations

import random
from typing import Any

import duckdb
import pytest

from pipelines.publish.audience import PERMISSIONS, create_audience
from pipelines.publish.destinations import Consent

PURPOSES, MEDIA = ("personalization", "marketing", "service"), ("sms", "email", "wechat", "app_push")


def random_shop(seed: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """People (id, phone, email), consents, openids (customer, appid, openid, seen). Few values, so that many are shared."""
    chance = random.Random(seed)
    people = [
        (
            f"c_{number:03d}",
            chance.choice([None, f"+86138{chance.randrange(60):08d}"]),
            chance.choice([None, f"p{chance.randrange(60)}@x.cn"]),
        )
        for number in range(80)
    ]
    openids = [(f"c_{chance.randrange(80):03d}", chance.choice("AB"), f"o_{chance.randrange(70)}", chance.randrange(5)) for _ in range(160)]
    consents = []
    for _ in range(500):
        who, phone, email = chance.choice(people)
        theirs = [openid for owner, _, openid, _ in openids if owner == who]
        values = [("phone", phone), ("email", email), ("openid", chance.choice(theirs) if theirs else None)]
        kind, value = chance.choice(values)
        if value is not None:
            status = "granted" if chance.random() < 0.85 else "denied"
            consents.append((who, kind, value, chance.choice(MEDIA), chance.choice(PURPOSES), status))
    return people, consents, openids


def audience(shop: tuple[list[tuple[Any, ...]], ...], consent: Consent, appid: str) -> dict[str, tuple[Any, ...]]:
    people, consents, openids = shop
    with duckdb.connect() as connection:
        connection.execute("create table people (customer_id varchar, known_phone varchar, known_email varchar)")
        connection.execute(
            "create table consents (customer_id varchar, contact_type varchar, contact_value varchar, medium varchar, purpose varchar,"
            " status varchar)"
        )
        connection.execute("create table openids (customer_id varchar, appid varchar, openid varchar, last_seen_at integer)")
        for name, rows in (("people", people), ("consents", consents), ("openids", openids)):
            connection.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute(PERMISSIONS)
        create_audience(connection, consent, "sms", appid)
        found = connection.execute("select customer_id, contact_phone, contact_email, contact_openid from audience").fetchall()
    assert len(found) == len(people)
    return {who: tuple(contacts) for who, *contacts in found}


@pytest.mark.parametrize("seed", range(12))
def test_uploads_need_a_consent_of_their_own_that_nobody_denies(seed: int) -> None:
    shop = random_shop(seed)
    people, consents, _ = shop
    said = [(who, kind, value, status) for who, kind, value, _, purpose, status in consents if purpose == "personalization"]

    def may(who: str, kind: str, value: str | None) -> bool:
        return (
            (who, kind, value, "granted") in said
            and not any(owner == who and status == "denied" for owner, _, _, status in said)
            and not any(other == value and status == "denied" for _, _, other, status in said)
        )

    expected = {
        who: (phone if may(who, "phone", phone) else None, email if may(who, "email", email) else None, None)
        for who, phone, email in people
    }
    assert audience(shop, Consent.ADVERTISING, "") == expected
    assert any(phone or email for phone, email, _ in expected.values())


@pytest.mark.parametrize("seed", range(12))
def test_wechat_reaches_the_openid_seen_last_of_those_that_consented(seed: int) -> None:
    shop = random_shop(seed)
    people, consents, openids = shop
    said = [(who, value, status) for who, kind, value, medium, purpose, status in consents if (medium, purpose) == ("wechat", "marketing")]
    granted = {(who, value) for who, value, status in said if status == "granted"}
    denied = {value for _, value, status in said if status == "denied"}
    expected = {}
    for who, *_ in people:
        theirs = [
            (seen, openid)
            for owner, appid, openid, seen in openids
            if owner == who and appid == "A" and (who, openid) in granted and openid not in denied
        ]
        expected[who] = (None, None, max(theirs)[1] if theirs else None)
    assert audience(shop, Consent.WECHAT, "A") == expected


def test_list_gives_the_contact_point_of_its_channel_alone() -> None:
    shop = random_shop(0)
    assert audience(shop, Consent.LIST, "") == {who: (phone, None, None) for who, phone, _ in shop[0]}
