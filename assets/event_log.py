"""Dagster's event log in SQLite, with its databases kept open. Named in the `dagster.yaml` of a home; knows nothing of our assets.

Dagster's own opens a database three times an event and closes it each time, which writes the log back into the file: of a run over
three days of deliveries, 7 of 33 seconds of processor time and more of waiting for the disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from dagster import StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage  # has no public name
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import NullPool


class OpenEventLog(SqliteEventLogStorage):
    """The event log below `dagster_home`, in the same files as Dagster's own: one a run, and an index of all runs.

    The index and the run that was asked for last stay open; a web server that looks at a thousand runs holds two.
    """

    def __init__(self, dagster_home: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: dict[str, sa.Connection] = {}
        self._tables: set[str] = set()
        super().__init__(str(Path(dagster_home) / "history" / "runs"), inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {"dagster_home": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Asked for each asset that is made; a table that is there stays there, and to look opens the file."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        if shard not in self._initialized_dbs:  # new, or wiped since
            with self._db_lock:
                self._close(shard)
            with super()._connect(shard):
                pass
        with self._db_lock:
            connection = self._kept.get(shard) or self._open(shard)
            with connection.begin():
                yield connection

    def _open(self, shard: str) -> sa.Connection:
        for other in [kept for kept in self._kept if kept not in {INDEX_SHARD_NAME, shard}]:
            self._close(other)
        # every use holds the lock, whichever thread it is in
        settings = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        connection = sa.create_engine(self.conn_string_for_shard(shard), poolclass=NullPool, connect_args=settings).connect()
        # a killed process loses nothing by it; when the power fails, the history of runs may end some events early
        connection.exec_driver_sql("pragma synchronous = normal")
        connection.commit()
        self._kept[shard] = connection
        return connection

    def _close(self, shard: str) -> None:
        connection = self._kept.pop(shard, None)
        if connection is not None:
            connection.close()

    def dispose(self) -> None:
        super().dispose()
        for shard in list(self._kept):
            self._close(shard)
