"""A verdict counts rows and shows none; what cannot be judged is an error and never a verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from expectations import Verdict, validate_table
from pipelines.contracts.channel_tables import CHANNEL_PRODUCTS
from pipelines.contracts.errors import CdpError
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS

PHONE = "+8613812345678"


def consents(rows: int = 100, **broken: object) -> pl.DataFrame:
    good = {
        "customer_id": [f"c{place}" for place in range(rows)],
        "contact_type": "phone",
        "contact_value": PHONE,
        "medium": "sms",
        "purpose": "marketing",
        "status": "granted",
        "stated_at": datetime(2026, 1, 1, tzinfo=UTC),
        "_load_id": "0123456789abcdef",
        "_source_row": 1,
    }
    return pl.DataFrame(good | broken, schema=GOLDEN_CONSENTS.schema)


def judge(frame: pl.DataFrame, folder: Path, name: str = "golden_consents") -> Verdict:
    frame.write_parquet(folder / "part-0.parquet")
    return validate_table(name, str(folder / "*.parquet"), memory_limit="500MB", threads=1)


def test_failure_counts_rows_and_shows_no_value(tmp_path: Path) -> None:
    verdict = judge(consents(status="perhaps", contact_value="13812345678"), tmp_path)
    assert verdict.failures == ("expect_column_values_to_be_in_set status: 100 rows", "expect_rows_to_hold phones_are_e164: 100 rows")
    assert "13812345678" not in repr(verdict)
    assert "perhaps" not in repr(verdict)


def test_duplicate_key_is_counted_once_for_each_row_too_many(tmp_path: Path) -> None:
    twice = pl.concat([consents(), consents(3)])
    verdict = judge(twice, tmp_path)
    assert verdict.failures == ("expect_key_to_be_unique customer_id, contact_type, contact_value, medium, purpose: 3 rows",)


def test_keys_that_look_alike_are_not_taken_for_one(tmp_path: Path) -> None:
    """DuckDB's own `hash` takes hundreds of these numbered keys for repeats of one another."""
    numbers = pl.DataFrame({"number": range(100_000, 130_000)})
    text = pl.col("number").cast(pl.String)
    products = numbers.select(
        channel=pl.lit("cj"), product_key="cj:" + text, product_id_channel=text, _load_id=pl.lit("0123456789abcdef"), _source_row="number",
        _exported_at=pl.lit(datetime(2026, 3, 1, tzinfo=UTC)),
    )  # fmt: skip
    filled = products.select(
        (pl.col(name) if name in products.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CHANNEL_PRODUCTS.schema.items()
    )
    assert not [words for words in judge(filled, tmp_path, "channel_products").failures if "unique" in words]


def test_missing_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CdpError, match=r"golden_consents: status is missing"):
        judge(consents().drop("status"), tmp_path)


def test_wrong_type_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CdpError, match=r"_source_row is varchar instead of bigint"):
        judge(consents().with_columns(pl.col("_source_row").cast(pl.String)), tmp_path)


def test_column_that_the_contract_does_not_know_is_a_failure(tmp_path: Path) -> None:
    verdict = judge(consents().with_columns(shoe_size=pl.lit(43)), tmp_path)
    assert verdict.failures == ("expect_table_columns_to_match_ordered_list: missing [], not in the contract ['shoe_size']",)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CdpError, match="No files found"):
        validate_table("golden_consents", str(tmp_path / "*.parquet"), memory_limit="500MB", threads=1)


def test_several_globs_are_one_table(tmp_path: Path) -> None:
    consents(5).write_parquet(tmp_path / "a.parquet")
    consents(5, status="perhaps").write_parquet(tmp_path / "b.parquet")
    verdict = validate_table("golden_consents", [str(tmp_path / "a.parquet"), str(tmp_path / "b*")], memory_limit="500MB", threads=1)
    assert "expect_column_values_to_be_in_set status: 5 rows" in verdict.failures


@pytest.mark.parametrize(("odd", "passed"), [(20, True), (21, False)])
def test_tolerated_rows_warn_and_more_of_them_fail(odd: int, passed: bool, tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "channel": "pos",
            "campaign_key": [f"pos:{place}" for place in range(100)],
            "campaign_no": "1",
            "starts_on": [date(2026, 1, 2)] * odd + [date(2026, 1, 1)] * (100 - odd),
            "ends_on": date(2026, 1, 1),
            "campaign_name": None,
            "campaign_type": None,
            "_load_id": "0123456789abcdef",
            "_source_row": 1,
            "_exported_at": datetime(2026, 1, 3, tzinfo=UTC),
        }
    )
    from pipelines.contracts.channel_tables import CHANNEL_CAMPAIGNS

    contract = rows.select(pl.col(name).cast(kind) for name, kind in CHANNEL_CAMPAIGNS.schema.items())
    verdict = judge(contract, tmp_path, "channel_campaigns")
    words = (f"expect_rows_to_hold campaigns_start_before_they_end: {odd} rows",)
    assert (verdict.passed, verdict.failures, verdict.warnings) == (passed, () if passed else words, words if passed else ())


def test_nothing_is_left_open_and_nothing_is_printed(tmp_path: Path) -> None:
    consents(status="perhaps").write_parquet(tmp_path / "part-0.parquet")
    code = (
        "import logging, os\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from expectations import Verdict, validate_table\n"
        f"verdict = validate_table('golden_consents', {str(tmp_path / '*.parquet')!r}, memory_limit='500MB', threads=1)\n"
        "assert not verdict.passed\n"
        "held = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "assert not [path for path in held if path.endswith('.parquet')], held\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=True)
    assert done.stdout == ""
    assert "13812345678" not in done.stderr
    assert "Calculating" not in done.stderr


def test_suites_are_read_without_great_expectations() -> None:
    code = "import sys, expectations; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
