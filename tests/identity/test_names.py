"""Names that compare, and whether two of them agree: by example, and for any text at all."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.agreement import name_agreement
from pipelines.identity.names import MAX_LENGTH, SCHEMA, comparable_names
from pipelines.identity.surnames import DOUBLE, READINGS, SINGLE

# text that meets the rules more often than chance does
_PIECES = st.sampled_from(
    (
        *"王李欧阳单曾小老伟娜明名某總張先生总x*X?●😀_-',.() 1²ß",
        *("先生", "女士", "mr ", "Dr. ", "jr", "Wang ", "John", "Smith, ", "ü", "ﷺ", "İ"),
    )
)
NAMES = st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=8).map("".join))

_READ_UNLIKE = ("单", "曾", "仇", "解", "查", "区", "翟", "盖", "尉迟", "朴", "万俟")
_NOBODY = (
    *(
        "",
        "  ",
        "\u3000",
        "13800001111",
        "+86 138-0000-1111",
        "**",
        "***明",
        "XXX",
        "😀小红",
        "🌸",
        "小红",
        "伟",
        "J",
        "test",
        "N/A",
        "NULL",
    ),
    *("微信用户", "顾客", "user123", "J*** S****", "先生", "Dr.", "()"),
)


def comparable(full_name: str) -> dict[str, object]:
    [row] = comparable_names(pl.Series([full_name])).rows(named=True)
    return row


def agreement(left: str | None, right: str | None) -> str:
    [found] = name_agreement(pl.Series([left], dtype=pl.String), pl.Series([right], dtype=pl.String))
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("full_name", "name", "surname", "given", "pinyin"),
    [
        ("王伟", "王伟", "王", "伟", "wangwei"),
        (" 王 伟 ", "王伟", "王", "伟", "wangwei"),
        ("王\u200b伟", "王伟", "王", "伟", "wangwei"),
        ("王伟先生", "王伟", "王", "伟", "wangwei"),
        ("王伟（老客户）", "王伟", "王", "伟", "wangwei"),
        ("王伟13800001111", "王伟", "王", "伟", "wangwei"),
        ("２王伟", "王伟", "王", "伟", "wangwei"),
        ("王伟 David", "王伟", "王", "伟", "wangwei"),
        ("陳大文", "陈大文", "陈", "大文", "chendawen"),
        ("鍾麗緹", "钟丽缇", "钟", "丽缇", "zhongliti"),
        ("李乾", "李乾", "李", "乾", "liqian"),
        ("歐陽娜娜", "欧阳娜娜", "欧阳", "娜娜", "ouyangnana"),
        ("司馬光", "司马光", "司马", "光", "simaguang"),
        ("諸葛亮", "诸葛亮", "诸葛", "亮", "zhugeliang"),
        ("慕容雪", "慕容雪", "慕容", "雪", "murongxue"),
        ("上官婉儿", "上官婉儿", "上官", "婉儿", "shangguanwaner"),
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼买买提", None, None, "abodurehemanmaimaiti"),
        ("吕绿", "吕绿", "吕", "绿", "lvlv"),
        ("John Smith", "john smith", "smith", "john", "john smith"),
        ("SMITH, John", "john smith", "smith", "john", "john smith"),
        ("Mr.  John SMITH", "john smith", "smith", "john", "john smith"),
        ("John Smith Jr.", "john jr smith", "smith", "john", "john jr smith"),
        ("José García", "garcia jose", "garcia", "jose", "garcia jose"),
        ("O’Brien, Mary-Jane", "maryjane obrien", "obrien", "maryjane", "maryjane obrien"),
        ("Wang Wei 先生", "wang wei", "wei", "wang", "wang wei"),
        ("Jörg Müller 2", "jorg muller", "muller", "jorg", "jorg muller"),
        ("Cher", "cher", None, None, "cher"),
        ("Иван Петров", "иван петров", "петров", "иван", "иван петров"),
    ],
)
def test_spellings_of_a_name_compare(full_name: str, name: str, surname: str | None, given: str | None, pinyin: str) -> None:
    row = comparable(full_name)
    assert (row["name"], row["surname"], row["given"], row["pinyin"]) == (name, surname, given, pinyin)
    assert not row["is_partial"]


@pytest.mark.parametrize(
    ("full_name", "surname"),
    [
        ("王先生", "王"),
        ("王  先生", "王"),
        ("李女士", "李"),
        ("王小姐", "王"),
        ("張老師", "张"),
        ("王总", "王"),
        ("欧阳经理", "欧阳"),
        ("歐陽總", "欧阳"),
        ("欧阳", "欧阳"),
        ("王", "王"),
        ("小王", "王"),
        ("王*明", "王"),
        ("王**", "王"),
        ("王＊＊", "王"),
        ("王XX", "王"),
        ("王某某", "王"),
        ("欧阳**", "欧阳"),
        ("王\ufffd", "王"),
        ("Mr. Smith", "smith"),
        ("Miss Lee", "lee"),
        ("Wang先生", "wang"),
    ],
)
def test_a_surname_alone_is_no_name(full_name: str, surname: str) -> None:
    row = comparable(full_name)
    assert row["is_partial"]
    assert (row["name"], row["pinyin"], row["given"], row["surname"]) == (None, None, None, surname)


@pytest.mark.parametrize("full_name", [*_NOBODY, "\x00", "王" * (MAX_LENGTH + 1), "a" * 1_000_000])
def test_what_names_nobody_has_no_parts(full_name: str) -> None:
    row = comparable(full_name)
    assert {column: row[column] for column in SCHEMA if column != "full_name"} == dict.fromkeys(
        (column for column in SCHEMA if column != "full_name"), None
    ) | {"is_partial": False}


@pytest.mark.parametrize(
    ("surname", "pinyin"),
    list(zip(_READ_UNLIKE, ("shan", "zeng", "qiu", "xie", "zha", "ou", "zhai", "ge", "yuchi", "piao", "moqi"), strict=True)),
)
def test_surnames_are_read_as_surnames(surname: str, pinyin: str) -> None:
    assert comparable(surname + "一")["pinyin"] == pinyin + "yi"
    # and only there: 单 in a given name is dan
    assert comparable("王" + surname)["given_pinyin"] != pinyin or surname in DOUBLE


def test_tables_of_surnames_agree() -> None:
    assert set(READINGS) <= SINGLE | DOUBLE
    assert all(len(surname) == 1 for surname in SINGLE) and all(len(surname) == 2 for surname in DOUBLE)
    assert not [surname for surname in SINGLE | DOUBLE if comparable(surname)["surname"] != surname]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("王伟", "王 偉", "same"),
        ("Smith, John", "John Smith", "same"),
        ("王伟", "Wang Wei", "similar"),
        ("王伟", "Wei WANG", "similar"),
        ("王小明", "Xiao Ming Wang", "similar"),
        ("王小明", "Wang, Xiaoming", "similar"),
        ("王小明", "wangxiaoming", "similar"),
        ("吕布", "Lyu Bu", "similar"),
        ("呂布", "Lü Bu", "similar"),
        ("单雄信", "Shan Xiongxin", "similar"),
        ("王伟", "王为", "similar"),
        ("罗玉明", "罗玉名", "similar"),
        ("罗玉明", "罗玉刚", "close"),
        ("罗玉明", "罗明玉", "close"),
        ("John Smith", "Jon Smith", "similar"),
        ("John Smith", "John Michael Smith", "similar"),
        ("Mary-Jane Smith", "Mary Jane Smith", "similar"),
        ("Catherine Miller", "Katherine Miller", "similar"),
        ("Hans Müller", "Hans Mueller", "similar"),
        ("王伟", "王刚", "different"),
        ("王伟", "李娜", "different"),
        ("王明", "王小明", "different"),
        ("王伟", "Li Na", "different"),
        ("王伟", "Wang Fang", "different"),
        ("Wang Li", "Wang Lu", "different"),
        ("John Smith", "Jane Smith", "different"),
        ("Christopher Smith", "Christina Smith", "different"),
        ("Smith", "Brown", "different"),
        ("J. Smith", "Mary Smith", "different"),
        ("王先生", "李伟", "different"),
        ("王**", "李*明", "different"),
        ("Mr. Smith", "John Brown", "different"),
        ("王先生", "王伟", "unknown"),
        ("王**", "王小明", "unknown"),
        ("王先生", "Wei Wang", "unknown"),
        ("王伟", "David Wang", "unknown"),
        ("王伟", "David", "unknown"),
        ("Mr. Smith", "John Smith", "unknown"),
        ("J. Smith", "John Smith", "unknown"),
        ("John", "John Smith", "unknown"),
        ("13800001111", "王伟", "unknown"),
        ("😀", "😀", "unknown"),
        (None, "王伟", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_agreement_by_example(left: str | None, right: str | None, expected: str) -> None:
    assert agreement(left, right) == expected
    assert agreement(right, left) == expected


@given(st.lists(NAMES, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_text_has_one_row_and_comparing_again_changes_nothing(full_names: list[str]) -> None:
    rows = comparable_names(pl.Series(full_names, dtype=pl.String))
    assert rows.schema == SCHEMA
    assert sorted(rows["full_name"]) == sorted(set(full_names))
    again = comparable_names(rows["name"].drop_nulls())
    assert again["name"].to_list() == again["full_name"].to_list()
    assert rows.filter(pl.col("is_partial") != (pl.col("name").is_null() & pl.col("surname").is_not_null())).is_empty()
    assert rows.filter(pl.col("name").is_not_null() & (pl.col("pinyin").is_null() | (pl.col("name") == ""))).is_empty()


@given(st.lists(st.tuples(st.none() | NAMES, st.none() | NAMES), max_size=20))
@settings(max_examples=100, deadline=None)
def test_agreement_is_symmetric_and_a_name_agrees_with_itself(pairs: list[tuple[str | None, str | None]]) -> None:
    left = pl.Series([pair[0] for pair in pairs], dtype=pl.String)
    right = pl.Series([pair[1] for pair in pairs], dtype=pl.String)
    found = name_agreement(left, right)
    assert len(found) == len(pairs)
    assert set(found) <= {"same", "similar", "close", "different", "unknown"}
    assert found.to_list() == name_agreement(right, left).to_list()
    assert set(name_agreement(left, left)) <= {"same", "unknown"}


@given(st.text("王李赵钱伟明玉刚娜芳", min_size=3, max_size=4), st.integers(0, 3), st.sampled_from("王李赵钱伟明玉刚娜芳"))
@settings(max_examples=200, deadline=None)
def test_one_edit_is_counted_in_characters(left: str, place: int, other: str) -> None:
    right = left[:place] + other + left[place + 1 :]
    if None not in (comparable(left)["name"], comparable(right)["name"]):
        assert agreement(left, right) in ("same", "similar", "close")


def test_the_tables_are_read_only_when_asked_for() -> None:
    code = (
        "import sys; import pipelines.identity.names; from pipelines.identity import characters;"
        "assert not {'pypinyin', 'opencc'} & set(sys.modules); assert not characters._readings.cache_info().currsize"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
