"""A first contract for an export that nobody knows: guesses, and what a person has to decide. No value of a person is in it."""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.channels.checking import check_file
from pipelines.channels.compiled import CONSTANTS
from pipelines.channels.contract import FormatSpec
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.guessing import Guess, guess_columns
from pipelines.channels.lineage import canonical_columns
from pipelines.channels.proposals import Proposals, propose
from pipelines.channels.recognition import normal_header
from pipelines.channels.sampling import Sample, sample_of
from pipelines.channels.wording import Draft, DraftField, DraftRule, worded
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_LEAST_DETECTED, _MOST_DETECTED = 4, 8
_LINE, _SHOWN = 120, 60


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
    elements = {array: guess_columns(rows) for array, rows in sample.arrays.items()}
    called = name or _free_name(path, names)
    proposals = propose(sample, guesses, elements)
    draft = worded(proposals, _channel(called), _known_words(formats))
    lines = _Text(called, path.name, sample, guesses, elements, proposals, draft, follows).lines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _followed(path: Path, config: Config, formats: Sequence[Format]) -> Format | None:
    found = {check.format_name for check in check_file(path, config, preview_rows=0)}
    return next((item for item in formats if item.name in found), None)


def _free_name(path: Path, names: Iterable[str]) -> str:
    words = re.findall(r"[a-z]+", path.name.split(".")[0].lower())
    name = "_".join(words) or "new_export"
    return f"own_{name}" if name in set(names) else name


def _channel(name: str) -> str:
    return name.split("_")[0]


def _known_words(formats: Sequence[Format]) -> dict[str, dict[str, str]]:
    """Of each canonical column the words that other contracts translate, and what they take them for."""
    found: dict[str, dict[str, str]] = {}
    for item in formats:
        ends = canonical_columns(item)
        for name, field in item.spec.fields.items():
            for column in ends[name]:
                words = found.setdefault(column, {})
                words |= {word: value for word, value in field.values.items() if isinstance(value, str)}
    return found


