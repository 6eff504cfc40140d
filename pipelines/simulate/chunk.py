"""Bundle what is drawn for one run of people, so that every format tells of the same world. Nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from pipelines.simulate.catalog import Catalog
from pipelines.simulate.draws import Draws, Ints
from pipelines.simulate.people import People, draw_people
from pipelines.simulate.purchases import Lines, Orders, draw_lines, draw_orders, with_whole_returns
from pipelines.simulate.seasons import Seasons
from pipelines.simulate.spec import DeliveryCalendar, SimulationSpec


@dataclass(frozen=True)
class World:
    """What does not depend on the chunk."""

    spec: SimulationSpec
    draws: Draws
    seasons: Seasons
    calendar: DeliveryCalendar
    catalog: Catalog

    @property
    def epoch(self) -> int:
        """Second 0 of the simulation as seconds from 1970 on the business clock."""
        first = datetime.combine(self.spec.first_day, datetime.min.time())
        return int((first - datetime(1970, 1, 1)).total_seconds())


@dataclass(frozen=True)
class Chunk:
    """One run of people with all that they do in the shops."""

    world: World
    people: People
    orders: Orders
    lines: Lines

    def lines_of(self, orders: Ints) -> tuple[Ints, Ints]:
        """The lines of the orders at the positions given, as two columns: which of them, and the line's position."""
        first = np.searchsorted(self.lines.order, orders)
        count = np.searchsorted(self.lines.order, orders, side="right") - first
        which = np.repeat(np.arange(len(orders), dtype=np.int64), count)
        number = np.arange(len(which), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count)
        return which, first[which] + number

    def titles_of(self, orders: Ints) -> pl.DataFrame:
        """One row per order given: `titles` joined by a full-width comma, `first_title`, `kinds`, `pieces`."""
        which, line = self.lines_of(orders)
        frame = pl.DataFrame(
            {
                "order": which,
                "title": self.world.catalog.frame["title"].gather(self.lines.product[line]),
                "quantity": self.lines.quantity[line],
            }
        )
        return frame.group_by("order", maintain_order=True).agg(
            titles=pl.col("title").str.join("，"),
            first_title=pl.col("title").first(),
            kinds=pl.len().cast(pl.Int64),
            pieces=pl.col("quantity").sum(),
        )


def draw_chunk(world: World, low: int, high: int) -> Chunk:
    """People low to high - 1 with their orders and lines."""
    people = draw_people(world.spec, world.draws, low, high)
    orders = draw_orders(world.spec, world.draws, world.seasons, people)
    lines = draw_lines(world.draws, world.catalog, people, orders)
    return Chunk(world, people, with_whole_returns(orders, lines), lines)
