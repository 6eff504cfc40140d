"""Small invented graphs of records and values for the clustering, as the tables that it reads, whichever engine holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

# kind_id, type, scope, rank, is_exclusive, may_be_shared
KINDS = [
    (1, "email", "global", 7, False, True),
    (2, "member_id", "shop", 2, True, False),
    (3, "phone", "global", 8, False, True),
    (4, "unionid", "app", 1, True, False),
    (5, "decision", "must_link", 0, False, False),
]
NAMES = {1: "王伟", 2: "王为", 3: "李娜", 4: "张强"}
Point = tuple[int, int, str]  # record, kind, value
Pair = tuple[int, int]
Portrait = tuple[int, date]  # name, birthday
SCHEMAS = {
    "rejected": "kind_id bigint, value varchar",
    "apart": "record_id bigint, kind_id bigint, value varchar, reason varchar",
    "holders": "record_id bigint, kind_id bigint, value varchar, holder_no bigint",
    "alike": "a bigint, b bigint",
    "own_names": "record_id bigint, name_id bigint",
    "births": "record_id bigint, birth_on date",
    "names": "name_id bigint, full_name varchar",
    "must_links": "decision_no bigint, left_id bigint, right_id bigint, said_by varchar",
    "cannot_links": "decision_no bigint, left_id bigint, right_id bigint, said_by varchar",
    "records": "record_id bigint, source_record_key varchar",
    "kinds": "kind_id bigint, type varchar, scope varchar, rank int, is_exclusive boolean, may_be_shared boolean",
    "judged": "record_id bigint, kind_id bigint, value varchar, state varchar, is_accepted boolean, first_seen_at timestamp,"
    " last_seen_at timestamp",
}
SHARED = "create table shared as select kind_id, value from judged group by kind_id, value having count(*) > 1"


@dataclass(frozen=True)
class World:
    """What the clustering is told."""

    points: list[Point]
    record_count: int
    portraits: Mapping[int, Portrait] = field(default_factory=dict)
    must: list[Pair] = field(default_factory=list)
    cannot: list[Pair] = field(default_factory=list)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of each table of SCHEMAS; most tables have none."""
        nothing: dict[str, list[tuple[Any, ...]]] = {table: [] for table in SCHEMAS}
        return nothing | {
            "records": [(n, f"r:{n:04d}") for n in range(1, self.record_count + 1)],
            "kinds": list(KINDS),
            "judged": [(*point, "real", True, *_seen(point)) for point in self.points],
            "own_names": [(record, name) for record, (name, _) in self.portraits.items()],
            "births": [(record, born) for record, (_, born) in self.portraits.items()],
            "names": list(NAMES.items()),
            "must_links": [(number, *pair, "somebody") for number, pair in enumerate(self.must, start=1)],
            "cannot_links": [(number, *pair, "somebody") for number, pair in enumerate(self.cannot, start=1)],
        }


def _seen(point: Point) -> tuple[datetime, datetime]:
    """First and last, spread over two years so that a value may fall silent between two records."""
    first = datetime(2024, 1, 1) + timedelta(days=point[0] * 37 % 700)
    return first, first + timedelta(days=point[0] % 20)
