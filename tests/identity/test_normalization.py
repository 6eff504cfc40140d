"""States of raw values, and the two paths of normalization held equal."""

from __future__ import annotations

import duckdb
import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.config import Config
from pipelines.contracts.normalization import MAX_LENGTH, comparable_values, plain_value
from pipelines.contracts.settings.identity import IdentityConfig

CHINA = Config()


def comparable(kind: str, raw: str, config: Config = CHINA) -> tuple[str, str]:
    row = comparable_values(pl.DataFrame({"type": [kind], "value_raw": [raw]}), config)
    return row["value"][0], row["state"][0]


def plain(kind: str, raw: str, config: Config = CHINA) -> str | None:
    with duckdb.connect() as connection:
        [(value,)] = connection.execute(f"select {plain_value(config)} from (select ? as type, ? as value_raw)", [kind, raw]).fetchall()
    return value


@pytest.mark.parametrize(
    "raw",
    [
        "13712345670",
        " 13712345670\t",
        "'13712345670",
        "’13712345670",
        "1371234 5670",
        "137-1234-5670",
        "137 1234 5670",
        "１３７１２３４５６７０",
        "＋８６１３７１２３４５６７０",
        "8613712345670",
        "+8613712345670",
        "+86 137-1234-5670",
        "+86-137-1234-5670",
        "008613712345670",
        "(+86)13712345670",
        "13712345670.0",
        "137\u200b12345670",
        "137–1234–5670",
    ],
)
def test_dressed_mobile_is_one_number(raw: str) -> None:
    assert comparable("phone", raw) == ("+8613712345670", "real")


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("138****1234", "masked"),
        ("138＊＊＊＊1234", "masked"),
        ("138xxxx1234", "masked"),
        ("18400001234-5678", "virtual"),
        ("18400001234转5678", "virtual"),
        ("18400001234 转 5678", "virtual"),
        ("18400001234,5678", "virtual"),
        ("18400001234，5678", "virtual"),
        ("184-0000-1234-5678", "virtual"),
        ("+86 18400001234-5678", "virtual"),
        ("1.38E+10", "lossy"),
        ("1.38e10", "lossy"),
        ("1.3800138E+10", "lossy"),
        ("010-12345678", "invalid"),
        ("02112345678", "invalid"),
        ("110", "invalid"),
        ("95588", "invalid"),
        ("4008123123", "invalid"),
        ("11111111111", "invalid"),
        ("12345678901", "invalid"),
        ("1371234567", "invalid"),
        ("137123456701", "invalid"),
        ("13712345670/13712345671", "invalid"),
        ("##kq3d", "invalid"),
        ("无", "invalid"),
        ("13712345670\x00", "invalid"),
        ("1" * 1_000_000, "invalid"),
        ("", "invalid"),
        ("\u3000 ", "invalid"),
    ],
)
def test_phone_that_is_no_mobile_number_is_told_apart(raw: str, state: str) -> None:
    assert comparable("phone", raw)[1] == state


def test_lossy_phone_is_not_repaired_into_a_number_of_somebody_else() -> None:
    assert comparable("phone", "1.38E+10")[0] == "1.38E+10"


def test_foreign_mobile_keeps_its_country() -> None:
    assert comparable("phone", "+44 7400 123456") == ("+447400123456", "real")


def test_national_number_is_read_in_the_region_of_the_configuration() -> None:
    assert comparable("phone", "(650) 253-0000", Config(default_phone_region="US")) == ("+16502530000", "real")
    assert comparable("phone", "13712345670", Config(default_phone_region="US"))[0] != "+8613712345670"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (" Li.Lei@Example.COM ", "li.lei@example.com"),
        ("ｌｉ@example.com", "li@example.com"),
        ("li＠example.com", "li@example.com"),
        ("li+shop@example.com", "li+shop@example.com"),
        ("李雷@例子.中国", "李雷@例子.中国"),
    ],
)
def test_dressed_email_is_one_address(raw: str, value: str) -> None:
    assert comparable("email", raw) == (value, "real")


@pytest.mark.parametrize(
    "raw",
    ["li", "li@", "@example.com", "li@example", "a b@example.com", "a..b@example.com", "a@b@example.com", "li@-a.com", "li@example.c"],
)
def test_broken_email_is_invalid(raw: str) -> None:
    assert comparable("email", raw)[1] == "invalid"


