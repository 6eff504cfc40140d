"""What each column of an unknown export seems to be: type, cleaners, spelling of times, whose it is. Guesses, for a person to decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

from pipelines.channels.cleaners import CLEANERS
from pipelines.channels.typed import parse_instant
from pipelines.contracts.masking import scrubbed

Role = Literal["id", "phone", "email", "person", "money", "instant", "date", "number", "word", "text", "empty"]

_SURE = 0.98  # share of the filled cells that must be of a type
_MOSTLY = 0.6  # share that shows whose a column is
_MAX_WORDS = 30
_NULLS = ("-", "--", "——", "/", "null", "NULL", "None", "nan", "NaN", "N/A", "无", "暂无")
_INSTANTS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y年%m月%d日 %H:%M:%S",
    "iso8601",
    "%Y-%m-%d %H:%M:%S %z",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
)
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y")
_AMBIGUOUS = {
    "%d/%m/%Y": "%m/%d/%Y",
    "%d/%m/%y": "%m/%d/%y",
    "%d/%m/%Y %H:%M": "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S": "%m/%d/%Y %H:%M:%S",
}

_PHONE = r"^(\+?86[- ]?)?1\d{10}$|^(\+?86[- ]?)?1\d{2}\*{3,6}\d{2,4}$|^\+\d[\d\s()-]{8,16}$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_NUMBER = r"^[+-]?\d+(\.\d+)?$"
_NOT_ABOUT_PEOPLE = re.compile(
    r"商品|宝贝|产品|店铺|门店|仓库|品牌|活动|文件|product|item|sku|shop|store|brand|campaign|file|event|country|currency", re.I
)
_PERSON = re.compile(
    r"姓名|名字|收件人|收货人|联系人|买家|客户|会员名|昵称|用户名|操作员|导购|员工|店员|客服|收银员|地址|生日|出生|身份证|证件|性别|备注|留言|"
    r"备忘|openid|unionid|用户标识|账号|账户|手机|电话|邮箱|name|nick|address|street|birth|passport|identity|gender|remark|memo|note|comment|"
    r"message|phone|mobile|email|account|user|customer|buyer|member|receiver|recipient|cashier|operator|staff|agent|zip|postal|\bip\b",
    re.IGNORECASE,
)
_PHONE_HEADER = re.compile(r"手机|电话|phone|mobile|\btel\b", re.IGNORECASE)
_ID_HEADER = re.compile(r"号|编码|编号|\bid\b|_id$|Id$|ID$|\bno\b|_no$|number|code|sku|\bsn\b|key", re.IGNORECASE)
_MONEY_HEADER = re.compile(
    r"金额|价|费|额|元|款|优惠|收入|支出|amount|price|total|fee|paid|money|cost|revenue|subtotal|tax|discount|shipping", re.I
)
_WORD_HEADER = re.compile(
    r"状态|类型|方式|渠道|来源|是否|等级|级别|status|state|type|kind|way|method|channel|source|flag|level|reason|currency", re.I
)
_TIME_HEADER = re.compile(r"时间|日期|time|date|_at$|stamp", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guess:
    """One column. `words` with their counts only where they are a vocabulary and show nobody."""

    header: str
    role: Role
    type: str
    clean: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    filled: float = 0.0
    filled_count: int = 0
    is_unique: bool = False
    distinct: int = 0
    zeros: int = 0  # cells that are `0`, which stands for nobody where others are ids
    decimals: int | None = None  # of numbers; None for what is none
    words: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def is_distinct(self) -> bool:
        """No two filled cells are equal."""
        return self.is_unique or self.distinct == self.filled_count

    @property
    def is_personal(self) -> bool:
        return self.role in ("phone", "email", "person")


def guess_columns(rows: pl.DataFrame) -> list[Guess]:
    """A guess a column, in the order of the file."""
    return [_guess(name, rows[name]) for name in rows.columns]


def _guess(header: str, column: pl.Series) -> Guess:
    if column.dtype.is_temporal():
        values = column.drop_nulls()
        is_day = column.dtype == pl.Date
        return Guess(
            header,
            "date" if is_day else "instant",
            "date" if is_day else "instant",
            filled=_share(column.is_not_null()),
            filled_count=len(values),
            distinct=values.n_unique(),
        )
    text = column.cast(pl.String)
    clean = _cleaners(text)
    text = _cleaned(text, ("strip", *clean))
    nulls = tuple(word for word in _NULLS if (text == word).any())
    values = text.filter(text.is_not_null() & (text != "") & ~text.is_in(list(nulls)))
    filled = len(values) / len(text) if len(text) else 0.0
    if not len(values):
        return Guess(header, "empty", "text", clean, nulls)
    distinct = values.n_unique()
    known = {
        "filled": filled,
        "filled_count": len(values),
        "zeros": int((values == "0").sum()),
        "distinct": distinct,
        "is_unique": distinct == len(values) and filled == 1.0,
        "nulls": nulls,
    }
    return _typed(header, values, clean, known)


def _typed(header: str, values: pl.Series, clean: tuple[str, ...], known: dict[str, object]) -> Guess:
    def guess(role: Role, kind: str, more: Sequence[str] = (), **rest: object) -> Guess:
        return Guess(header, role, kind, (*clean, *more), **{**known, **rest})  # type: ignore[arg-type]

    if _share(values.str.contains(_EMAIL)) > _MOSTLY:
        return guess("email", "text")
    is_person = bool(_PERSON.search(header)) and not _NOT_ABOUT_PEOPLE.search(header)
    if _share(values.str.contains(_PHONE)) > _MOSTLY and (_PHONE_HEADER.search(header) or not _ID_HEADER.search(header)):
        return guess("phone", "text")
    spelled = _spelling(values, _INSTANTS)
    if spelled and not (is_person and not _TIME_HEADER.search(header)):
        return guess("instant", "instant", formats=spelled, notes=_day_or_month(spelled))
    spelled = _spelling(values, _DATES)
    if spelled and not is_person and (_TIME_HEADER.search(header) or not _ID_HEADER.search(header)):
        return guess("date", "date", formats=spelled, notes=_day_or_month(spelled))
    longest = values.str.len_chars().max()
    epoch = {10: "epoch_seconds", 13: "epoch_millis", 16: "epoch_micros"}.get(longest if isinstance(longest, int) else 0)
    if epoch and _TIME_HEADER.search(header) and _share(values.str.contains(r"^1[0-9]{9,15}$")) == 1.0:
        return guess("instant", epoch)
    number = _number(values)
    if number is not None and _MONEY_HEADER.search(header):
        more, decimals = number
        return guess("money", "amount" if decimals <= 2 else "price", more, decimals=decimals)
    if is_person and not re.match(r"是否|is_|has_", header):
        is_account = _is_account(header, values)
        return guess("id" if is_account else "person", "id" if is_account else "text")
    if _ID_HEADER.search(header) or _share(values.str.contains(r"^\d{12,}$")) > _SURE:
        return guess("id", "id")
    if number is not None:
        more, decimals = number
        return guess("number", ("integer", "quantity", "quantity", "quantity", "price")[min(decimals, 4)], more, decimals=decimals)
    return _of_words(header, values, guess("text", "text"))


def _of_words(header: str, values: pl.Series, as_text: Guess) -> Guess:
    """A vocabulary is few words, each of them often; its words are only told where they can be nobody's."""
    counts = values.value_counts(sort=True, name="count")
    words = [(str(word), int(count)) for word, count in counts.head(_MAX_WORDS).rows()]
    is_few = as_text.distinct <= _MAX_WORDS and len(values) >= 2 * as_text.distinct
    if not (_WORD_HEADER.search(header) and as_text.distinct <= _MAX_WORDS) and not is_few:
        return as_text
    is_anonymous = bool(_WORD_HEADER.search(header)) or all(re.fullmatch(r"[A-Za-z0-9]{1,3}", word) for word, _ in words)
    shown = tuple((word, count) for word, count in words if scrubbed(word) == word and len(word) <= _MAX_WORDS) if is_anonymous else ()
    ordered = tuple(sorted(shown, key=lambda item: (-item[1], item[0])))
    return replace(as_text, role="word", words=ordered)


