"""When are two identifiers the same: raw values to comparable ones, with their state. Pure; identity and golden both go through here.

Two paths, one rule: `plain_value` is SQL for values that are already comparable (nearly all), `comparable_values` handles every value
and is asked for the distinct rest only. A property test holds them equal.
"""

from __future__ import annotations

from typing import Any

import phonenumbers
import polars as pl

from pipelines.contracts.config import Config

MAX_LENGTH = 256
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_LOST = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = r"\u{200B}-\u{200F}\u{2060}\u{FEFF}\u{00AD}"
_BLANK = rf"[\s{_UNSEEN}]+"
_DASHES = r"[\u{2010}-\u{2015}\u{2212}\u{30FC}]"
# a spreadsheet has 15 digits: longer numbers come back as 4.2E+27, or with zeros for the tail
_SCIENTIFIC = r"^[0-9](\.[0-9]+)?[eE]\+[0-9]+$"
_ZERO_TAIL = r"^[0-9]{15}0{3,}$"
_MASKED_PHONE = r"[*•●]|[0-9][xX]{2,}[0-9]"
_SCIENTIFIC_PHONE = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
_EXTENDED_PHONE = r"^(?:\+?86|0086)?-?1[3-9][0-9]-?[0-9]{4}-?[0-9]{4}(?:转|分机|[-,/#(\[]|[xX]|ext\.?)+[0-9]{1,6}[)\]]?$"
_PUNCTUATION = r"[-().·]"
_DIALED = r"^\+?[0-9]{5,20}$"
_LOCAL = r"[^\s@\"(),:;<>\[\]\\.]+(\.[^\s@\"(),:;<>\[\]\\.]+)*"
_LABEL = r"[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?"
_EMAIL = rf"^{_LOCAL}@({_LABEL}\.)+(\p{{L}}{{2,}}|xn--[a-z0-9-]+)$"
_GMAIL = ("gmail.com", "googlemail.com")
_MOBILE_TYPES = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def plain_value(config: Config) -> str:
    """SQL expression over columns `type` and `value_raw`: the comparable value where that is plain to see, else null.

    Never null and wrong: a value that needs any cleaning, folding or doubt is left to `comparable_values`.
    """
    is_phone = f"regexp_full_match(value_raw, '{_mainland_mobile()}')" if config.default_phone_region == "CN" else "false"
    address = r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
    is_email = f"regexp_full_match(value_raw, '{address}') and length(value_raw) <= 254 and strpos(value_raw, '@') <= 65"
    if config.identity.fold_gmail:
        is_email += "".join(f" and not ends_with(value_raw, '@{domain}')" for domain in _GMAIL)
    return f"""
        case
            when type = 'phone' then case when {is_phone} then '+86' || value_raw end
            when type = 'email' then case when {is_email} then value_raw end
            when regexp_full_match(value_raw, '[A-Za-z0-9_:.-]+') and length(value_raw) <= {MAX_LENGTH}
                and not (ends_with(value_raw, '000') and regexp_full_match(value_raw, '[0-9]{{15}}0+'))
                then value_raw
        end"""


def comparable_values(values: pl.DataFrame, config: Config) -> pl.DataFrame:
    """Add `value` and `state` to distinct `type`, `value_raw`.

    `state` is real, masked, virtual (a relay that dies with the order), lossy (digits were lost before delivery) or invalid, and
    depends on (`type`, `value`) alone. Only real values compare; the value of the others is what was left of them. A value of nothing
    but blanks is the empty text, with state invalid.
    """
    is_typed = pl.col("type").is_in(["phone", "email"])
    # ids are compared as issued: two nicks may differ in the width of a letter alone
    text = pl.when(is_typed).then(pl.col("value_raw").str.normalize("NFKC")).otherwise("value_raw")
    cleaned = values.with_columns(value=_trimmed(text)).with_columns(value=_cut(pl.col("value")))
    # a lost or control character anywhere: what is left may be shared by people whose values differed
    is_broken = pl.col("value").str.contains(_LOST, literal=True) | pl.col("value").str.contains(_CUT, literal=True)
    parts = (
        _phones(cleaned.filter(~is_broken, type="phone"), config),
        _emails(cleaned.filter(~is_broken, type="email"), config),
        _ids(cleaned.filter(~is_broken, ~is_typed)),
        cleaned.filter(is_broken).with_columns(state=pl.lit("invalid")),
    )
    return pl.concat([part.select("type", "value_raw", "value", "state") for part in parts])


