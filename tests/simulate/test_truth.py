"""The truth is complete: who is behind every record that the deliveries name, and what was planted."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="module")
def named(rows_of, events, bills, deliveries) -> set[str]:
    """Every source record key that a reader of the deliveries can make."""
    keys = {f"taobao:{row['买家会员名']}" for row in rows_of("taobao_order_v1")}
    keys |= {f"youzan:{row['买家手机号']}" for row in rows_of("youzan_order") if row["买家手机号"]}
    phones = {row["客户手机号"] for row in rows_of("youzan_customer")}
    keys |= {f"youzan:{phone}" for phone in phones if re.fullmatch(r"\d{11}", phone)}
    keys |= {f"siss:{row['card_id'].strip()}" for row in rows_of("siss_saleflow") if row["card_id"].strip()}
    keys |= {f"shopify:{row['Customer ID'].strip(chr(39))}" for row in rows_of("shopify_customers")}
    keys |= {f"shopify:{row['Email'].lower()}" for row in rows_of("shopify_orders")}
    for _, lines in bills:
        cells = [line[1:].split(",`") for line in lines[1:-2]]
        keys |= {f"wechatpay:{cell[1]}/{cell[7]}" for cell in cells}
    for event in events:
        keys.add(f"segment:{event['userId']}" if "userId" in event else f"segment:anon/{event['anonymousId']}")
    keys |= {f"zendesk:{row['Requester id']}" for row in rows_of("zendesk_csv")}
    keys |= {f"loyalty:{row['member_id']}" for row in rows_of("loyalty_points")}
    for path in deliveries.glob("*/mailchimp_activity_*.jsonl"):
        keys |= {f"mailchimp:{json.loads(line)['email_id']}" for line in path.open(encoding="utf-8")}
    for path in deliveries.glob("*/aliyun_sms_report_*.json"):
        keys |= {f"sms:{item['phone_number']}" for item in json.loads(path.read_text("utf-8"))}
    return keys


@pytest.fixture(scope="module")
def truth(deliveries: Path) -> dict[str, pl.DataFrame]:
    return {name: pl.read_parquet(deliveries / "truth" / f"{name}.parquet") for name in ("people", "source_records", "traps")}


def test_truth_names_exactly_the_records_of_the_deliveries(named, truth):
    assert set(truth["source_records"]["source_record_key"]) == named


def test_only_the_walk_in_card_belongs_to_nobody(truth):
    nobody = truth["source_records"].filter(pl.col("person_id").is_null())
    assert nobody["source_record_key"].to_list() == ["siss:8800000001"]
    known = truth["source_records"]["person_id"].drop_nulls()
    assert known.is_in(truth["people"]["person_id"].implode()).all()


def test_a_record_of_several_people_is_marked(truth):
    records = truth["source_records"]
    several = records.filter(pl.len().over("source_record_key") > 1)
    assert len(several) > 0
    assert records.filter(pl.col("is_ambiguous"))["source_record_key"].n_unique() == several["source_record_key"].n_unique() + 1


def test_a_member_card_is_held_by_one_person_who_holds_no_other(truth):
    cards = truth["people"]["member_id"].drop_nulls()
    assert cards.n_unique() == len(cards) > 0
    used = truth["source_records"].filter(pl.col("source_record_key").str.starts_with("siss:"), pl.col("person_id").is_not_null())
    assert used["person_id"].n_unique() == len(used) == used["source_record_key"].n_unique()


def test_phones_of_real_people_are_mobiles_and_never_placeholders(truth):
    people = truth["people"]
    phones = pl.concat([people[column] for column in people.columns if column.startswith("phone_")]).drop_nulls().unique()
    assert phones.str.contains(r"^1[3-9]\d{9}$").all()
    placeholders = truth["traps"].filter(kind="placeholder_phone")["value"]
    assert not phones.is_in(placeholders.implode()).any()


def test_main_phones_are_shared_only_by_recycling(truth):
    people = truth["people"]
    repeated = people.filter(pl.len().over("phone_main") > 1)["phone_main"].unique()
    assert set(repeated) == set(truth["traps"].filter(kind="recycled_phone")["value"])


def test_recycled_numbers_are_silent_for_more_than_ninety_days(truth, rows_of):
    """Over all channels and deliveries: between the last mark of the old owner and the first of the new one."""
    recycled = {row["value"]: row["person_ids"] for row in truth["traps"].filter(kind="recycled_phone").iter_rows(named=True)}
    assert recycled
    seen = defaultdict(set)
    for name, column in {
        "taobao_order_v1": "联系手机",
        "youzan_order": "买家手机号",
        "youzan_customer": "客户手机号",
        "shopify_orders": "Phone",
        "shopify_customers": "Phone",
        "siss_saleflow": "memo",
    }.items():
        for row in rows_of(name):
            phone = row[column].lstrip("'").removeprefix("+86")
            if phone in recycled:
                seen[phone].add(date.fromisoformat(row["_day"]))
    gaps = []
    for days in seen.values():
        ordered = sorted(days)
        gaps += [max((b - a for a, b in pairwise(ordered)), default=timedelta(0))]
    both = [gap for gap in gaps if gap > timedelta(90)]
    assert both, "no number is used by both owners"


def test_two_cards_meet_on_one_phone_at_the_till(truth, rows_of):
    phones = defaultdict(set)
    for row in rows_of("siss_saleflow"):
        phones[row["memo"]].add(row["card_id"].strip())
    planted = truth["traps"].filter(kind="two_cards_on_phone")
    assert len(planted) > 0
    met = [row for row in planted.iter_rows(named=True) if len(phones[row["value"]]) >= 2]
    assert met
    assert all(len(row["person_ids"]) == 2 for row in planted.iter_rows(named=True))


def test_walk_in_card_is_swiped_for_very_many_people(rows_of):
    phones = {row["memo"] for row in rows_of("siss_saleflow") if row["card_id"].strip() == "8800000001"} - {""}
    assert len(phones) > 20


def test_placeholders_typed_at_the_till_meet_many_cards(rows_of):
    cards = {row["card_id"].strip() for row in rows_of("siss_saleflow") if row["memo"] == "13800138000"}
    assert len(cards) > 3


def test_traps_name_delivered_records_and_known_people(truth):
    traps, records = truth["traps"], truth["source_records"]
    assert set(traps["kind"]) == {
        "duplicate_account",
        "family_phone",
        "placeholder_phone",
        "rare_surname",
        "recycled_phone",
        "shared_device",
        "two_cards_on_phone",
        "typo_phone",
        "virtual_host",
        "walk_in_card",
    }
    keys = traps["source_record_keys"].explode().drop_nulls()
    assert keys.is_in(records["source_record_key"].implode()).all()


def test_summary_counts_what_stands_in_the_files(simulated, rows_of, events, bills):
    _, summary = simulated
    for name in ("taobao_order_v1", "youzan_order", "youzan_customer", "siss_saleflow", "shopify_orders", "shopify_customers"):
        assert summary.rows[name] == len(rows_of(name)), name
    assert summary.rows["segment_track"] == len(events)
    assert summary.rows["wechatpay_all"] == sum(len(lines) - 3 for _, lines in bills)
    assert summary.people == 700


def test_purchases_of_the_truth_are_those_of_the_till(truth, rows_of):
    """Store purchases with a card shown never exceed what the truth says the person bought."""
    receipts = defaultdict(set)
    for row in rows_of("siss_saleflow"):
        if row["sell_way"] == "A" and row["card_id"].strip():
            receipts[row["card_id"].strip()].add(row["flow_no"])
    refunds = truth["people"].with_columns(pl.col("member_id"))
    bought = dict(refunds.select("member_id", "order_count").drop_nulls().iter_rows())
    assert all(len(found) <= bought[card] for card, found in receipts.items() if card in bought)