def test_masked_email_is_masked() -> None:
    assert comparable("email", "l***i@qq.com")[1] == "masked"


def test_case_of_the_local_part_follows_the_configuration() -> None:
    kept = Config(identity=IdentityConfig(lower_case_email_local_part=False))
    assert comparable("email", "Li@Example.com", kept)[0] == "Li@example.com"


def test_gmail_is_folded_only_by_configuration() -> None:
    folding = Config(identity=IdentityConfig(fold_gmail=True))
    assert comparable("email", "l.i+shop@googlemail.com", folding)[0] == "li@gmail.com"
    assert comparable("email", "l.i+shop@gmail.com")[0] == "l.i+shop@gmail.com"
    assert comparable("email", "l.i+shop@qq.com", folding)[0] == "l.i+shop@qq.com"


@pytest.mark.parametrize(
    ("raw", "value", "state"),
    [
        (" oABC_12- ", "oABC_12-", "real"),
        ("Ａ", "Ａ", "real"),
        ("小明", "小明", "real"),
        ("t**5", "t**5", "masked"),
        ("4.20E+27", "4.20E+27", "lossy"),
        ("4200001234567890000000000000", "4200001234567890000000000000", "lossy"),
        ("4200001234567892020123456789", "4200001234567892020123456789", "real"),
        ("", "", "invalid"),
    ],
)
def test_other_ids_are_compared_as_issued(raw: str, value: str, state: str) -> None:
    assert comparable("openid", raw) == (value, state)


def test_value_of_a_megabyte_is_invalid_and_cut() -> None:
    value, state = comparable("openid", "x" * 1_000_000)
    assert state == "invalid"
    assert len(value) == MAX_LENGTH + 1


@pytest.mark.parametrize("kind", ["phone", "email", "openid"])
@pytest.mark.parametrize("raw", ["a\x00b", "\x00", "\ufffd\ufffd\ufffd"])
def test_value_with_lost_characters_is_invalid(kind: str, raw: str) -> None:
    assert comparable(kind, raw)[1] == "invalid"


# oracle: phonenumbers itself, asked for each number in every dress
def oracle(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in mobile:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


numbers = st.one_of(st.from_regex(r"1[0-9]{10}", fullmatch=True), st.from_regex(r"0?[0-9]{7,12}", fullmatch=True))
dresses = st.sampled_from(["{}", "+86{}", "86{}", "0086{}", "+86 {}", " {} ", "(+86){}", "+86-{}"])


@settings(deadline=None)
@given(numbers, dresses, st.sampled_from(["CN", "US"]))
def test_number_is_what_phonenumbers_says(number: str, dress: str, region: str) -> None:
    text = dress.format(number)
    expected = oracle(text, region)
    assert comparable("phone", text, Config(default_phone_region=region))[0 if expected else 1] == (expected or "invalid")


texts = st.text(alphabet=st.sampled_from("01389aeEAZ@.-_+* 'xX转,\u200b\ufffd１中"), max_size=20)


@settings(deadline=None)
@given(st.sampled_from(["phone", "email", "openid"]), st.one_of(numbers, texts, st.text(max_size=30)), st.booleans())
def test_plain_path_is_never_other_than_the_full_one(kind: str, raw: str, fold: bool) -> None:
    config = Config(identity=IdentityConfig(fold_gmail=fold))
    found = plain(kind, raw.replace("\x00", ""), config)
    if found is not None:
        assert comparable(kind, raw, config) == (found, "real")


@pytest.mark.parametrize(
    ("kind", "raw"), [("phone", "13712345670"), ("email", "li.lei@example.com"), ("openid", "oABC-1_2"), ("member_id", "8800031")]
)
def test_common_values_take_the_plain_path(kind: str, raw: str) -> None:
    assert plain(kind, raw) is not None


@settings(deadline=None)
@given(st.sampled_from(["phone", "email", "openid"]), st.one_of(numbers, texts))
def test_comparable_value_is_comparable_to_itself(kind: str, raw: str) -> None:
    value, state = comparable(kind, raw)
    assert comparable(kind, value) == (value, state)
