"""The probabilistic matcher: what it may join, what it must not, what it costs, and that it repeats itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from pipelines.contracts.config import Config, EngineConfig
from pipelines.contracts.engine import create_from_frame, fetch_frame, open_engine
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.settings.identity import IdentityConfig, MatcherConfig
from pipelines.identity.matching.blocking import RULES, count_pairs
from pipelines.identity.matching.comparisons import COMPARISONS
from pipelines.identity.matching.descriptions import DESCRIPTION, comparable_descriptions
from pipelines.identity.matching.model import definition
from pipelines.identity.matching.scoring import MODELS, MatcherReport, find_matches
from tests.identity.lake import DAY, SmallLake

_SURNAMES = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖"
)
_GIVEN = tuple("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红鑫鹏宇浩凯健俊帆雪琳欣悦晨曦瑞博文轩昊天子涵梓萱")
_CITIES = ("杭州市", "上海市", "宁波市", "苏州市", "南京市", "广州市", "深圳市", "成都市", "武汉市", "西安市")


@dataclass(frozen=True)
class Found:
    """What a run of the matcher left."""

    report: MatcherReport
    matches: pl.DataFrame
    folder: Path

    def pairs(self, *, accepted: bool = True) -> set[tuple[int, int]]:
        return set(self.matches.filter(pl.col("is_accepted") == accepted).select("left_id", "right_id").iter_rows())


@contextmanager
def engine(lake: SmallLake, threads: int = 1, **matcher: Any) -> Iterator[tuple[duckdb.DuckDBPyConnection, Run]]:
    identity = IdentityConfig(matcher=MatcherConfig(**matcher))
    run = Run(DAY, Config(identity=identity, engine=EngineConfig(threads=threads)), lake.home, lake.reference)
    with open_engine(run, "identity") as connection:
        yield connection, run


def find(lake: SmallLake, descriptions: pl.DataFrame, clusters: dict[int, int] | None = None, **options: Any) -> Found:
    with engine(lake, **options) as (connection, run):
        create_from_frame(connection, "descriptions", descriptions)
        own = clusters or {}
        rows = [(record, own.get(record, record)) for record in descriptions["record_id"]]
        create_from_frame(connection, "clusters", pl.DataFrame(rows, schema={"record_id": pl.Int64, "cluster_id": pl.Int64}, orient="row"))
        report = find_matches(connection, run)
        left = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
        assert left == {"descriptions", "clusters", "matches"}
        return Found(report, fetch_frame(connection, "select * from matches order by left_id, right_id"), run.home.lake / MODELS)


def people(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"record_id": number, **row} for number, row in enumerate(rows, 1)], schema_overrides=DESCRIPTION)


def crowd(size: int, seed: int = 7) -> pl.DataFrame:
    """Invented people with two records each, 2k and 2k + 1, the second with typing errors and a third of what is known missing."""
    random = np.random.default_rng(seed)
    names = ["".join(_draw(random, _SURNAMES, 1)) + "".join(_draw(random, _GIVEN, int(random.integers(1, 3)))) for _ in range(size)]
    rows = []
    for number, name in enumerate(names):
        birth = f"{random.integers(1950, 2006)}-{random.integers(1, 13):02}-{random.integers(1, 29):02}"
        phone = f"13{random.integers(0, 10**9):09}"
        email = f"u{random.integers(0, 10**7)}@mail.example"
        address = f"{''.join(_draw(random, _GIVEN, 2))}路{random.integers(1, 400)}号{random.integers(1, 30)}-{random.integers(101, 2000)}"
        whole = {
            "full_name": name,
            "birth_on": birth,
            "city": _draw(random, _CITIES, 1)[0],
            "address": address,
            "email": email,
            "phone": phone,
        }
        other: dict[str, Any] = dict(whole) | {"phone": phone[:3] + "****" + phone[-4:]}
        if random.random() < 0.1:
            other["full_name"] = name[0] + "".join(_draw(random, _GIVEN, len(name) - 1))
        if random.random() < 0.1:
            other["birth_on"] = birth[:8] + f"{random.integers(1, 29):02}"
        for column in ("birth_on", "address", "email", "phone"):
            if random.random() < 0.3:
                other[column] = None
        rows += [{"record_id": 2 * number, **whole, "phone": None}, {"record_id": 2 * number + 1, **other}]
    return pl.DataFrame(rows, schema_overrides={name: dtype for name, dtype in DESCRIPTION.items() if name in rows[0]})


def _draw(random: np.random.Generator, choices: tuple[str, ...], count: int) -> list[str]:
    return [choices[place] for place in random.integers(0, len(choices), count)]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return find(SmallLake(tmp_path_factory.mktemp("crowd") / "home"), crowd(1500))


def test_people_are_found_again_and_not_confused(crowded: Found) -> None:
    accepted = crowded.pairs()
    right = {pair for pair in accepted if pair[0] // 2 == pair[1] // 2}
    assert len(right) >= 0.995 * len(accepted)
    assert len(right) >= 0.85 * 1500
    assert crowded.report.trained["name"] == "sessions"


def test_levels_learnt_speak_the_way_they_are_named(crowded: Found) -> None:
    model = json.loads((crowded.folder / f"{crowded.report.model}.json").read_text())
    for comparison in COMPARISONS:
        m, u = model["probabilities"][comparison.name][comparison.levels[0].label]
        assert m > u
        m, u = model["probabilities"][comparison.name]["differs"]
        assert m < u


def test_weights_of_a_link_sum_to_its_weight(crowded: Found) -> None:
    assert crowded.matches.height
    for weight, probability, waterfall in crowded.matches.select("match_weight", "match_probability", "waterfall").head(200).iter_rows():
        parts = json.loads(waterfall)
        assert set(parts) == {"prior", *(comparison.name for comparison in COMPARISONS)}
        total = parts.pop("prior") + sum(part["weight"] for part in parts.values())
        assert total == pytest.approx(weight, abs=0.01)
        assert probability == pytest.approx(2**weight / (1 + 2**weight), abs=1e-6)
        assert all(part["weight"] == 0 for part in parts.values() if part["level"] == "not known")


def test_the_band_of_review_is_between_the_thresholds(crowded: Found) -> None:
    accepted = crowded.matches.filter("is_accepted")["match_probability"]
    clerical = crowded.matches.filter(~pl.col("is_accepted"))["match_probability"]
    assert accepted.is_between(0.95, 1).all() and clerical.is_between(0.5, 0.95, closed="left").all()
    assert (crowded.report.accepted, crowded.report.clerical) == (len(accepted), len(clerical))


def test_runs_are_equal_bit_by_bit_on_any_number_of_threads(tmp_path: Path) -> None:
    rows = crowd(510)
    once = find(SmallLake(tmp_path / "one"), rows)
    again = find(SmallLake(tmp_path / "two"), rows.sample(fraction=1, shuffle=True, seed=3), threads=2)
    assert once.report == again.report
    assert once.matches.equals(again.matches)


def test_a_saved_model_is_used_where_training_is_off(lake: SmallLake) -> None:
    first = find(lake, crowd(510))
    second = find(lake, crowd(20, seed=8), retrain=False)
    assert (first.report.is_reused, second.report.is_reused) == (False, True)
    assert first.report.model == second.report.model
    assert find(lake, crowd(20, seed=8)).report.model != first.report.model


def test_a_model_for_other_comparisons_is_not_used(lake: SmallLake) -> None:
    found = find(lake, crowd(20))
    path = found.folder / f"{found.report.model}.json"
    path.write_text(path.read_text().replace(definition(), "0" * 16))
    assert not find(lake, crowd(20), retrain=False).report.is_reused


def test_a_broken_model_is_told(lake: SmallLake) -> None:
    found = find(lake, crowd(20))
    (found.folder / f"{found.report.model}.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find(lake, crowd(20), retrain=False)


def test_clusters_teach_where_there_are_enough(tmp_path: Path) -> None:
    rows = crowd(1250)
    paired = {record: record - record % 2 for record in rows["record_id"] if record < 2400}
    found = find(SmallLake(tmp_path), rows, paired)
    assert found.report.trained["name"] == found.report.trained["birthday"] == "clusters"
    assert found.report.trained["phone"] != "clusters"
    right = {pair for pair in found.pairs() if pair[0] // 2 == pair[1] // 2}
    assert right and all(left >= 2400 for left, _ in right)
    assert len(right) >= 0.8 * 50
    assert len(right) >= 0.99 * len(found.pairs())


def test_what_a_record_says_twice_in_its_cluster_is_no_new_link(lake: SmallLake) -> None:
    same = {"full_name": "欧阳明月", "birth_on": "1990-02-03", "city": "杭州市", "address": "文三路12号"}
    found = find(lake, people(same, same, same, same), {2: 1, 4: 3})
    assert found.matches.select("left_id", "right_id").rows() == [(1, 3)]


def test_namesakes_of_one_city_stay_apart(lake: SmallLake) -> None:
    namesakes = [{"full_name": "王伟", "city": "杭州市"}] * 40
    others = [{"full_name": f"{surname}{given}", "city": "杭州市"} for surname in _SURNAMES for given in _GIVEN[:10]]
    assert not find(lake, people(*namesakes, *others)).pairs()


def test_evidence_agrees_in_spite_of_spelling_and_not_in_spite_of_facts(lake: SmallLake) -> None:
    place, day = {"city": "杭州市", "address": "文三路12号"}, {"birth_on": "1990-02-03"}
    one_person = [
        (place | day | {"full_name": "罗玉明"}, place | day | {"full_name": "罗玉名"}),
        (place | {"full_name": "謝文軒", "birth_on": "1985-02-03"}, place | {"full_name": "谢文轩", "birth_on": "1985-03-02"}),
        (place | day | {"full_name": "彭子涵"}, place | day | {"full_name": "Peng Zihan"}),
        (place | day | {"full_name": "Smith, Catherine"}, place | day | {"full_name": "Katherine Smith"}),
        (place | {"full_name": "袁嘉怡", "phone": "139****4321"}, place | {"full_name": "袁嘉怡", "phone": "13912344321"}),
    ]
    city = {"full_name": "王敏", "city": "杭州市"}
    two_people = [
        (city | {"birth_on": "1950-02-03"}, city | {"birth_on": "1999-12-30"}),
        # a couple at home, and their child
        (place | {"full_name": "卢浩然", "birth_on": "1981-05-06"}, place | {"full_name": "冯琳", "birth_on": "1983-11-12"}),
        (place | {"full_name": "董浩然", "birth_on": "1981-05-06"}, place | {"full_name": "董浩宇", "birth_on": "2008-09-17"}),
    ]
    pairs = [*one_person, *two_people]
    rows = people(*[side for pair in pairs for side in pair])
    others = pl.DataFrame(crowd(510).with_columns(pl.col("record_id") + 100).to_dicts(), schema_overrides=DESCRIPTION)
    accepted = find(lake, pl.concat([rows, others], how="diagonal")).pairs()
    found = [(2 * place + 1, 2 * place + 2) in accepted for place in range(len(pairs))]
    assert found == [True] * len(one_person) + [False] * len(two_people)


def test_where_nobody_has_two_records_nobody_is_joined(lake: SmallLake) -> None:
    random = np.random.default_rng(2)
    rows = [
        {
            "full_name": _SURNAMES[number % 12] + _GIVEN[number % 20],
            "birth_on": f"{random.integers(1950, 2006)}-{random.integers(1, 13):02}-{random.integers(1, 29):02}",
            "city": _draw(random, _CITIES, 1)[0],
            "address": f"{''.join(_draw(random, _GIVEN, 2))}路{random.integers(1, 400)}号",
            "phone": f"13{random.integers(0, 10**9):09}",
        }
        for number in range(1200)
    ]
    found = find(lake, people(*rows))
    assert found.report.trained["birthday"] == "assumed"
    assert not found.matches["is_accepted"].any()


def test_addresses_of_a_name_are_no_more_than_the_name(lake: SmallLake) -> None:
    namesakes = [{"full_name": "王诚", "city": "杭州市", "email": f"wangcheng{number}@mail.example"} for number in range(20)]
    others = [{"full_name": f"{surname}{given}", "city": "杭州市"} for surname in _SURNAMES for given in _GIVEN[:10]]
    found = find(lake, people(*namesakes, *others)).matches
    assert not found["is_accepted"].any()


def test_a_rule_over_the_budget_is_left_out_and_told(lake: SmallLake) -> None:
    rows = people(*[{"full_name": "王伟", "city": "杭州市", "birth_on": f"19{number % 90 + 10}-01-02"} for number in range(300)])
    report = find(lake, rows, max_pairs=2000).report
    pairs = {rule.columns: (rule.pairs, rule.is_used) for rule in report.rules}
    assert pairs["name", "birth"][1]
    assert pairs["name", "city"] == (300 * 299 // 2, False)
    assert sum(rule.pairs for rule in report.rules if rule.is_used) <= 2000


def test_pairs_are_counted_as_a_join_would() -> None:
    random = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "record_id": np.arange(300),
            "cluster_id": random.integers(0, 80, 300),
            "name": random.choice(np.array(["a", "b", "c", None]), 300),
            "birth": random.choice(np.array(["1", "2", None]), 300),
        },
        schema_overrides={"name": pl.String, "birth": pl.String},
    )
    with duckdb.connect() as connection:
        rows = ", ".join(
            f"({record}, {cluster}, {name!r}, {birth!r})".replace("None", "null") for record, cluster, name, birth in frame.iter_rows()
        )
        connection.execute(f"create table compared as select * from (values {rows}) as listed (record_id, cluster_id, name, birth)")
        for columns in (("name",), ("name", "birth")):
            condition = " and ".join(f"l.{column} = r.{column}" for column in columns)
            [(joined,)] = connection.execute(
                f"select count(*) from compared as l join compared as r on l.record_id < r.record_id"
                f" and l.cluster_id <> r.cluster_id and {condition}"
            ).fetchall()
            assert count_pairs(connection, "compared", columns) == joined


def test_rules_and_comparisons_name_columns_that_descriptions_have() -> None:
    columns = set(comparable_descriptions(pl.DataFrame(schema=DESCRIPTION)).columns)
    assert {column for rule in RULES for column in rule} <= columns
    assert {level.term for comparison in COMPARISONS for level in comparison.levels if level.term} <= columns


@pytest.mark.parametrize("rows", [pl.DataFrame(schema=DESCRIPTION), people({}), people({}, {}), people({"full_name": "王伟"})])
def test_nothing_known_gives_no_matches(lake: SmallLake, rows: pl.DataFrame) -> None:
    found = find(lake, rows)
    assert found.matches.is_empty()
    assert found.matches.columns == ["left_id", "right_id", "match_weight", "match_probability", "waterfall", "is_accepted"]


def test_hostile_text_is_compared_like_any_other(lake: SmallLake) -> None:
    nasty = ["'; drop table clusters; --", "\x00\x01", "\u202e王伟", "a" * 1_000_000, "%s{}", "🌸", "\\"]
    rows = people(*[dict.fromkeys([column for column in DESCRIPTION if column != "record_id"], text) for text in nasty * 2])
    assert find(lake, rows).report.records <= len(rows)


def test_descriptions_are_read_as_they_are_written() -> None:
    [row] = comparable_descriptions(
        people(
            {"full_name": "陳大文", "birth_on": "1990/02/03", "province": "浙江省", "city": "杭州市", "address": "文三路１２号3-501"}
            | {"phone": "+86 138****1234", "email": " Chen.B@X.example "}
        )
    ).to_dicts()
    assert row == {
        "record_id": 1, "name": "陈大文", "surname": "陈", "given": "大文", "reading": "dawenchen", "turned": "chendawen",
        "birth": "19900203", "province": "zhejiang", "city": "hangzhou", "postcode": None,
        "address_words": "wensanluhao", "address_numbers": "12 3 501",
        "phone": None, "phone_head": "138", "phone_tail": "1234",
        "email": "chen.b@x.example", "email_local": "chen.b", "has_name_in_email": True,
    }  # fmt: skip


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="clerical_from"):
        MatcherConfig(threshold="0.5", clerical_from="0.9")


def test_splink_is_not_imported_unless_it_is_used() -> None:
    code = "import sys, pipelines.identity.matching.scoring; assert 'splink' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
