"""A first contract for an export that nobody knows: guesses, and what a person has to decide. No value of a person is in it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.channels.checking import check_file
from pipelines.channels.contract import FormatSpec
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.guessing import Guess, guess_columns
from pipelines.channels.lineage import canonical_columns
from pipelines.channels.recognition import normal_header
from pipelines.channels.sampling import Sample, sample_of
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError

_ORDER_STATUSES = ("unpaid", "paid", "shipped", "completed", "refunded", "cancelled")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_LEAST_DETECTED, _MOST_DETECTED = 4, 8
_LINE = 120


@dataclass(frozen=True, slots=True)
class _Plan:
    """The columns that the draft reads, by the name of their field; the rest is listed and left."""

    fields: Mapping[str, Guess]
    is_order_repeated: bool = False


def draft_contract(path: Path, config: Config, *, name: str | None = None) -> str:
    """The YAML of a contract that reads `path`, with comments that begin "decide:".

    Raises ConfigurationError where there is no such file, it holds no table, or `name` is none for a format.
    """
    if not path.is_file():
        raise ConfigurationError("no such file", where=str(path), do="check the path")
    formats = read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone)
    names = {item.name for item in formats}
    if name is not None and (not _NAME.match(name) or name in names):
        why = "is a format already" if name in names else "is no name: lower-case letters, digits and _, a letter first"
        raise ConfigurationError(why, where=name, do="choose another name")
    with tempfile.TemporaryDirectory(prefix="cdp-draft-") as folder:
        sample = sample_of(path, config, Path(folder))
    if not sample.rows.width:
        raise ConfigurationError("holds no columns", where=str(path), do="check what was exported")
    follows = _followed(path, config, formats)
    guesses = guess_columns(sample.rows)
    plan = _plan(guesses)
    lines = _Draft(name or _free_name(path, names), path.name, sample, guesses, plan, formats, follows).lines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _followed(path: Path, config: Config, formats: Sequence[Format]) -> Format | None:
    found = {check.format_name for check in check_file(path, config, preview_rows=0)}
    return next((item for item in formats if item.name in found), None)


def _free_name(path: Path, names: Iterable[str]) -> str:
    words = re.findall(r"[a-z]+", path.name.split(".")[0].lower())
    name = "_".join(words) or "new_export"
    return f"own_{name}" if name in set(names) else name


def _plan(guesses: Sequence[Guess]) -> _Plan:
    fields: dict[str, Guess] = {}
    moments = [item for item in guesses if item.role in ("instant", "date")]
    times = [item for item in moments if item.filled > 0.9 and not _says(item, "update|更新|修改|birth|生日")]
    moment = _best(times, r"下单|创建|交易时间|付款时间|order|created|oper_date|sale|time") if times else None
    numbers = [item for item in guesses if item.role == "id" and item.filled == 1.0 and not _says(item, f"{_PEOPLE_IDS}|{_OTHER_IDS}")]
    named = [item for item in numbers if _says(item, _ORDER_IDS)]
    order = _best(
        [item for item in named if item.is_unique] or named or [item for item in numbers if item.is_unique] or numbers, _ORDER_IDS
    )
    money = _best(
        [item for item in guesses if item.role == "money" and item.type == "amount"], r"实付|实际支付|实收|paid|total|金额|amount|money"
    )
    status = _best([item for item in guesses if item.role == "word" and item.words], r"订单状态|交易状态|order.?status|status|状态")
    status = status if status is not None and _says(status, "状态|status|state") else None
    person = _best([item for item in guesses if item.role == "id" and _says(item, _PEOPLE_IDS)], r"会员|member|customer|user|买家|客户")
    phone = _best([item for item in guesses if item.role == "phone"], r"买家|会员|联系|收|phone|mobile")
    email = _best([item for item in guesses if item.role == "email"], r"email|邮箱")
    for field, item in (
        ("order_no", order),
        ("customer_no", person),
        ("ordered_at", moment),
        ("paid_amount", money),
        ("status_channel", status),
        ("phone", phone),
        ("email", email),
    ):
        if item is not None and item not in fields.values():
            fields[field] = item
    if not fields:  # a contract reads something
        harmless = [item for item in guesses if not item.is_personal and item.role != "empty"]
        fields[_field_name((harmless or list(guesses))[0], 1)] = (harmless or list(guesses))[0]
    return _Plan(fields, "order_no" in fields and not fields["order_no"].is_unique)


_ORDER_IDS = r"主?订单编?号|order|交易|流水号|小票|receipt|invoice|bill|flow_no|^id$"
_OTHER_IDS = r"商品|宝贝|店铺|门店|sku|product|item|store|shop|branch"
_PEOPLE_IDS = r"买家|会员|客户|用户|openid|unionid|member|customer|user|buyer|card|receiver|收"


def _says(item: Guess, pattern: str) -> bool:
    return re.search(pattern, item.header, re.IGNORECASE) is not None


def _best(items: Sequence[Guess], wanted: str) -> Guess | None:
    """The one whose header is worded like the first of the alternatives, else the fullest; of equals the first."""
    if not items:
        return None
    words = wanted.split("|")

    def rank(item: Guess) -> tuple[int, float]:
        return next((number for number, word in enumerate(words) if _says(item, word)), len(words)), -item.filled

    return min(items, key=rank)


class _Draft:
    """The text, part by part."""

    def __init__(
        self,
        name: str,
        file_name: str,
        sample: Sample,
        guesses: Sequence[Guess],
        plan: _Plan,
        formats: Sequence[Format],
        follows: Format | None,
    ) -> None:
        self._name, self._sample, self._guesses, self._plan, self._formats, self._follows = name, sample, guesses, plan, formats, follows
        self._file_name = file_name
        self._channel = name.split("_")[0]
        self._fields = plan.fields

    def lines(self) -> list[str]:
        return [*self._head(), "", *self._fields_part(), "", *self._left_out(), "", *self._derived(), *self._tables()]

    def _head(self) -> Iterator[str]:
        sample = self._sample
        yield f"# A draft, from {sample.rows.height:,} rows of one file. What says `decide` is a guess: keep it or mend it, and"
        yield "# take the comment away. Then `cdp channels check FILE --formats FOLDER` says how the file is read."
        if self._follows is not None:
            yield f"# The contract {self._follows.name} reads this file already: decide whether you need another, or `extends` it."
        yield f"format: {self._name}"
        yield f"channel: {self._channel}  # decide: who issued the ids; it stands before each of them"
        yield f"title: {_quoted(self._name.replace('_', ' '))}  # decide"
        grain = "order line" if self._plan.is_order_repeated else "order" if "order_no" in self._fields else "row"
        yield f"grain: {grain}  # decide: what one row is"
        if sample.container != "delimited":
            yield f"container: {sample.container}"
        if sample.records is not None:
            yield f"records: {_quoted(sample.records)}"
        if sample.container == "delimited" and sample.delimiter != ",":
            yield f"delimiter: {_quoted(sample.delimiter)}"
        if sample.lead:
            yield f"lead: {_quoted(sample.lead)}  # of every data line"
        if sample.quoting != "rfc4180":
            yield f"quoting: {sample.quoting}"
        yield f"# recognized by these {'paths' if self._is_json else 'headers'} together: decide whether other exports have them too"
        yield f"detect: [{', '.join(map(_quoted, self._detect()))}]"
        if sample.encoding is not None:
            yield f"encodings: [{', '.join(dict.fromkeys([sample.encoding, 'utf-8', 'gb18030']))}]"
        if sample.preamble_lines >= FormatSpec.model_fields["header_within"].default:
            yield f"header_within: {sample.preamble_lines + 1}  # decide: the last row in which the header may stand"
        elif sample.preamble_lines:
            yield f"# {sample.preamble_lines} lines above the header are left; nothing has to be said of them"
        if sample.footer:
            yield f"footer: {{begins: [{', '.join(map(_quoted, sample.footer))}]}}  # decide: how the lines below the data begin"
        elif not sample.is_whole:
            yield "# the end of the file was not looked at: decide whether lines of totals stand below the data (`footer`)"
        yield "time_zone: business  # decide: whose clock; `business` is the zone of cdp.yaml"
        yield "# currency_code: CNY  # decide: only where all exports of this kind have one currency"
        yield f"clean: [{', '.join(['strip', *self._common_cleaners()])}]"
        yield "nulls: [" + ", ".join(map(_quoted, sorted({word for item in self._fields.values() for word in item.nulls}))) + "]"
        if self._plan.is_order_repeated:
            yield "repeated_rows: keep  # an order has several rows, and two of them may be equal"
        yield from self._exported_at()
        if "ordered_at" in self._fields:
            yield "business_times: [ordered_at]"

    @property
    def _is_json(self) -> bool:
        return self._sample.container in ("json", "json_lines")

    def _detect(self) -> list[str]:
        """Headers that every such file has: those that are read first, more of them than a contract has that reads the file already."""
        wanted = _LEAST_DETECTED if self._follows is None else max(_LEAST_DETECTED, len(self._follows.spec.detect) + 1)
        present = self._sample.always
        always = [item for item in self._guesses if present is None or item.header in present]
        ranked = [*self._fields.values(), *(item for item in always if item.role != "empty"), *always]
        names = dict.fromkeys(item.header for item in ranked if item in always and not item.header.startswith("unnamed__"))
        return list(names)[: max(wanted, min(len(self._fields), _MOST_DETECTED))]

    def _common_cleaners(self) -> list[str]:
        return [name for name in ("formula_text", "backtick", "apostrophe") if any(name in item.clean for item in self._fields.values())]

    def _exported_at(self) -> Iterator[str]:
        if re.search(r"(?<!\d)20\d{2}-\d{2}-\d{2}(?!\d)", self._file_name):
            yield "# the date in the name of the file dates the export"
        elif re.search(r"(?<!\d)20\d{2}[01]\d[0-3]\d(?!\d)", self._file_name):
            yield "exported_at:  # decide: whether the date in the name is that of the export"
            yield "  - {name: '(?<![0-9])(20[0-9]{6})(?![0-9])', format: \"%Y%m%d\"}"
        else:
            yield "# no date in the name: the export is as old as its newest fact, or as the file itself"

    def _fields_part(self) -> Iterator[str]:
        yield "fields:"
        for name, item in self._fields.items():
            yield f"  {name}:"
            yield f"    column: {_quoted(item.header)}  # {_told(item)}"
            yield from (f"    # decide: {note}" for note in item.notes)
            if name in ("order_no", "ordered_at"):
                yield f"    type: {'instant' if name == 'ordered_at' and item.type == 'date' else item.type}"
                yield "    required: true  # decide: a row without it is set aside"
            elif name == "status_channel":
                yield from self._vocabulary(item)
                continue
            elif item.type != "text":
                yield f"    type: {item.type}"
            own = [cleaner for cleaner in item.clean if cleaner not in self._common_cleaners()]
            if own:
                yield f"    clean: [{', '.join(own)}]"
            if item.formats:
                yield f"    formats: [{', '.join(map(_quoted, item.formats))}]"

    def _vocabulary(self, item: Guess) -> Iterator[str]:
        known = self._known_words()
        yield "    type: vocabulary"
        if item.filled == 1.0:
            yield "    required: true"
        yield f"    # decide what each word means: {', '.join(_ORDER_STATUSES)}. A word that is not listed sets its row aside"
        yield "    values:"
        for word, count in item.words:
            meaning = known.get(word)
            yield f"      {_quoted(word)}: {meaning or 'paid'}  # {count:,} rows{'' if meaning else '; decide'}"

    def _known_words(self) -> dict[str, str]:
        """What the shipped contracts take the words of orders for."""
        found: dict[str, str] = {}
        for item in self._formats:
            ends = canonical_columns(item)
            for name, field in item.spec.fields.items():
                if "channel_orders.status" in ends[name]:
                    found |= {word: str(value) for word, value in field.values.items() if value in _ORDER_STATUSES}
        return found

    def _left_out(self) -> Iterator[str]:
        yield "# Left out: what is not listed above is not loaded, and is counted. Decide what you need, and move its line up."
        read = list(self._fields.values())
        for position, item in enumerate(self._guesses, start=1):
            if item in read:
                continue
            if item.is_personal:
                yield f"#   {_quoted(item.header)}: {_told(item)}. Personal: decide with care whether anybody needs it"
            elif item.role == "empty":
                yield f"#   {_quoted(item.header)}: empty in this file"
            else:
                more = f", formats: [{', '.join(map(_quoted, item.formats))}]" if item.formats else ""
                clean = f", clean: [{', '.join(item.clean)}]" if item.clean else ""
                kind = "" if item.type == "text" else f", type: {item.type}"
                yield f"#   {_field_name(item, position)}: {{column: {_quoted(item.header)}{kind}{clean}{more}}}  # {_told(item)}"
                yield from self._words(item)

    def _words(self, item: Guess) -> Iterator[str]:
        told = [f"{_quoted(word)} {count:,}" for word, count in item.words]
        line = "#     words:"
        for text in told:
            if len(line) + len(text) > _LINE:
                yield line
                line = "#     "
            line += f" {text};"
        if told:
            yield line.removesuffix(";")

    def _derived(self) -> Iterator[str]:
        derived = {}
        if "customer_no" in self._fields:
            derived["source_record_key"] = f"'{self._channel}:' || customer_no"
        elif "phone" in self._fields or "email" in self._fields:
            derived["source_record_key"] = f"'{self._channel}:' || {'phone' if 'phone' in self._fields else 'email'}"
        if "order_no" in self._fields:
            derived["order_key"] = f"'{self._channel}:' || order_no"
        if derived:
            yield "derived:"
            yield from (f"  {name}: {_quoted(text)}" for name, text in derived.items())
            yield ""

    def _tables(self) -> Iterator[str]:
        has_orders = {"order_no", "ordered_at", "paid_amount"} <= self._fields.keys()
        points = [kind for kind in ("phone", "email") if kind in self._fields]
        yield "# decide: what the rows are. pipelines/contracts/channel_tables.py says what each column means; the tables are"
        names = [table.name.removeprefix("channel_") for table in CANONICAL_TABLES]
        yield f"# channel_ and: {', '.join(names[:10])},"
        yield f"# {', '.join(names[10:])}."
        if not has_orders and not points:
            yield "tables: {}"
            return
        yield "tables:"
        if has_orders:
            yield from self._orders()
        if points:
            yield "  channel_contact_points:"
            for kind in points:
                yield f"    - claimed_at: {'ordered_at' if 'ordered_at' in self._fields else 'snapshot_at'}"
                yield f"      columns: {{source_record_key: source_record_key, type: \"'{kind}'\", scope: \"'global'\", value_raw: {kind}}}"

    def _orders(self) -> Iterator[str]:
        repeated, has_person = self._plan.is_order_repeated, bool({"customer_no", "phone", "email"} & self._fields.keys())
        named = self._fields.get("status_channel")
        status = "'paid'" if named is None else "status_channel" if named.filled == 1.0 else "COALESCE(status_channel, 'paid')"
        columns = {
            "order_key": "order_key",
            "order_no": "order_no",
            "order_type": "'sale'",
            "status": f"MAX({status})" if repeated and status[0] != "'" else status,
            "ordered_at": "MIN(ordered_at)" if repeated else "ordered_at",
            "paid_amount": "SUM(paid_amount)" if repeated else "paid_amount",
            "is_refund_inferred": "FALSE",
        }
        if has_person:
            columns["source_record_key"] = "MAX(source_record_key)" if repeated else "source_record_key"
        yield "  channel_orders:"
        if repeated:
            yield "    per: [order_no, order_key]  # decide: the order number repeats, so its rows are lines of one order"
        yield "    columns:"
        questions = {
            "order_type": "sale, or return where the amount is negative",
            "paid_amount": "what the customer paid, before refunds" + (": the sum of its rows, or one of them" if repeated else ""),
            "status": "the export names no status" if named is None else "" if named.filled == 1.0 else "what a row without one is",
            "source_record_key": "" if "customer_no" in self._fields else "the export names no account: the person is known by this",
        }
        for column, text in columns.items():
            question = questions.get(column, "")
            yield f"      {column}: {_quoted(text)}{f'  # decide: {question}' if question else ''}"


def _told(item: Guess) -> str:
    """What is seen of a column, without any of its values."""
    roles = {
        "id": "an id",
        "phone": "phones",
        "email": "e-mail addresses",
        "person": "about people",
        "money": "money",
        "instant": "times",
        "date": "dates",
        "number": "numbers",
        "word": "few words",
        "text": "text",
        "empty": "empty",
    }
    unique = ", unique" if item.is_unique else f", {item.distinct:,} different" if item.distinct else ""
    return f"{roles[item.role]}, {item.filled:.0%} filled{unique}"


def _field_name(item: Guess, position: int) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", item.header.lower()).strip("_") if item.header.isascii() else ""
    return name if _NAME.match(name) else f"column_{position}"


def _quoted(text: str) -> str:
    """Double quotes of JSON are those of YAML; control characters and line breaks cannot leave them."""
    told = json.dumps(normal_header(text) if "\n" in text else text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", told)
