"""What is known of a record beside its identifiers, in the columns that the matcher compares. Pure."""

from __future__ import annotations

import polars as pl

from pipelines.identity.agreement import name_forms
from pipelines.identity.characters import map_characters, readings, simplified
from pipelines.identity.names import comparable_names

# as delivered; all nullable but the first
DESCRIPTION = {
    "record_id": pl.Int64,
    "full_name": pl.String,
    "birth_on": pl.String,
    "province": pl.String,
    "city": pl.String,
    "postcode": pl.String,
    "address": pl.String,
    "phone": pl.String,
    "email": pl.String,
}
# columns that are known together, or not
GROUPS = (
    ("name", "surname", "given", "reading", "turned"),
    ("birth",),
    ("province", "city"),
    ("postcode",),
    ("address_words", "address_numbers"),
    ("phone", "phone_head", "phone_tail"),
    ("email", "email_local", "has_name_in_email"),
)
_MAX_LENGTH = 200
_MASK = r"[*xX•●]+"


def comparable_descriptions(descriptions: pl.DataFrame) -> pl.DataFrame:
    """One row per row of `descriptions`, whose columns are those of DESCRIPTION; a missing column is one of nulls.

    Names: `name`, `pinyin`, `surname`, `given`, and `reading`, `turned` (letters only, in both orders). `birth`: eight digits.
    `city`, `province`: without 市 and the like, in letters. `address_words` in letters and `address_numbers`: of a postal address.
    `phone`: digits of a whole number; `phone_head`, `phone_tail`: first three and last four, also of masked ones. `email`, `email_local`;
    `has_name_in_email`: the surname stands in it.
    """
    absent = [pl.lit(None).alias(column) for column in DESCRIPTION if column not in descriptions.columns]
    whole = descriptions.with_columns(absent).select(pl.col(column).cast(dtype) for column, dtype in DESCRIPTION.items())
    named = whole.join(_names(whole["full_name"]), on="full_name", how="left", maintain_order="left")
    address = _spelled(named, "address")
    digits = pl.col("phone").str.replace_all(r"[^0-9*xX•●]", "").str.replace(r"^(?:0086|86)(1[0-9]{2})", "${1}")
    is_masked = digits.str.contains(_MASK)
    birth = pl.col("birth_on").str.replace_all(r"[^0-9]", "")
    email = pl.col("email").str.to_lowercase().str.strip_chars()
    surname = pl.col("surname_folded").fill_null("")
    return named.with_columns(
        birth=pl.when(birth.str.len_chars() == 8).then(birth),
        province=_place(_spelled(named, "province")),
        city=_place(_spelled(named, "city")),
        postcode=_filled(pl.col("postcode").str.strip_chars()),
        address_words=_filled(address.str.replace_all(r"[^a-z]", "")),
        address_numbers=_filled(address.str.replace_all(r"[^0-9]+", " ").str.strip_chars()),
        phone=pl.when(~is_masked & (digits.str.len_chars() >= 7)).then(digits),
        phone_head=_filled(digits.str.extract(r"^([0-9]{3})", 1)),
        phone_tail=_filled(digits.str.extract(r"([0-9]{4})$", 1)),
        email=_filled(email),
        email_local=_filled(email.str.extract(r"^([^@]+)@", 1)),
        has_name_in_email=pl.when(email.is_not_null()).then(
            email.str.replace_all(r"[^a-z@]", "").str.contains(surname, literal=True).fill_null(value=False) & (surname.str.len_chars() > 1)
        ),
    ).drop("full_name", "birth_on", "address", "surname_folded")


def _names(full_names: pl.Series) -> pl.DataFrame:
    forms = name_forms(comparable_names(full_names))
    return forms.select("full_name", "name", "surname", "given", "turned", "surname_folded", reading="joined")


def _spelled(descriptions: pl.DataFrame, column: str) -> pl.Series:
    """Letters and digits of any script but Chinese, and its characters in pinyin: DuckDB compares bytes, and these are one byte each."""
    text = descriptions[column].str.head(_MAX_LENGTH).str.normalize("NFKC").str.to_lowercase()
    return map_characters(map_characters(text, simplified), readings)


def _place(spelled: pl.Series) -> pl.Series:
    bare = spelled.str.replace_all(r"[^a-z0-9]", "").str.replace(r"(?:shi|sheng|zizhiqu|tebiexingzhengqu)$", "")
    return bare.replace({"": None})


def _filled(text: pl.Expr | pl.Series) -> pl.Expr:
    expression = pl.lit(text) if isinstance(text, pl.Series) else text
    return pl.when(expression != "").then(expression)
