"""`cdp review`: which customers may be one person and wait for a decision, as text for people or as JSON. Computes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from assets.cli.explain import run_of, warn_of_clear_values
from assets.cli.wording import counted, cut, named, plain
from pipelines.contracts.run import Run
from pipelines.identity.decisions import FILE_NAME
from pipelines.identity.review import Question, open_questions


def print_review(home: Path | None, config: Path | None, limit: int, *, reveal: bool, as_json: bool) -> None:
    """Print the first `limit` questions; say on stderr when they show personal data."""
    run = run_of(home, config)
    questions = open_questions(run, reveal=reveal)
    if reveal:
        warn_of_clear_values()
    if as_json:
        print(json.dumps([asdict(question) for question in questions[:limit]], ensure_ascii=False))
        return
    print("\n".join(_lines(run, questions, limit)))


def _lines(run: Run, questions: Sequence[Question], limit: int) -> Iterator[str]:
    if not questions:
        yield f"nothing waits for a decision as of {run.as_of}"
        return
    yield f"{counted(len(questions), 'question')} as of {run.as_of}: are the two one person? Until it is decided they are kept apart"
    for no, question in enumerate(questions[:limit], start=1):
        yield from ("", *_question(no, question))
    if len(questions) > limit:
        yield f"\n... and {len(questions) - limit:,} less harmful: --limit"
    yield ""
    yield "See them        cdp explain CUSTOMER_ID"
    yield "One person      cdp merge CUSTOMER_ID CUSTOMER_ID"
    yield f"Two people      they stay apart; never asked again with a cannot_link row in {run.reference / FILE_NAME} (--clear: keys)"
    yield "Merged wrongly  cdp unmerge CUSTOMER_ID RECORD..."


def _question(no: int, question: Question) -> Iterator[str]:
    left, right = question.left_customer_id or "nobody", question.right_customer_id or "nobody"
    sizes = f"{counted(question.left_source_record_count, 'record')} and {counted(question.right_source_record_count, 'record')}"
    yield f"{no}. {left} and {right}: {sizes}; wrong, they would mix {counted(question.pair_count, 'pair')} of records"
    yield from cut(
        [
            f"   {plain(row.left_source_record_key)} and {plain(row.right_source_record_key)} by {named(row)}: {plain(row.reason, to=200)}"
            for row in question.links
        ]
    )
    if question.decided_in:
        yield f"   decided by now ({question.decided_in}): the next run applies it"
