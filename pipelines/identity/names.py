"""Names as delivered to names that compare, Chinese and Western. Pure; says nothing about whether two names agree."""

from __future__ import annotations

import polars as pl

from pipelines.identity import surnames
from pipelines.identity.characters import map_characters, readings, simplified

# longer ones are addresses, messages or attacks
MAX_LENGTH = 64

SCHEMA = {
    "full_name": pl.String,
    "name": pl.String,
    "pinyin": pl.String,
    "surname": pl.String,
    "given": pl.String,
    "surname_pinyin": pl.String,
    "given_pinyin": pl.String,
    "is_partial": pl.Boolean,
}

_BRACKETED = r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|《[^《》]*》|〔[^〔〕]*〕"
_UNSEEN = r"[\p{Cf}\p{Cc}&&[^\s]]"
# a question mark and a box are what is left of a character that was lost, 某 is how a form hides one
_MASKS = r"[*✱✳●○◯×■□▇█?某\u{FFFD}]"
_PICTURE = r"[\p{So}\p{Extended_Pictographic}]"
_JOINERS = r"['’‘`´\u{02BC}\-\u{2010}-\u{2015}]"
_LATIN_TITLES = r"\b(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam|mme|phd|esq)\b"
_TITLES = r"(?:\s*(?:先生|女士|小姐|太太|夫人|老师|师傅|经理|老板|医生|大夫|教授|主任|同学|阿姨|叔叔|大哥|大姐|收|亲启))+\s*$"
_SHORT_TITLES = r"^(.+)[总哥姐姨叔嫂婶爷董工]$"
_ADDRESSED = r"^[小老阿](\p{Han})$"
_GENERATION = r"\b(?:jr|sr|ii|iii|iv)\b"
_MASKED_HAN = r"^(\p{Han}+)(?:\*+|x+)[\p{Han}*x]*$"

_PLACEHOLDERS = (
    "测试 测试用户 顾客 会员 客户 新客户 用户 新用户 匿名 匿名用户 匿名会员 微信用户 支付宝用户 淘宝用户 京东用户 "
    "未知 无名 无名氏 收货人 收件人 姓名 散客 游客 访客 默认 本人 自己 家人 老婆 老公 妈妈 爸爸 先生 女士 小姐 太太 快递 代收 无 空 "
    "test tester testing null none nan nil unknown undefined guest customer anonymous user member admin "
    "name noname nickname asdf qwerty"
)
# those of several words stand here as names are compared, in alphabetical order
_NO_NAMES = frozenset(_PLACEHOLDERS.split()) | frozenset(
    ("a n", "name no", "user wechat", "test user", "customer test", "test test", "customer guest", "first last")
)


def comparable_names(names: pl.Series) -> pl.DataFrame:
    """One row per distinct name as delivered, nulls left out; columns of SCHEMA.

    `name` is equal for two spellings of one name: width, case, blanks, punctuation, accents, traditional characters, titles and the
    order of Western names do not count. Null where the text names nobody (blank, digits, picture, placeholder, over MAX_LENGTH) or not
    wholly (masked, or a surname and a form of address): then `is_partial` is true if the surname is known.
    `pinyin` is the reading of `name`, surname first, joined, without tones, ü as v; for names in letters it is `name` itself.
    `surname` and `given` are null where they cannot be told apart. `surname_pinyin` is also that of partial names.
    """
    return _with_pinyin(_read(names)).select(pl.col(column).cast(dtype) for column, dtype in SCHEMA.items())


def whole_names(names: pl.Series) -> pl.DataFrame:
    """`full_name` and `name` of `comparable_names`, at two thirds of the time: how a name is read out loud is not asked."""
    return _read(names).select(pl.col(column).cast(SCHEMA[column]) for column in ("full_name", "name"))


def _read(names: pl.Series) -> pl.DataFrame:
    distinct = pl.DataFrame({"full_name": names.cast(pl.String)}).unique().drop_nulls().sort("full_name")
    return _parsed(_cleaned(distinct))


def _cleaned(names: pl.DataFrame) -> pl.DataFrame:
    """Add `text`: one width, one case, no accents, no brackets, simplified, masked characters as *. Null where it is no name."""
    text = pl.col("full_name").str.head(MAX_LENGTH + 1).str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD")
    folded = names.with_columns(
        text=text.str.replace_all(r"[\u{0300}-\u{036F}]", "").str.normalize("NFKC").str.to_lowercase().str.replace_all(_UNSEEN, "")
    )
    folded = folded.with_columns(text=map_characters(folded["text"], simplified))
    bare = pl.col("text").str.replace_all(_BRACKETED, " ").str.replace_all(_JOINERS, "").str.replace_all(_MASKS, "*")
    is_name = pl.col("full_name").str.len_chars() <= MAX_LENGTH
    return folded.with_columns(text=pl.when(is_name).then(bare)).with_columns(
        text=pl.when(~pl.col("text").str.contains(_PICTURE)).then(pl.col("text"))
    )


def _parsed(cleaned: pl.DataFrame) -> pl.DataFrame:
    """Add `name`, `surname`, `given`, `is_partial`, by the script of what is left without forms of address."""
    untitled = pl.col("text").str.replace(_TITLES, "")
    return pl.concat(
        [
            _chinese(cleaned.filter(untitled.str.contains(r"\p{Han}"))),
            _lettered(cleaned.filter(~untitled.str.contains(r"\p{Han}").fill_null(value=False))),
        ],
        how="diagonal",
    ).with_columns(is_partial=pl.col("name").is_null() & pl.col("surname").is_not_null())


