"""What dbt tells while it works, without what only a log of details would show. Knows dbt, and none of our models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt_common.events.base_types import BaseEvent, EventLevel


@contextmanager
def without_details() -> Iterator[None]:
    """Inside, events of the level `debug` are dropped before they are put into words: thousands a build, which nobody reads.

    Only the one that counts finished models and tests is kept. What warns and fails is told as ever.
    """
    from dbt.events.types import NodeFinished
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

    class Told(EventManager):
        def fire_event(
            self, e: BaseEvent, level: EventLevel | None = None, node: Any = None, force_warn_or_error_handling: bool = False
        ) -> None:
            is_detail = (level or e.level_tag()) is EventLevel.DEBUG and not isinstance(e, NodeFinished)
            if force_warn_or_error_handling or not is_detail:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    before = get_event_manager()
    ctx_set_event_manager(Told())
    try:
        yield
    finally:
        ctx_set_event_manager(before)
