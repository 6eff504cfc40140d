"""Values as receivers compare them, in SQL: four strings for one phone, normalized e-mails and words, hashes of what is not empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pipelines.contracts.settings.publishing import PhoneForm

Hash = Literal["sha256", "md5"]

# the phone of a list is E.164 already
PHONE = "contact_phone"
_PHONES: Mapping[PhoneForm, str] = {
    "e164": PHONE,
    "digits": f"substr({PHONE}, 2)",
    # of other countries there is none: gateways and packages of the mainland know eleven digits
    "mainland": f"case when regexp_full_match({PHONE}, '\\+861[0-9]{{10}}') then substr({PHONE}, 4) end",
    "double_zero": f"'00' || substr({PHONE}, 2)",
}
EMAIL = r"regexp_replace(lower(contact_email), '\s', '', 'g')"
_GMAIL = r"@(gmail|googlemail)\.com$"
# dots are no part of the mailbox at Gmail, and at Gmail alone; a +tag stays, as Google's own text has it
EMAIL_WITHOUT_DOTS = (
    f"case when regexp_matches({EMAIL}, '{_GMAIL}')"
    f" then replace(split_part({EMAIL}, '@', 1), '.', '') || '@' || split_part({EMAIL}, '@', 2) else {EMAIL} end"
)


def phone(form: PhoneForm) -> str:
    """SQL: the phone in one of its forms, null where it has none."""
    return _PHONES[form]


def word(column: str) -> str:
    """SQL: lower case without blanks, punctuation and symbols, in whatever script: a Chinese city is no empty word."""
    return rf"regexp_replace(lower({column}), '[\s\p{{P}}\p{{S}}]', '', 'g')"


def hashed(algorithm: Hash, value: str) -> str:
    """SQL: the hash in lower-case hex; null for null and for the empty text, which has a hash that says somebody was there."""
    return f"{algorithm}(nullif({value}, ''))"