def _chinese(names: pl.DataFrame) -> pl.DataFrame:
    compact = pl.col("text").str.replace_all(r"[^\p{L}\p{M}*]", "").str.replace(_TITLES, "")
    # 王伟 David is 王伟, but of David 王 nothing may be left out
    without_letters = pl.when(~compact.str.contains(_MASKED_HAN)).then(compact.str.replace_all(r"\p{Latin}", "").str.replace(_TITLES, ""))
    text = pl.col("text")
    split = (
        names.with_columns(text=pl.when(without_letters.str.len_chars() >= 2).then(without_letters).otherwise(compact))
        .with_columns(
            masked=text.str.extract(_MASKED_HAN, 1), titled=text.str.extract(_SHORT_TITLES, 1), addressed=text.str.extract(_ADDRESSED, 1)
        )
        .with_columns(head=_surname(text), masked_head=_surname(pl.col("masked") + "*"))
    )
    titled = pl.col("titled")
    is_surname = titled.is_in(surnames.SINGLE) | titled.is_in(surnames.DOUBLE)
    is_whole = (pl.col("head") == text).fill_null(value=False)
    is_masked = text.str.contains("*", literal=True) | pl.col("masked").is_not_null()
    is_address = pl.col("addressed").is_not_null()
    is_nothing = text.is_in(_NO_NAMES) | (text.str.len_chars() < 2)
    is_name = ~(is_masked | is_address | is_whole | is_surname.fill_null(value=False) | is_nothing)
    return split.select(
        "full_name",
        name=pl.when(is_name).then(text),
        surname=pl.when(is_masked)
        .then("masked_head")
        .when(is_address)
        .then(pl.when(pl.col("addressed").is_in(surnames.ADDRESSED)).then("addressed"))
        .when(text.is_in(_NO_NAMES))
        .then(None)
        .when(is_surname)
        .then(titled)
        .otherwise("head"),
        given=pl.when(is_name & pl.col("head").is_not_null()).then(text.str.slice(pl.col("head").str.len_chars())),
    )


def _surname(text: pl.Expr) -> pl.Expr:
    """The Chinese surname that `text` begins with, if it is short enough for a Chinese name: 阿卜杜热合曼 has none."""
    double, single = text.str.head(2), text.str.head(1)
    return (
        pl.when(double.is_in(surnames.DOUBLE) & (text.str.len_chars() <= 5))
        .then(double)
        .when(single.is_in(surnames.SINGLE) & (text.str.len_chars() <= 4))
        .then(single)
    )


def _lettered(names: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text")
    plain = names.with_columns(untitled=text.str.replace(_TITLES, "").str.replace_all(_LATIN_TITLES, " ").str.strip_chars(" .,"))
    untitled = pl.col("untitled")
    split = (
        plain.with_columns(
            has_title=text.str.contains(_TITLES) | text.str.contains(_LATIN_TITLES),
            before=_words(untitled.str.extract(r"^([^,]*),[^,]*$", 1)),
            after=_words(untitled.str.extract(r"^[^,]*,([^,]*)$", 1)),
            words=_words(untitled),
        )
        .with_columns(is_turned=_family(pl.col("after")).str.contains(r"\p{L}").fill_null(value=False))
        .with_columns(tokens=pl.col("words").str.extract_all(r"\S+"), family=_family(pl.col("words")).str.extract_all(r"\S+"))
        # joined at once: a column of sorted lists takes twenty times as long
        .with_columns(in_order=pl.col("tokens").list.sort().list.join(" "))
    )
    tokens, family = pl.col("tokens"), pl.col("family")
    in_order = pl.col("in_order")
    is_titled_surname = pl.col("has_title") & (tokens.list.len() == 1)
    is_name = (
        ~text.str.contains("*", literal=True)
        & ~in_order.is_in(_NO_NAMES)
        & (in_order.str.len_chars() > 1)
        & ~in_order.str.contains(r"^[x ]+$")
    )
    has_parts = is_name & (pl.col("is_turned") | (family.list.len() >= 2))
    return split.select(
        "full_name",
        name=pl.when(is_name & ~is_titled_surname).then(in_order),
        surname=pl.when(is_name & is_titled_surname)
        .then(tokens.list.first())
        .when(has_parts & pl.col("is_turned"))
        .then("before")
        .when(has_parts)
        .then(family.list.last()),
        given=pl.when(has_parts & pl.col("is_turned"))
        .then("after")
        .when(has_parts)
        .then(family.list.head(family.list.len() - 1).list.join(" ")),
    ).with_columns(pl.when(pl.col(part) != "").then(part) for part in ("surname", "given"))


def _words(text: pl.Expr) -> pl.Expr:
    """Words without digits, one blank between: `wang88` is a nick, the 2 of `John Smith 2` counts addresses."""
    words = text.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.replace_all(r"\S*\p{N}\S*", "")
    return words.str.replace_all(r" {2,}", " ").str.strip_chars(" ")


def _family(words: pl.Expr) -> pl.Expr:
    """Words that are no generation: John Smith Jr. is not of the family Jr."""
    return words.str.replace_all(_GENERATION, "")


def _with_pinyin(parsed: pl.DataFrame) -> pl.DataFrame:
    surname = pl.col("surname").replace(surnames.READINGS)
    spelled = parsed.with_columns(surname_pinyin=surname, given_pinyin="given", whole_pinyin="name")
    columns = ("surname_pinyin", "given_pinyin", "whole_pinyin")
    spelled = spelled.with_columns(map_characters(spelled[column], readings).alias(column) for column in columns)
    is_chinese = pl.col("name").str.contains(r"\p{Han}")
    joined = pl.coalesce(pl.col("surname_pinyin") + pl.col("given_pinyin"), "whole_pinyin")
    return spelled.with_columns(pinyin=pl.when(is_chinese).then(joined).otherwise("name"))
