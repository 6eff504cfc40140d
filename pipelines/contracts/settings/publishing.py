"""The part of the configuration that says where lists go: destinations (which file, made how) and places (put where).

No secret is a setting: a setting names the variable of the environment that holds it.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from pipelines.contracts.settings.section import Section

# names become file names, and columns and segments are named like them
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]
# one person has four phone strings: +8613800138000, 8613800138000, 13800138000, 008613800138000
PhoneForm = Literal["e164", "digits", "mainland", "double_zero"]
# files that every list has
TAKEN = frozenset({"list", "added", "removed", "manifest"})


class _Destination(Section):
    """What every destination has: which lists go there, and to which places the files are delivered."""

    segments: tuple[Name, ...] = Field(min_length=1)
    deliver_to: tuple[Name, ...] = ()  # none: the file lies beside the list and waits for somebody


class _Audience(_Destination):
    """A destination that keeps whom it was told of."""

    removals: bool = False  # a second file with those whom it must drop since the list before


class ListCsv(_Destination):
    """`list.csv`, `added.csv` and `removed.csv` as they are: no file is written, these are delivered."""

    kind: Literal["list_csv"]


class ListXlsx(_Destination):
    """The list as a workbook of text cells."""

    kind: Literal["list_xlsx"]


class GoogleCustomerMatch(_Audience):
    """Google Ads, Customer Match: e-mail and phone."""

    kind: Literal["google_customer_match"]
    is_hashed: bool = True


class MetaCustomAudience(_Audience):
    """Meta, custom audience from a customer list."""

    kind: Literal["meta_custom_audience"]
    match_by: tuple[Literal["email", "phone", "gender", "city", "province", "country"], ...] = ("email", "phone")

    @model_validator(mode="after")
    def _identifies(self) -> MetaCustomAudience:
        if not {"email", "phone"} & {*self.match_by}:
            raise ValueError("match_by needs email or phone")
        return self


class TencentPhones(_Audience):
    """Tencent Ads, 号码包 of phones."""

    kind: Literal["tencent_phones"]
    hash: Literal["md5", "sha256"] = "md5"  # HASH_MOBILE_PHONE or SHA256_MOBILE_PHONE


class OceanEnginePhones(_Destination):
    """Ocean Engine, DMP data source of phones."""

    kind: Literal["ocean_engine_phones"]


class QianchuanPhones(_Audience):
    """Qianchuan, audience of phones."""

    kind: Literal["qianchuan_phones"]
    hash: Literal["md5", "sha256"] = "sha256"  # data_type 17 or 14


class SmsXlsx(_Destination):
    """Numbers alone in column A of a workbook, as Huawei Cloud takes them."""

    kind: Literal["sms_xlsx"]
    phone: PhoneForm = "mainland"


class SmsTemplateXlsx(_Destination):
    """A workbook with the number and the variables of a message template, as Tencent Cloud takes it."""

    kind: Literal["sms_template_xlsx"]
    phone: PhoneForm = "mainland"
    variables: tuple[Name, ...] = ()


class SmsCsv(_Destination):
    """Number and variables as CSV, for gateways with an interface of their own."""

    kind: Literal["sms_csv"]
    phone: PhoneForm = "e164"
    variables: tuple[Name, ...] = ()


class Klaviyo(_Audience):
    """Klaviyo, import of profiles."""

    kind: Literal["klaviyo"]
    variables: tuple[Name, ...] = ("customer_id", "arm")
    subscribes: bool = False  # also tell Klaviyo that they subscribed; the gate has seen that they did


class Mailchimp(_Audience):
    """Mailchimp, import of contacts."""

    kind: Literal["mailchimp"]
    variables: tuple[Name, ...] = ("customer_id",)


class Miniprogram(Section):
    """Where a tap on the message leads."""

    appid: Text
    pagepath: Text


class WechatTemplate(_Destination):
    """WeChat template messages, a JSON object a line, for the sender that calls the interface."""

    kind: Literal["wechat_template"]
    appid: Text  # an openid means something within it only
    template_id: Text
    url: Text | None = None
    miniprogram: Miniprogram | None = None
    columns: dict[Variable, Name] = Field(default_factory=dict)  # key of the template -> column of the list
    texts: dict[Variable, Text] = Field(default_factory=dict)  # key of the template -> the same text for all

    @model_validator(mode="after")
    def _says_something(self) -> WechatTemplate:
        if not self.columns and not self.texts:
            raise ValueError("columns or texts must fill the template")
        twice = sorted({*self.columns} & {*self.texts})
        if twice:
            raise ValueError(f"{twice[0]} stands in columns and in texts")
        return self


Destination = Annotated[
    ListCsv
    | ListXlsx
    | GoogleCustomerMatch
    | MetaCustomAudience
    | TencentPhones
    | OceanEnginePhones
    | QianchuanPhones
    | SmsXlsx
    | SmsTemplateXlsx
    | SmsCsv
    | Klaviyo
    | Mailchimp
    | WechatTemplate,
    Field(discriminator="kind"),
]


class FolderPlace(Section):
    """A folder of this machine or a share."""

    kind: Literal["folder"]
    path: Path  # must be there: a share that is not mounted is no empty folder


class SftpPlace(Section):
    """A folder of an SFTP server."""

    kind: Literal["sftp"]
    host: Text
    port: int = Field(22, ge=1, le=65535)
    user: Text
    path: Text  # as the server knows it; must be there
    known_hosts: Path  # keys of hosts, as ssh keeps them; a host that is not in it is refused
    password_variable: Variable | None = None
    key_file: Path | None = None
    passphrase_variable: Variable | None = None

    @model_validator(mode="after")
    def _has_a_key(self) -> SftpPlace:
        if (self.password_variable is None) == (self.key_file is None):
            raise ValueError("needs password_variable or key_file, one of them")
        if ".." in PurePosixPath(self.path).parts:
            raise ValueError("path must not hold ..")
        return self


class S3Place(Section):
    """A bucket of S3 or of a storage that speaks like it."""

    kind: Literal["s3"]
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: str = ""
    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+/?$")] | None = None  # none: Amazon's own
    region: Text = "us-east-1"
    access_key_variable: Variable = "AWS_ACCESS_KEY_ID"
    secret_key_variable: Variable = "AWS_SECRET_ACCESS_KEY"

    @model_validator(mode="after")
    def _stays_below(self) -> S3Place:
        if ".." in PurePosixPath(self.prefix).parts:
            raise ValueError("prefix must not hold ..")
        return self

    @field_validator("endpoint")
    @classmethod
    def _is_private(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("http://") and urlsplit(value).hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("lists of people cross no network in clear: name an https endpoint")
        return value


Place = Annotated[FolderPlace | SftpPlace | S3Place, Field(discriminator="kind")]


class PublishConfig(Section):
    """Where lists go besides `list.csv`."""

    destinations: dict[Name, Destination] = Field(default_factory=dict)
    places: dict[Name, Place] = Field(default_factory=dict)
    tries: int = Field(4, ge=1, le=10)  # of a file that cannot be delivered, before the run goes on without it
    wait_seconds: int = Field(5, ge=0, le=600)  # before the second try; twice as long before each further one

    @model_validator(mode="after")
    def _hangs_together(self) -> PublishConfig:
        plain: dict[str, str] = {}
        for name, destination in self.destinations.items():
            if name in TAKEN:
                raise ValueError(f"destinations: {name} is the name of a file that every list has")
            # some receivers take letters and digits only in a file's name
            other = plain.setdefault(name.replace("_", ""), name)
            if other != name:
                raise ValueError(f"destinations: {other} and {name} differ by _ alone")
            for place in destination.deliver_to:
                if place not in self.places:
                    raise ValueError(f"destinations.{name}.deliver_to: {place} is none of the places ({', '.join(self.places) or 'none'})")
        return self

    def absolute(self, base: Path) -> PublishConfig:
        """The same with every path of this machine taken from `base`."""
        paths = {"path", "known_hosts", "key_file"}
        places = {}
        for name, place in self.places.items():
            own = {key: getattr(place, key) for key in paths & set(type(place).model_fields)}
            update = {key: (base / value).resolve() for key, value in own.items() if isinstance(value, Path)}
            places[name] = place.model_copy(update=update)
        return self.model_copy(update={"places": places})
