"""Marketing and service: what each must have, what stops it, and what two lists may promise one customer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.segments import Offer, Segment
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import read_segments
from tests.segments.shop import DAY, Shop, phone, segment


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.add("ann")
    return shop


def outcomes(shop: Shop, *segments: Segment) -> dict[tuple[str, str], str]:
    return {key: outcome for key, (outcome, _, _) in shop.decide(*segments).items()}


def test_service_needs_no_grant_and_heeds_a_denial_of_service(shop: Shop) -> None:
    shop.add("bob", consents=False)
    shop.add("cat", phone_e164=phone(7))
    shop.denied_service = [("cat", phone(7))]
    found = shop.decide(segment(purpose="service"))
    assert {customer: outcome for (_, customer), (outcome, _, _) in found.items()} == {
        "ann": "exported",
        "bob": "exported",
        "cat": "no_consent",
    }
    assert found["all_sms", "cat"][1] == "sms for service is denied on the phone"


def test_service_is_neither_capped_nor_counted(shop: Shop) -> None:
    shop.sent(1, "ann")
    shop.sent(2, "ann")
    assert outcomes(shop, segment(), segment("survey", purpose="service")) == {
        ("all_sms", "ann"): "over_cap",
        ("survey", "ann"): "exported",
    }
    for days in (1, 2, 3):
        shop.sent(days, "ann", name="survey", purpose="service")
    assert outcomes(shop, segment())["all_sms", "ann"] == "exported"


def test_service_does_not_compete_with_marketing_or_itself(shop: Shop) -> None:
    plans = (segment(), segment("survey", purpose="service", priority=1), segment("points", purpose="service", priority=2))
    assert set(outcomes(shop, *plans).values()) == {"exported"}


def test_of_service_one_phone_gets_one_message_a_list(shop: Shop) -> None:
    shop.add("bob", phone_e164=phone(0))
    found = shop.decide(segment("points", purpose="service"), segment("survey", where="customer_id = 'bob'", purpose="service"))
    assert found["points", "ann"][0] == "exported"
    assert found["points", "bob"] == ("lost_priority", "the phone is on a list already", None)
    assert found["survey", "bob"][0] == "exported"


def test_the_global_holdout_is_of_marketing_and_a_segments_own_of_both(shop: Shop) -> None:
    for number in range(300):
        shop.add(f"c{number}")
    shop.config = SegmentsConfig(global_holdout=Decimal("0.5"))
    found = shop.decide(segment(), segment("survey", purpose="service"), segment("points", purpose="service", holdout=Decimal("0.5")))
    reasons: dict[str, set[str | None]] = {}
    for (name, _), (_, reason, _) in found.items():
        reasons.setdefault(name, set()).add(reason)
    assert reasons == {"all_sms": {None, "global holdout"}, "survey": {None}, "points": {None, "holdout of the segment"}}


def offering(name: str, thing: str = "Tea", terms: str = "10 % off", kind: str = "name", **changes: Any) -> Segment:
    return segment(name, offer=Offer(kind, thing, terms), **changes)


def test_two_lists_that_promise_one_customer_different_terms_stop_the_run(shop: Shop) -> None:
    """A customer is on one list of marketing a day, so it takes one of service to promise twice."""
    plans = (offering("coupon"), offering("thanks", " tea ", "20 % off", purpose="service"))
    with pytest.raises(CheckFailedError, match=r"segments coupon and thanks: promise 1 customers the name 'Tea' on different terms"):
        shop.decide(*plans)
    assert not (shop.root / "lake" / "segment_memberships" / f"as_of={DAY}").exists(), "a list of a stopped day would count for the cap"


@pytest.mark.parametrize(
    "other",
    [
        offering("other", terms="10 %  OFF", purpose="service"),
        offering("other", "Coffee", "20 % off", purpose="service"),
        offering("other", terms="20 % off", kind="sku", purpose="service"),
        offering("other", terms="20 % off"),  # marketing as well: nobody is on both
        offering("other", terms="20 % off", purpose="service", where="customer_id <> 'ann'"),
        offering("other", terms="20 % off", purpose="service", valid_to=DAY - timedelta(days=1)),
        segment("other", purpose="service"),
    ],
)
def test_the_same_terms_other_things_and_other_customers_are_no_conflict(shop: Shop, other: Segment) -> None:
    assert outcomes(shop, offering("coupon"), other)


DEFINITION = """
name: own
label: {en: Own, zh: 自有}
description: Of our own.
where: recency_days > 180
channel: sms
purpose: service
priority: 20
owner: crm
"""


def read(folder: Path, offer: str) -> Segment:
    (folder / "own.yaml").write_text(f"{DEFINITION}offer: {offer}\n", encoding="utf-8")
    [found] = [one for one in read_segments((folder,)) if one.name == "own"]
    return found


@pytest.mark.parametrize("kind", ["name", "sku", "category"])
def test_an_offer_is_read_with_its_thing_and_terms(tmp_path: Path, kind: str) -> None:
    found = read(tmp_path, f"{{{kind}: Tea, terms: 10 % off}}")
    assert (found.offer, found.purpose) == (Offer(kind, "Tea", "10 % off"), "service")
    assert found.as_record()["offer"] == {"kind": kind, "thing": "Tea", "terms": "10 % off"}


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        ("{terms: 10 % off}", r"own\.yaml: offer: names one thing: a name, a sku or a category"),
        ("{name: Tea, sku: '7', terms: 10 % off}", "offer: names one thing"),
        ("{name: Tea}", r"offer\.terms: Field required"),
        ("{name: '', terms: 10 % off}", r"offer\.name"),
        ("{nam: Tea, terms: 10 % off}", r"offer\.nam: unknown key, did you mean 'name'"),
        ("10 % off", "offer: .*dictionary"),
    ],
)
def test_an_offer_that_cannot_be_understood_names_file_and_key(tmp_path: Path, offer: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, offer)