def _trimmed(text: pl.Expr) -> pl.Expr:
    """No blanks at the ends, no apostrophe that protected a cell, control characters visible."""
    return text.str.replace_all(r"[\x00-\x08\x0E-\x1F\x7F]", _LOST).str.replace_all(rf"^(?:{_BLANK}|['‘’`])+|(?:{_BLANK})$", "")


def _cut(value: pl.Expr) -> pl.Expr:
    return pl.when(value.str.len_chars() > MAX_LENGTH).then(value.str.head(MAX_LENGTH) + _CUT).otherwise(value)


def _ids(values: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    state = (
        pl.when(value == "")
        .then(pl.lit("invalid"))
        .when(value.str.contains("**", literal=True))
        .then(pl.lit("masked"))
        .when(value.str.contains(_SCIENTIFIC) | value.str.contains(_ZERO_TAIL))
        .then(pl.lit("lossy"))
        .otherwise(pl.lit("real"))
    )
    return values.with_columns(state=state)


def _emails(values: pl.DataFrame, config: Config) -> pl.DataFrame:
    text = pl.col("value").str.replace_all(rf"[{_UNSEEN}]", "")
    local, domain = text.str.extract(r"^(.*)@", 1), text.str.extract(r"@([^@]*)$", 1).str.to_lowercase()
    if config.identity.lower_case_email_local_part:
        local = local.str.to_lowercase()
    if config.identity.fold_gmail:
        is_gmail = domain.is_in(list(_GMAIL))
        local = pl.when(is_gmail).then(local.str.replace(r"\+.*$", "").str.replace_all(".", "", literal=True)).otherwise(local)
        domain = pl.when(is_gmail).then(pl.lit(_GMAIL[0])).otherwise(domain)
    folded = pl.coalesce(local + "@" + domain, text)
    is_valid = text.str.contains(_EMAIL) & (text.str.len_chars() <= 254) & local.str.len_chars().is_between(1, 64)
    state = (
        pl.when(pl.col("value").str.contains("*", literal=True))
        .then(pl.lit("masked"))
        .when(is_valid)
        .then(pl.lit("real"))
        .otherwise(pl.lit("invalid"))
    )
    return values.with_columns(value=folded).with_columns(state=state)


def _phones(values: pl.DataFrame, config: Config) -> pl.DataFrame:
    """Chinese mobiles in any dress by pattern; what is left by `phonenumbers`, one distinct number at a time (27 us each)."""
    region = config.default_phone_region
    prefix = r"(?:\+?86|0086)?" if region == "CN" else r"\+86"
    text = pl.col("value")
    marked = values.with_columns(value=text.str.replace_all(_BLANK, "").str.replace_all(_DASHES, "-")).with_columns(
        state=pl.when(text.str.contains(_MASKED_PHONE))
        .then(pl.lit("masked"))
        .when(text.str.contains(_SCIENTIFIC_PHONE))
        .then(pl.lit("lossy"))
        .when(text.str.contains(_EXTENDED_PHONE))
        .then(pl.lit("virtual")),
        dialed=text.str.replace(r"\.0+$", "").str.replace_all(_PUNCTUATION, ""),
    )
    mobile = "+86" + pl.col("dialed").str.extract(rf"^{prefix}({_mainland_mobile()})$", 1)
    plain = marked.with_columns(number=pl.when(pl.col("state").is_null()).then(mobile))
    odd = plain.filter(pl.col("state").is_null(), pl.col("number").is_null(), pl.col("dialed").str.contains(_DIALED))["dialed"]
    dialed = sorted(odd.unique().to_list())
    parsed = {"dialed": dialed, "parsed": [mobile_number(number, region) for number in dialed]}
    return (
        plain.join(pl.DataFrame(parsed, schema={"dialed": pl.String, "parsed": pl.String}), on="dialed", how="left")
        .with_columns(number=pl.coalesce("number", "parsed"))
        .with_columns(
            state=pl.coalesce("state", pl.when(pl.col("number").is_null()).then(pl.lit("invalid")).otherwise(pl.lit("real"))),
            value=pl.coalesce("number", "value"),
        )
    )


def mobile_number(text: str, region: str) -> str | None:
    """E.164 of a valid number that may be a mobile one, else None. Landlines and short numbers reach no single person."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _MOBILE_TYPES:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _mainland_mobile() -> str:
    """The library's own pattern of Chinese mobile numbers, so that the fast path moves with the library."""
    mobile: Any = phonenumbers.PhoneMetadata.metadata_for_region("CN").mobile  # type: ignore[union-attr]
    return f"(?:{mobile.national_number_pattern})"
