"""JSON that is broken, or odd and good: events one a line, tickets in one document."""

from __future__ import annotations

import codecs
import json
from typing import Any

from tests.channels.hostile_files import Hostile, loads, named, order_no, refuses, sets_aside
from tests.channels.world import MESSAGE, SCARF, pospal, pospal_ticket

_BROKEN = "is no JSON object of the kind"
_HALF = "half a character"
_UNKNOWN = refuses("follows no contract")


def json_files() -> list[Hostile]:
    """All of them."""
    return [*_lines(), *_documents()]


def _event(tag: str, **more: Any) -> str:
    return json.dumps(MESSAGE | {"type": "track", "event": "Viewed", "messageId": order_no(tag), "properties": {}} | more)


def _with(tag: str, odd: str) -> str:
    """An event with a member of its properties that is written as it stands here."""
    return _event(tag, properties={"odd": "@"}).replace('"@"', odd)


def _lines() -> list[Hostile]:
    def two(tag: str, odd: str) -> str:
        return f"{_event(tag)}\n{_with(tag + 'odd', odd)}\n"

    deep = {depth: "[" * depth + "]" * depth for depth in (100, 5_000, 1_000_000)}
    maps = '{"a":' * 50_000 + "1" + "}" * 50_000
    return named(
        "json-lines",
        [
            ("deep-100.jsonl", two("j-100", deep[100]), loads(2)),
            ("deep-5000.jsonl", two("j-5000", deep[5_000]), sets_aside(1, _BROKEN)),
            ("deep-million.jsonl", two("j-million", deep[1_000_000]), sets_aside(1, _BROKEN)),
            ("deep-objects.jsonl", two("j-maps", maps), sets_aside(1, _BROKEN)),
            ("deep-and-open.jsonl", two("j-open", "[" * 100_000), sets_aside(1, _BROKEN)),
            ("half-a-character.jsonl", two("j-half", '"\\ud83d"'), sets_aside(1, _HALF)),
            ("other-half.jsonl", two("j-half2", '"x\\uDC00y"'), sets_aside(1, _HALF)),
            ("nul-escape.jsonl", two("j-nul", '"\\u0000"'), sets_aside(1, _HALF)),
            ("nan.jsonl", two("j-nan", "NaN"), sets_aside(1, _BROKEN)),
            ("infinity.jsonl", two("j-inf", "-Infinity"), sets_aside(1, _BROKEN)),
            ("number-1e400.jsonl", two("j-1e400", "1e400"), sets_aside(1, _BROKEN)),
            ("number-of-5000-digits.jsonl", two("j-long", "9" * 5000), sets_aside(1, _BROKEN)),
            ("number-with-leading-zero.jsonl", two("j-zero", "007"), sets_aside(1, _BROKEN)),
            ("key-twice.jsonl", two("j-twice", '1,"odd":2,"odd":3'), loads(2)),
            ("single-quotes.jsonl", two("j-single", "'a'"), sets_aside(1, _BROKEN)),
            ("comment.jsonl", two("j-comment", "1 /* x */"), sets_aside(1, _BROKEN)),
            ("wrong-escape.jsonl", two("j-escape", '"\\q"'), sets_aside(1, _BROKEN)),
            ("raw-control.jsonl", two("j-raw", '"a\tb"'), sets_aside(1, _BROKEN)),
            ("hundred-thousand-keys.jsonl", two("j-keys", json.dumps({f"k{n}": n for n in range(100_000)})), loads(2)),
            ("list-for-an-object.jsonl", f"{_event('j-list')}\n{_event('j-list2', context=[1])}\n", sets_aside(1, "")),
            ("text-for-an-object.jsonl", f"{_event('j-text')}\n{_event('j-text2', context='x')}\n", sets_aside(1, "")),
            ("no-object.jsonl", f"{_event('j-scalar')}\n7\nnull\n[]\n", sets_aside(1, "mark", "mark", "mark")),
            ("blank-lines.jsonl", f"\n\n{_event('j-blank')}\n\n{_event('j-blank2')}\n  \n", sets_aside(2, "")),
            ("cut.jsonl", f"{_event('j-cut')}\n{_event('j-cut2')}"[:-9], sets_aside(1, _BROKEN)),
            ("two-on-a-line.jsonl", f"{_event('j-glued')}{_event('j-glued2')}\n{_event('j-glued3')}\n", sets_aside(1, _BROKEN)),
            ("returns.jsonl", f"{_event('j-cr')}\r\n{_event('j-cr2')}\r\n", loads(2)),
            ("cr-only.jsonl", f"{_event('j-cro')}\r{_event('j-cro2')}\r", loads(2)),
            ("mark.jsonl", codecs.BOM_UTF8 + f"{_event('j-bom')}\n".encode(), loads(1)),
            ("utf16.jsonl", codecs.BOM_UTF16_LE + f"{_event('j-16')}\n".encode("utf-16-le"), loads(1)),
            (
                "all-of-another-kind.jsonl",
                "".join(_event(f"j-kind{n}", context="x") + "\n" for n in range(3_000)),
                refuses("no JSON object of the kind"),
            ),
        ],
    )


def _documents() -> list[Hostile]:
    def tickets(tag: str, count: int = 2) -> str:
        return pospal(*(pospal_ticket(order_no(tag, number), [SCARF]) for number in range(count)))

    odd = pospal(pospal_ticket(order_no("d-odd"), [SCARF]), pospal_ticket(order_no("d-odd", 1), [SCARF], remark="@"))
    return named(
        "json-documents",
        [
            ("whole.json", tickets("d-whole"), loads(2)),
            ("pretty.json", json.dumps(json.loads(tickets("d-pretty")), indent=4), loads(2)),
            ("cut-in-a-ticket.json", tickets("d-cut")[:-300], refuses("ends too early")),
            ("cut-behind-the-last.json", tickets("d-cut2")[:-20], refuses("ends too early")),
            ("closed-too-often.json", tickets("d-closed") + "}}", _UNKNOWN),
            ("text-behind.json", tickets("d-behind") + " trailing", loads(2)),
            ("two-documents.json", tickets("d-one") + tickets("d-two"), loads(4)),
            ("comma-at-the-end.json", tickets("d-comma").replace('}], "pageSize"', '},], "pageSize"'), loads(2)),
            ("deep.json", odd.replace('"@"', "[" * 100_000 + "]" * 100_000), sets_aside(1, _BROKEN)),
            ("half-a-character.json", odd.replace('"@"', '"\\udfff"').replace(order_no("d-odd"), order_no("d-h")), sets_aside(1, _HALF)),
            ("empty-list.json", pospal(), _UNKNOWN),
            ("empty-object.json", "{}", _UNKNOWN),
            ("empty-array.json", "[]", _UNKNOWN),
            ("scalar.json", "42", _UNKNOWN),
            ("text.json", '"订单"', _UNKNOWN),
            ("no-json.json", "{订单: 1}", _UNKNOWN),
            ("list-of-lists.json", "[[1,2],[3,4]]", _UNKNOWN),
            ("mixed-list.json", tickets("d-mixed").replace('"result": [', '"result": [7, null, "x", [], '), sets_aside(2, *["mark"] * 4)),
        ],
    )