def _number(values: pl.Series) -> tuple[tuple[str, ...], int] | None:
    """The cleaners that make numbers of all values, and their decimals; None where they are none."""
    for more in _number_cleaners(values):
        numbers = _cleaned(values, more)
        if _share(numbers.str.contains(_NUMBER)) > _SURE:
            longest = numbers.str.extract(r"\.(\d*?)0*$").str.len_chars().fill_null(0).max()
            return more, max(longest if isinstance(longest, int) else 0, int(numbers.str.contains(".", literal=True).any()))
    return None


def _is_account(header: str, values: pl.Series) -> bool:
    """An id of a person with the channel: a number or code, and no name."""
    return bool(_ID_HEADER.search(header)) and _share(values.str.contains(r"^[\w@.+*-]{1,64}$")) > _SURE


def _share(is_so: pl.Series) -> float:
    return float(is_so.fill_null(False).mean() or 0.0)  # type: ignore[arg-type]


def _cleaners(text: pl.Series) -> tuple[str, ...]:
    """Protection around cells: taken off where any cell has it."""
    stripped = _cleaned(text, ("strip",))
    marks = {"formula_text": '="', "backtick": "`", "apostrophe": "'"}
    return tuple(name for name, mark in marks.items() if stripped.str.starts_with(mark).any())


