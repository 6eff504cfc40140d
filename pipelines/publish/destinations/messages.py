"""Tools that send messages: SMS gateways, e-mail tools, the sender of WeChat templates."""

from __future__ import annotations

import polars as pl

from pipelines.contracts.engine import literal
from pipelines.contracts.settings.publishing import Klaviyo, Mailchimp, SmsCsv, SmsTemplateXlsx, SmsXlsx, WechatTemplate
from pipelines.publish.cells import guarded
from pipelines.publish.destinations import containers, values
from pipelines.publish.destinations.layout import Consent, Field, Layout, Limits, Listed, Removal, Render

_MEGABYTE = 1_000_000
_WORKBOOK_ROWS = 500_000  # a workbook is made in memory: a kilobyte a row
_REMOVAL = Removal(containers.csv, containers.read_csv)
_TEXT_BYTES = 255  # of a cell of Mailchimp
# in hex: a character of two, three or four bytes without the last of them
_BROKEN_END = "(?:[cd][0-9a-f]|e[0-9a-f](?:[89ab][0-9a-f])?|f[0-9a-f](?:[89ab][0-9a-f]){0,2})$"


def sms_numbers(settings: SmsXlsx, _listed: Listed) -> Layout:
    """Huawei Cloud: numbers alone in column A, cells of text, 12 MB, a file name of letters and digits."""
    return Layout(
        fields=(Field("phone", values.phone(settings.phone)),),
        reached_by=("phone",),
        render=containers.workbook(has_header=False),
        suffix=".xlsx",
        limits=Limits(most_rows=_WORKBOOK_ROWS, most_bytes=12 * _MEGABYTE),
        has_plain_name=True,
    )


def sms_template(settings: SmsTemplateXlsx, _listed: Listed) -> Layout:
    """Tencent Cloud: the number, then a column for each variable of the template, 30 MB."""
    return Layout(
        fields=(Field("phone", values.phone(settings.phone)), *_variables(settings.variables)),
        reached_by=("phone",),
        render=containers.workbook(has_header=True),
        suffix=".xlsx",
        limits=Limits(most_rows=_WORKBOOK_ROWS // (1 + len(settings.variables)), most_bytes=30 * _MEGABYTE),
    )


def sms_table(settings: SmsCsv, _listed: Listed) -> Layout:
    """Any gateway that reads CSV, with the phone as it wants it."""
    return Layout(
        fields=(Field("phone", values.phone(settings.phone)), *_variables(settings.variables)),
        reached_by=("phone",),
        render=_table(settings.variables),
        suffix=".csv",
    )


def klaviyo(settings: Klaviyo, listed: Listed) -> Layout:
    """Profiles by e-mail, or by phone for lists of SMS; consent for all rows or for none; 50 MB."""
    is_email = listed.channel == "email"
    contact = Field("Email", values.EMAIL) if is_email else Field("Phone Number", values.phone("e164"))
    consent = (Field(f"{'Email' if is_email else 'SMS'} Marketing Consent", "'Subscribe'"),) if settings.subscribes else ()
    return Layout(
        fields=(contact, *consent, *_variables(settings.variables)),
        reached_by=(contact.header,),
        render=_table(settings.variables),
        suffix=".csv",
        limits=Limits(most_bytes=50 * _MEGABYTE),
        removal=_REMOVAL,
    )


def mailchimp(settings: Mailchimp, listed: Listed) -> Layout:
    """Contacts by e-mail, tagged with the segment and its arm; texts of 255 bytes."""
    tags = f"{literal(listed.segment)} || coalesce({literal(f',{listed.segment}_')} || nullif(arm, ''), '')"
    table = _table(settings.variables)

    def render(rows: pl.DataFrame, name: str) -> bytes:
        return table(rows.with_columns(_cut(variable) for variable in settings.variables), name)

    return Layout(
        fields=(Field("Email Address", "contact_email"), Field("Tags", tags), *_variables(settings.variables)),
        reached_by=("Email Address",),
        render=render,
        suffix=".csv",
        removal=_REMOVAL,
    )


def wechat(settings: WechatTemplate, listed: Listed) -> Layout:
    """A message a line. `client_msg_id` is the same for the same person, list and day: who sends twice reaches nobody twice."""
    identity = f"substr(sha256(concat_ws('|', list_day, {literal(listed.segment)}, {literal(settings.template_id)}, customer_id)), 1, 32)"
    fixed = {"template_id": pl.lit(settings.template_id)}
    if settings.url is not None:
        fixed["url"] = pl.lit(settings.url)
    if settings.miniprogram is not None:
        fixed["miniprogram"] = pl.struct(pl.lit(value).alias(key) for key, value in settings.miniprogram.model_dump().items())
    filled = {key: pl.col(f"data.{key}") for key in settings.columns} | {key: pl.lit(text) for key, text in settings.texts.items()}
    data = pl.struct(pl.struct(value=filled[key]).alias(key) for key in sorted(filled))

    def render(rows: pl.DataFrame, _name: str) -> bytes:
        return (
            rows.select("touser", *(value.alias(key) for key, value in fixed.items()), "client_msg_id", data=data).write_ndjson().encode()
        )

    return Layout(
        fields=(
            Field("touser", "contact_openid"),
            Field("client_msg_id", identity),
            *(Field(f"data.{key}", column) for key, column in settings.columns.items()),
        ),
        reached_by=("touser",),
        render=render,
        suffix=".jsonl",
        consent=Consent.WECHAT,
    )


def _variables(names: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(Field(name, name) for name in names)


def _table(variables: tuple[str, ...]) -> Render:
    """CSV whose free texts are no formula when somebody opens it in a spreadsheet; contact points stay what they are."""

    def render(rows: pl.DataFrame, name: str) -> bytes:
        return containers.csv(rows.with_columns(guarded(variable) for variable in variables), name)

    return render


def _cut(column: str) -> pl.Expr:
    """At most 255 bytes, cut between characters: the first bytes of one whose last are missing go as well."""
    content = pl.col(column).cast(pl.Binary).bin.slice(0, _TEXT_BYTES).bin.encode("hex").str.replace(_BROKEN_END, "")
    cut = content.str.decode("hex").cast(pl.String)
    return pl.when(pl.col(column).str.len_bytes() > _TEXT_BYTES).then(cut).otherwise(column).alias(column)
