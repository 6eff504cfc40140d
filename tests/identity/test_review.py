"""The queue of the over-merge firewall: one question per two customers, most harmful first, and nothing personal unasked."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.identity.review import count_questions, open_questions
from tests.identity.lake import SEEN, SmallLake

PHONE = "+8613712345670"
HEADER = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on"


def held(left: str, right: str, left_count: int, right_count: int, **other: Any) -> dict[str, Any]:
    counts = {"left_source_record_count": left_count, "right_source_record_count": right_count}
    link = {"left_source_record_key": left, "right_source_record_key": right, "type": "phone", "scope": "global", "value": PHONE}
    return link | {"reason": "a bridge between two groups"} | counts | other


def queued(tmp_path: Path, customers: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Run:
    """A lake in which these links were held back, and these records are these customers'."""
    lake = SmallLake(tmp_path / "home", tmp_path)
    current = [{"source_record_key": key, "customer_id": customer, "first_seen_at": SEEN} for key, customer in customers.items()]
    write_table(
        pl.DataFrame(current, schema=IDENTITY_CURRENT.schema),
        IDENTITY_CURRENT,
        lake.home.table("identity_current") / "part-0.parquet",
    )
    lake.home.table("identity_review").mkdir()
    pl.DataFrame(list(rows)).write_parquet(lake.home.table("identity_review") / "part-0.parquet")
    return lake.run()


@pytest.mark.parametrize("seed", range(4))
def test_question_that_would_mix_most_records_comes_first(tmp_path: Path, seed: int) -> None:
    customers = {f"x:{n}": f"c_{n}" for n in range(8)}
    rows = [held("x:0", "x:1", 2, 3), held("x:2", "x:3", 40, 1), held("x:6", "x:7", 6, 1), held("x:4", "x:5", 1, 6)]
    random.Random(seed).shuffle(rows)
    questions = open_questions(queued(tmp_path, customers, rows))
    assert [(question.left_customer_id, question.pair_count) for question in questions] == [("c_2", 40), ("c_0", 6), ("c_4", 6), ("c_6", 6)]


def test_links_between_the_same_two_customers_are_one_question(tmp_path: Path) -> None:
    """Whichever side the customers are on: one decision settles all of them."""
    customers = {"x:1": "c_a", "x:2": "c_b", "x:3": "c_a", "x:4": "c_c"}
    rows = [held("x:1", "x:2", 5, 2), held("x:2", "x:3", 2, 7, type="email", value="li@qq.com"), held("x:1", "x:4", 1, 1)]
    [first, second] = open_questions(queued(tmp_path, customers, rows), reveal=True)
    assert [(link.left_source_record_key, link.type) for link in first.links] == [("x:1", "phone"), ("x:2", "email")]
    assert (first.left_customer_id, first.left_source_record_count, first.right_source_record_count, first.pair_count) == ("c_b", 2, 7, 14)
    assert second.right_customer_id == "c_c"


@pytest.mark.parametrize("seed", range(4))
def test_as_many_questions_are_counted_as_are_asked(tmp_path: Path, seed: int) -> None:
    """The summary of a run counts without reading what each question is about."""
    rng = random.Random(seed)
    customers = {f"x:{n}": f"c_{rng.randrange(6)}" for n in range(20)}
    rows = [held(f"x:{left}", f"x:{right}", 1, 1) for left, right in (sorted(rng.sample(range(24), 2)) for _ in range(30))]
    run = queued(tmp_path, customers, rows)
    assert count_questions(run) == len(open_questions(run)) > 5


def test_record_that_is_nobodys_still_asks(tmp_path: Path) -> None:
    [question] = open_questions(queued(tmp_path, {"x:1": "c_a"}, [held("x:1", "x:9", 1, 1)]))
    assert (question.left_customer_id, question.right_customer_id) == ("c_a", None)


def test_what_is_decided_by_now_is_told(tmp_path: Path) -> None:
    """A decision of today is dated after the day of the last run; one that has expired says nothing."""
    customers = {f"x:{n}": f"c_{n}" for n in range(6)}
    rows = [held("x:0", "x:1", 9, 9), held("x:2", "x:3", 5, 5), held("x:4", "x:5", 1, 1)]
    run = queued(tmp_path, customers, rows)
    lines = [
        "cannot_link,x:1,x:0,ann,r,2026-11-30,",
        "must_link,x:2,x:3,ann,r,2026-01-01,2026-02-01",
        "must_link,x:4,x:0,ann,r,2026-01-01,",
    ]
    (tmp_path / "identity_decisions.csv").write_text("\n".join([HEADER, *lines, ""]))
    assert [question.decided_in for question in open_questions(run)] == ["cannot_link, line 2", None, None]


def test_nothing_personal_is_told_unless_it_is_revealed(tmp_path: Path) -> None:
    run = queued(tmp_path, {}, [held("youzan:13712345670", "taobao:李明明", 1, 1, reason=f"bridge over {PHONE}")])
    told, revealed = (
        json.dumps([asdict(one) for one in open_questions(run, reveal=reveal)], ensure_ascii=False) for reveal in (False, True)
    )
    assert [secret for secret in ("13712345670", "李明明") if secret in told] == []
    assert [secret for secret in ("13712345670", "李明明") if secret not in revealed] == []


def test_lake_without_the_table_has_no_question(tmp_path: Path) -> None:
    assert open_questions(SmallLake(tmp_path / "home", tmp_path).run()) == []
