"""Spark behind the one method of a connection that the stage uses: queries go there as they stand, only storage is put in other words.

What is stored differs between engines anyway (a table here, a view of rows there), so `create table`, `insert into` and `drop table` are
taken apart by their first words. Nothing after `as` is touched.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

_CREATE_AS = re.compile(r"create (?:or replace )?table (\w+) as\s(.*)", re.DOTALL)
_CREATE = re.compile(r"create (?:or replace )?table (\w+) \((.*)\)", re.DOTALL)
_INSERT = re.compile(r"insert into (\w+)\s(.*)", re.DOTALL)
_DROP = re.compile(r"drop table (?:if exists )?(\w+)")
_FROM_FILE = re.compile(r"select \* from read_parquet\('(.*)'\)")
_TO_FILE = re.compile(r"copy \((.*)\) to '(.*)' \(format parquet\)", re.DOTALL)
_TYPES = {pl.Int64: "bigint", pl.String: "string", pl.Date: "date", pl.Int32: "int", pl.Boolean: "boolean"}


class SparkEngine:
    """`execute` and `fetchall` over one Spark session; files that are handed over lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        from pyspark.sql import SparkSession

        self.folder = folder
        self.rows: list[tuple[Any, ...]] = []
        settings = {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.default.parallelism": "1",
            "spark.sql.adaptive.enabled": "false",
            # compiling each of a hundred queries takes longer than their few rows
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "1g",
        }
        builder = SparkSession.builder.master("local[1]").appName("retail-cdp")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")

    def execute(self, text: str) -> SparkEngine:
        """Run one or more statements; the rows of the last one are fetched when it is a query."""
        for statement in text.split(";"):
            if statement.strip():
                self._execute(statement.strip())
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def create(self, table: str, rows: list[tuple[Any, ...]], schema: str) -> None:
        self.spark.createDataFrame(rows, schema).createOrReplaceTempView(table)

    def stop(self) -> None:
        self.spark.stop()

    def _execute(self, statement: str) -> None:
        if created := _CREATE_AS.fullmatch(statement):
            table, query = created.groups()
            handed_over = _FROM_FILE.fullmatch(query.strip())
            if handed_over:
                frame = pl.read_parquet(handed_over[1])
                self.create(table, frame.rows(), ", ".join(f"{name} {_TYPES[type(kind)]}" for name, kind in frame.schema.items()))
            else:
                self._keep(table, self.spark.sql(query))
        elif declared := _CREATE.fullmatch(statement):
            self.create(declared[1], [], declared[2].replace("varchar", "string"))
        elif inserted := _INSERT.fullmatch(statement):
            table, query = inserted.groups()
            self._keep(table, self.spark.table(table).union(self.spark.sql(query)))
        elif dropped := _DROP.fullmatch(statement):
            self.spark.catalog.dropTempView(dropped[1])
        elif handed_over := _TO_FILE.fullmatch(statement):
            query, path = handed_over.groups()
            found = self.spark.sql(query)
            pl.DataFrame([tuple(row) for row in found.collect()], schema=found.columns, orient="row").write_parquet(path)
        elif statement == "select current_setting('temp_directory')":
            self.rows = [(str(self.folder),)]
        else:
            self.rows = [tuple(row) for row in self.spark.sql(statement).collect()]

    def _keep(self, table: str, frame: Any) -> None:
        # anew from its rows: estimates of sizes, which Spark multiplies from join to join, would grow to thousands of digits
        self.spark.createDataFrame(frame.collect(), frame.schema).createOrReplaceTempView(table)


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in one order, whole numbers as such, instants without a zone: the engines hand over other classes for the same value."""

    def one(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value)
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    return sorted((tuple(map(one, row)) for row in rows), key=repr)
