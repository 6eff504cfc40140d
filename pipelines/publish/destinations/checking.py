"""Do destinations and segments fit? Asked before anything runs, so that no night ends at the last step."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.contracts.declarations import nearest
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.segments import Definitions, Segment
from pipelines.contracts.settings.publishing import (
    Destination,
    Klaviyo,
    Mailchimp,
    PublishConfig,
    SmsCsv,
    SmsTemplateXlsx,
    SmsXlsx,
    WechatTemplate,
)

_ADVICE = "mend publish.destinations in cdp.yaml"


def check_destinations(settings: PublishConfig, definitions: Definitions) -> None:
    """Raise ConfigurationError for a segment that there is not, that a destination cannot reach, or without a column that it names.

    Of a segment that is left out nothing is asked: no list of it goes anywhere.
    """
    known = {segment.name: segment for segment in definitions.segments}
    for name, destination in settings.destinations.items():
        for wanted in (segment for segment in destination.segments if segment not in definitions.left_out):
            if wanted not in known:
                what = f"segments: no segment {wanted!r}{nearest(wanted, known)}"
                raise ConfigurationError(what, where=f"publish.destinations.{name}", do=_ADVICE)
            problem = _problem(destination, known[wanted])
            if problem:
                raise ConfigurationError(problem, where=f"publish.destinations.{name}", do=_ADVICE)
    _one_message(settings, known)


def _problem(destination: Destination, segment: Segment) -> str:
    match destination:
        case SmsXlsx() | SmsTemplateXlsx() | SmsCsv() if segment.channel != "sms":
            return f"segments: {segment.name} is a list of {segment.channel}, and {destination.kind} takes phones"
        case Mailchimp() if segment.channel != "email":
            return f"segments: {segment.name} is a list of {segment.channel}, and mailchimp takes e-mails"
        case Klaviyo() if segment.channel not in {"sms", "email"}:
            return f"segments: {segment.name} is a list of {segment.channel}, and klaviyo takes e-mails or phones"
    columns = {"customer_id", "name", "arm", *segment.columns}
    for column in _columns(destination):
        if column not in columns:
            return f"{column} is no column of the list {segment.name}: it has {', '.join(sorted(columns))}"
    return ""


def _columns(destination: Destination) -> Iterable[str]:
    match destination:
        case SmsTemplateXlsx() | SmsCsv() | Klaviyo() | Mailchimp():
            return destination.variables
        case WechatTemplate():
            return destination.columns.values()
    return ()


def _one_message(settings: PublishConfig, known: dict[str, Segment]) -> None:
    """The gate lets a customer have one message of a list: who is sent a template is not sent an SMS or an e-mail besides."""
    for segment in known:
        there = [(name, one) for name, one in settings.destinations.items() if segment in one.segments]
        templates = [name for name, one in there if isinstance(one, WechatTemplate)]
        others = [name for name, one in there if isinstance(one, SmsXlsx | SmsTemplateXlsx | SmsCsv | Klaviyo | Mailchimp)]
        if templates and others:
            raise ConfigurationError(
                f"{templates[0]} and {others[0]} would both send a message to the customers of {segment}",
                where="publish.destinations",
                do="give them different segments",
            )
