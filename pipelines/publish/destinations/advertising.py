"""Platforms that show advertisements to people they know by e-mail or phone. All need a consent of their own.

Names are not uploaded: the golden record has one full name, and a first and last name cut out of it at the wrong place match nobody.
"""

from __future__ import annotations

from base64 import b64encode

import polars as pl

from pipelines.contracts.settings.publishing import (
    GoogleCustomerMatch,
    MetaCustomAudience,
    OceanEnginePhones,
    QianchuanPhones,
    TencentPhones,
)
from pipelines.publish.destinations import containers, values
from pipelines.publish.destinations.layout import Consent, Field, Layout, Limits, Listed, Removal, Render

_MEGABYTE = 1_000_000
_ZIPPED_LINES = containers.zipped(containers.lines, ".txt")
_TABLE_REMOVAL = Removal(containers.csv, containers.read_csv)
_LINES_REMOVAL = Removal(_ZIPPED_LINES, containers.read_zipped_lines)
_IDS_A_LINE = 10_000  # of Ocean Engine
# of an IdItem of Ocean Engine's DmpData: field 1 of the line's message, 68 bytes; dataType = MOBILE_HASH_SHA256; id of 64 bytes
_ITEM = "\x0a\x44\x10\x06\x1a\x40"


def google(settings: GoogleCustomerMatch, _listed: Listed) -> Layout:
    """Customer Match: `Email`, `Phone`, plain or hashed. Names of headers are English whatever the account speaks."""
    email, phone = values.EMAIL_WITHOUT_DOTS, values.phone("e164")
    if settings.is_hashed:
        email, phone = values.hashed("sha256", email), values.hashed("sha256", phone)
    return Layout(
        fields=(Field("Email", email), Field("Phone", phone)),
        reached_by=("Email", "Phone"),
        render=containers.csv,
        suffix=".csv",
        consent=Consent.ADVERTISING,
        limits=Limits(least=100, least_for="a list serves from 100 active people on"),
        removal=_TABLE_REMOVAL,
    )


def meta(settings: MetaCustomAudience, _listed: Listed) -> Layout:
    """Custom audience: every key hashed, in the order of the settings."""
    gender = "case declared_gender when 'female' then 'f' when 'male' then 'm' end"
    country = "case when regexp_full_match(home_country, '[A-Za-z]{2}') then lower(home_country) end"
    keys = {
        "email": Field("email", values.hashed("sha256", values.EMAIL)),
        "phone": Field("phone", values.hashed("sha256", values.phone("digits"))),
        "gender": Field("gen", values.hashed("sha256", gender)),
        "city": Field("ct", values.hashed("sha256", values.word("home_city"))),
        "province": Field("st", values.hashed("sha256", values.word("home_province"))),
        "country": Field("country", values.hashed("sha256", country)),
    }
    return Layout(
        fields=tuple(keys[name] for name in settings.match_by),
        reached_by=tuple(name for name in settings.match_by if name in {"email", "phone"}),
        render=containers.csv,
        suffix=".csv",
        consent=Consent.ADVERTISING,
        limits=Limits(least=100, least_for="an audience serves from about 100 people on"),
        removal=_TABLE_REMOVAL,
    )


def tencent(settings: TencentPhones, _listed: Listed) -> Layout:
    """号码包: a hash a line in a zip archive of at most 100 MB."""
    limits = Limits(least=2_000, least_for="a seed of look-alikes needs 2,000 people", most_bytes=100 * _MEGABYTE)
    return _phones(values.hashed(settings.hash, values.phone("mainland")), _ZIPPED_LINES, limits, _LINES_REMOVAL)


def qianchuan(settings: QianchuanPhones, _listed: Listed) -> Layout:
    """A hash a line in a zip archive; one of more than 25 MB would have to be uploaded in pieces."""
    value = values.hashed(settings.hash, values.phone("mainland"))
    return _phones(value, _ZIPPED_LINES, Limits(most_bytes=25 * _MEGABYTE), _LINES_REMOVAL)


def ocean_engine(_settings: OceanEnginePhones, _listed: Listed) -> Layout:
    """Lines of base64, each a DmpData message of at most 10,000 ids, in a zip archive of at most 50 MB."""
    value = values.hashed("sha256", values.phone("mainland"))
    return _phones(value, containers.zipped(_dmp_data, ".txt"), Limits(most_bytes=50 * _MEGABYTE, most_files=1_000))


def _phones(value: str, render: Render, limits: Limits, removal: Removal | None = None) -> Layout:
    return Layout(
        fields=(Field("phone", value),),
        reached_by=("phone",),
        render=render,
        suffix=".zip",
        consent=Consent.ADVERTISING,
        limits=limits,
        removal=removal,
    )


def _dmp_data(rows: pl.DataFrame, _name: str) -> bytes:
    """Every byte of a message is ASCII, because all lengths in it are below 128: it can be put together as text."""
    ids = rows.to_series()
    chunks = (ids.slice(start, _IDS_A_LINE) for start in range(0, len(ids), _IDS_A_LINE))
    messages = ((_ITEM + chunk).str.join("").item().encode("ascii") for chunk in chunks)
    return b"".join(b64encode(message) + b"\n" for message in messages)