def _number_cleaners(values: pl.Series) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    symbol = ("currency_symbol",) if values.str.contains(r"^[+-]?[¥￥$€£]").any() else ()
    yuan = ("suffix_yuan",) if values.str.ends_with("元").any() else ()
    grouped = ("thousands",) if values.str.contains(r"\d[,，]\d{3}").any() else ()
    if symbol or yuan or grouped:
        found.append((*symbol, *yuan, *grouped))
    if values.str.contains(r",\d{1,2}$").any():
        found.append((*symbol, "decimal_comma"))
    if values.str.ends_with("%").any():
        found.append(("percent",))
    return found


def _cleaned(text: pl.Series, names: Sequence[str]) -> pl.Series:
    expression = pl.col("text")
    for name in names:
        expression = CLEANERS[name](expression)
    return pl.DataFrame({"text": text}, schema={"text": pl.String}).select(expression.alias("text")).to_series()


def _spelling(values: pl.Series, spellings: Sequence[str]) -> tuple[str, ...]:
    """The one or two spellings that read nearly every value."""
    frame = pl.DataFrame({"text": values}, schema={"text": pl.String})
    if not _share(values.str.contains(r"^[\d年]{2,8}.*\d")) or _share(values.str.contains(r"\d{4}|\d\d[./]\d\d[./]\d\d")) < _SURE:
        return ()
    read = {spelling: _reads(frame, spelling) for spelling in spellings}
    best = max(read, key=lambda spelling: _share(read[spelling]))
    if _share(read[best]) > _SURE:
        return (best,)
    both = {spelling: _share(read[best] | read[spelling]) for spelling in spellings if spelling != best}
    second = max(both, key=lambda spelling: both[spelling])
    return (best, second) if both[second] > _SURE and _share(read[best]) > 0 else ()


def _reads(frame: pl.DataFrame, spelling: str) -> pl.Series:
    text = pl.col("text")
    # a text shorter than its spelling is read all the same: 2026-03-05 as %Y%m%d is not
    if spelling == "iso8601":
        value = parse_instant(pl.when(text.str.contains("T")).then(text), spelling, "UTC")
    elif "%H" in spelling:
        value = parse_instant(text, spelling, "UTC")
    else:
        value = text.str.to_date(spelling, strict=False, cache=False)
    # a year of two digits is read as one of antiquity by a spelling of four
    return frame.select(value.dt.year().is_between(1900, 2099).fill_null(False).alias("is_read")).to_series()


def _day_or_month(spelled: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"day before month, or month before day ({_AMBIGUOUS[spelling]})? Days above 12 would tell"
        for spelling in spelled
        if spelling in _AMBIGUOUS
    )