class _Text:
    """The text, part by part."""

    def __init__(
        self,
        name: str,
        file_name: str,
        sample: Sample,
        guesses: Sequence[Guess],
        elements: Mapping[str, Sequence[Guess]],
        proposals: Proposals,
        draft: Draft,
        follows: Format | None,
    ) -> None:
        self._name, self._file_name, self._sample, self._follows = name, file_name, sample, follows
        self._guesses, self._elements, self._proposals, self._draft = guesses, elements, proposals, draft
        self._channel = _channel(name)
        if not draft.fields:  # a contract reads something
            harmless = [item for item in guesses if not item.is_personal and item.role != "empty"]
            first = (harmless or list(guesses))[0]
            draft.fields[_field_name(first, 1)] = DraftField(first, "text")
        self._fields = draft.fields

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
        yield f"grain: {_quoted(self._grain())}  # decide: what one row is"
        if sample.container != "delimited":
            yield f"container: {sample.container}"
        if sample.records is not None:
            yield f"records: {_quoted(sample.records)}"
        yield from self._arrays()
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
        yield "nulls: [" + ", ".join(map(_quoted, sorted({word for item in self._fields.values() for word in item.guess.nulls}))) + "]"
        if self._proposals.each is not None:
            yield "repeated_rows: keep  # two elements of a record may be equal"
        elif self._proposals.is_repeated:
            yield "repeated_rows: keep  # an order has several rows, and two of them may be equal"
        yield from self._exported_at()
        if self._draft.business_times:
            yield f"business_times: [{', '.join(self._draft.business_times)}]"

    def _grain(self) -> str:
        proposals = self._proposals
        if proposals.each is not None:
            return f"element of {proposals.each}"
        if proposals.is_of_people:
            return "person"
        if proposals.main is None:
            return "row"
        return (
            "order line"
            if proposals.is_repeated
            else proposals.main.kind.table.removeprefix("channel_").removesuffix("s").replace("_", " ")
        )

    def _arrays(self) -> Iterator[str]:
        """A contract takes records apart by one array; of every other it can read single elements."""
        each = self._proposals.each
        if each is not None:
            yield f"each: {_quoted(each)}  # decide: a record is read once for each of these; what stands outside of them repeats"
        for path, guesses in self._elements.items():
            if path != each and guesses:
                first = next((item for item in guesses if item.role != "empty"), guesses[0]).header.removeprefix(f"{path}.")
                count = self._sample.arrays[path].height
                yield f"# decide: {_quoted(path)} holds {count:,} objects, which are not read. `each` can read the elements of one array;"
                yield f"#   of another a path such as {_quoted(f'{path}[0].{first}')} reads the first"

    @property
    def _is_json(self) -> bool:
        return self._sample.container in ("json", "json_lines")

    def _detect(self) -> list[str]:
        """Headers that every such file has: those that are read first, more of them than a contract has that reads the file already."""
        wanted = _LEAST_DETECTED if self._follows is None else max(_LEAST_DETECTED, len(self._follows.spec.detect) + 1)
        present = self._sample.always
        always = [item for item in self._guesses if present is None or item.header in present]
        read = [item.guess for item in self._fields.values()]
        ranked = [*read, *(item for item in always if item.role != "empty"), *always]
        if self._is_json:  # a contract is recognized by headers in their normal form, and keys of JSON stay as they are
            ranked = [item for item in ranked if normal_header(item.header) == item.header] or ranked
        names = dict.fromkeys(item.header for item in ranked if item in always and not item.header.startswith("unnamed__"))
        array = [self._proposals.each] if self._proposals.each is not None and self._proposals.each in (present or ()) else []
        return [*array, *names][: max(wanted, min(len(dict.fromkeys(item.header for item in read)), _MOST_DETECTED))]

    def _common_cleaners(self) -> list[str]:
        return [
            name for name in ("formula_text", "backtick", "apostrophe") if any(name in item.guess.clean for item in self._fields.values())
        ]

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
            yield f"    column: {_quoted(item.guess.header)}  # {_told(item.guess)}"
            yield from (f"    # decide: {note}" for note in item.notes)
            if item.type != "text":
                yield f"    type: {item.type}"
            if item.is_required:
                yield "    required: true  # decide: a row without it is set aside"
            yield from self._vocabulary(item)
            own = [cleaner for cleaner in item.clean if cleaner not in self._common_cleaners()]
            if own:
                yield f"    clean: [{', '.join(own)}]"
            if item.nulls:
                yield f"    nulls: [{', '.join(map(_quoted, item.nulls))}]  # decide: {item.guess.zeros:,} rows hold it, is it nobody?"
            if item.formats:
                yield f"    formats: [{', '.join(map(_quoted, item.formats))}]"

    def _vocabulary(self, item: DraftField) -> Iterator[str]:
        if item.type != "vocabulary":
            return
        yield f"    # decide what each word means: {', '.join(item.meanings)}. A word that is not listed sets its row aside"
        yield "    values:"
        for word in item.words:
            yield f"      {_quoted(word.text)}: {word.meaning}  # {word.count:,} rows{'' if word.is_known else '; decide'}"

    def _left_out(self) -> Iterator[str]:
        yield "# Left out: what is not listed above is not loaded, and is counted. Decide what you need, and move its line up."
        read = {item.guess.header for item in self._fields.values()}
        inner = self._elements.get(self._proposals.each or "", ())
        for position, item in enumerate([*self._guesses, *inner], start=1):
            if item.header in read:
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
        if not self._draft.derived:
            return
        yield "derived:"
        for name, said in self._draft.derived.items():
            if isinstance(said, str):
                yield f"  {name}: {_quoted(said)}"
            else:
                value = "" if said.value is None else f", value: {_quoted(said.value)}"
                yield f"  {name}: {{within: [{', '.join(said.fields)}]{value}}}"
        yield ""

    def _tables(self) -> Iterator[str]:
        yield "# decide: what the rows are. pipelines/contracts/channel_tables.py says what each column means; the tables are"
        names = [table.name.removeprefix("channel_") for table in CANONICAL_TABLES]
        yield f"# channel_ and: {', '.join(names[:10])},"
        yield f"# {', '.join(names[10:])}."
        for doubt in self._proposals.doubts:
            yield from _commented(f"not proposed: {doubt.table}, of which {', '.join(map(_plain, doubt.spoken))} speak; {doubt.why}", "")
        if not self._draft.rules:
            yield "tables: {}"
            return
        yield "tables:"
        for table in dict.fromkeys(rule.table for rule in self._draft.rules):
            rules = [rule for rule in self._draft.rules if rule.table == table]
            yield f"  {table}:"
            for rule in rules:
                lines = list(_rule(rule))
                if len(rules) == 1:
                    yield from (f"    {line}" for line in lines)
                else:
                    # comments may stand before the first key of an element, which bears the dash
                    first = next(number for number, line in enumerate(lines) if not line.startswith("#"))
                    yield from (f"    {line}" for line in lines[:first])
                    yield from (f"    {'- ' if number == first else '  '}{line}" for number, line in enumerate(lines[first:], start=first))


def _rule(rule: DraftRule) -> Iterator[str]:
    for why in rule.why:
        yield from _commented(why, "")
    if rule.per:
        yield f"per: [{', '.join(rule.per)}]  # decide: {rule.per_note}"
    if rule.where is not None:
        yield f"where: {_quoted(rule.where)}"
    if rule.claimed_at is not None:
        yield f"claimed_at: {rule.claimed_at}"
    yield "columns:"
    for column, text in rule.columns.items():
        note = rule.notes.get(column)
        yield f"  {column}: {_quoted(text)}{f'  # decide: {note}' if note else ''}"


def _commented(text: str, indent: str) -> Iterator[str]:
    """A comment over as many lines as it takes."""
    yield from textwrap.wrap(text, _LINE, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_long_words=False)


def _plain(text: str) -> str:
    """For comments: no line break, nothing invisible."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())[:_SHOWN]


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
    return name if _NAME.match(name) and (name not in CONSTANTS or name == "currency_code") else f"column_{position}"


def _quoted(text: str) -> str:
    """Double quotes of JSON are those of YAML; control characters and line breaks cannot leave them."""
    told = json.dumps(normal_header(text) if "\n" in text else text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", told)
