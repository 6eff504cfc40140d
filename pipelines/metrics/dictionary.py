"""Write the data dictionary as text, in English or Chinese: metrics from their definitions, tags and tables as they are described."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.contracts.declarations import Text
from pipelines.contracts.tables import DUCKDB_TYPES, Personal, Table
from pipelines.metrics.definitions import Metric

Language = str  # en or zh

_UNITS: tuple[tuple[str, str, str], ...] = (
    (r"_amount_original$", "currency charged", "原币种"),
    (r"_amount(_|$)", "reporting currency", "报告币种"),
    (r"_count(_|$)", "count", "个"),
    (r"_days(_|$)|^days_", "days", "天"),
    (r"_seconds(_|$)", "seconds", "秒"),
    (r"_(rate|probability)(_|$)", "0 to 1", "0 至 1"),
    (r"_score(_|$)", "score", "分"),
    (r"_at$", "instant, UTC", "时刻（UTC）"),
    (r"_on$|_month$|_week$|^period_start$|^as_of$", "business date", "业务日期"),
)
_UNITS_OF_METRICS: Mapping[str, str] = {
    "customers": "人",
    "visitors": "访客",
    "purchases": "次购买",
    "money": "报告币种",
    "rate": "0 至 1",
    "ratio": "比值",
    "seconds": "秒",
    "points": "积分",
}
# of tags: their kinds, classes and cadences
_KINDS: Mapping[str, str] = {
    "basic": "基础",
    "behavior": "行为",
    "value": "价值",
    "preference": "偏好",
    "static": "静态",
    "dynamic": "动态",
    "predictive": "预测",
    "daily": "每日",
    "monthly": "每月",
}
_NEVER_NULL = ("is_", "has_", "was_", "can_")  # what is not known to be so is false
_PERSONAL: Mapping[str, str] = {"none": "无", "pseudonym": "假名"}
_WORDS: Mapping[str, Mapping[Language, str]] = {
    "title": {"en": "Data dictionary", "zh": "数据字典"},
    "made": {
        "en": "Written by `make dictionary` from the metric definitions and the contracts of the tables; do not edit.",
        "zh": "由 `make dictionary` 根据指标定义与表契约生成，请勿手工修改。",
    },
    "blank": {
        "en": "Where a table says nothing about null, its contract gives null no meaning of its own.",
        "zh": "“空值”列留空时，表契约没有为空值规定单独的含义。",
    },
    "metrics": {"en": "Metrics", "zh": "指标"},
    "behind": {
        "en": "The rows behind any figure: `cdp metric explain METRIC --month YYYY-MM --rows`.",
        "zh": "查看任一数字背后的明细：`cdp metric explain METRIC --month YYYY-MM --rows`。",
    },
    "numerator": {"en": "Numerator", "zh": "分子"},
    "sum": {"en": "Value", "zh": "数值"},
    "denominator": {"en": "Denominator", "zh": "分母"},
    "final": {"en": "Final", "zh": "定稿"},
    "note": {"en": "Note", "zh": "说明"},
    "unit": {"en": "Unit", "zh": "单位"},
    "grains": {"en": "Periods", "zh": "周期"},
    "dimensions": {"en": "Dimensions", "zh": "维度"},
    "tags": {"en": "Tags", "zh": "标签"},
    "rows_of_tags": {
        "en": "Rows of `customer_tags`, columns of `mart_marketing__customer_360`. Sensitive ones are told of customers who consented.",
        "zh": "`customer_tags` 的行，也是 `mart_marketing__customer_360` 的列。敏感标签仅适用于已同意的客户。",
    },
    "tag": {"en": "tag", "zh": "标签"},
    "kind": {"en": "kind", "zh": "类别"},
    "class": {"en": "class", "zh": "类型"},
    "cadence": {"en": "refreshed", "zh": "刷新"},
    "owner": {"en": "owner", "zh": "负责人"},
    "sensitive": {"en": "sensitive", "zh": "敏感"},
    "yes": {"en": "yes", "zh": "是"},
    "rule": {"en": "rule", "zh": "规则"},
    "tables": {"en": "Tables", "zh": "表"},
    "never": {"en": "never", "zh": "不为空"},
    "column": {"en": "column", "zh": "列"},
    "label": {"en": "name", "zh": "名称"},
    "type": {"en": "type", "zh": "类型"},
    "null": {"en": "null", "zh": "空值"},
    "personal": {"en": "personal data", "zh": "个人数据"},
    "description": {"en": "description", "zh": "描述"},
}


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """A column as a reader needs it. `label_zh` is empty where there is none."""

    name: str
    type: str
    description: str
    personal: str
    is_required: bool = False
    label_zh: str = ""


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A published table."""

    name: str
    grain: str
    columns: tuple[DescribedColumn, ...]


@dataclass(frozen=True, slots=True)
class DescribedTag:
    """A declared tag. `column`: of the 360. `rule`: what has to be so of a customer."""

    name: str
    label: Text
    kind: str
    tag_class: str
    cadence: str
    owner: str
    is_sensitive: bool
    column: str
    rule: str


def described(table: Table) -> DescribedTable:
    """A table that Python writes."""
    columns = [
        DescribedColumn(column.name, DUCKDB_TYPES[column.type], column.description, column.personal.value, column.required)
        for column in table.columns
        if column.personal in (Personal.NONE, Personal.PSEUDONYM)
    ]
    return DescribedTable(table.name, table.grain, tuple(columns))


def dictionary(metrics: Iterable[Metric], tags: Iterable[DescribedTag], tables: Iterable[DescribedTable], language: Language) -> str:
    """The whole dictionary as Markdown, tags and tables by name."""
    word = {name: texts[language] for name, texts in _WORDS.items()}
    lines = [f"# {word['title']}", "", word["made"], "", f"## {word['metrics']}", "", word["behind"]]
    for metric in metrics:
        lines += ["", f"### `{metric.name}` {metric.label.in_language(language)}", "", *_metric_lines(metric, language)]
    lines += ["", f"## {word['tags']}", "", word["rows_of_tags"], "", *_tag_lines(tags, language)]
    lines += ["", f"## {word['tables']}", "", word["blank"]]
    for table in sorted(tables, key=lambda table: table.name):
        lines += ["", f"### `{table.name}`", "", table.grain, "", *_table_lines(table, language)]
    return "\n".join(lines) + "\n"


def doc_blocks(metrics: Iterable[Metric]) -> str:
    """A docs block of dbt for each metric, and one that names them all."""
    metrics = list(metrics)
    blocks = ["{# Written by `make dictionary` from the metric definitions; do not edit. #}", _block("metrics", [all_names(metrics, "en")])]
    blocks += [_block(f"metric_{metric.name}", [f"{metric.label.en}.", "", *_metric_lines(metric, "en")]) for metric in metrics]
    return "\n\n".join(blocks) + "\n"


def all_names(metrics: Iterable[Metric], language: Language) -> str:
    """What a column says that may hold the name of any metric."""
    if language == "zh":
        return f"以下之一：{'；'.join(f'{metric.name}（{metric.label.zh}）' for metric in metrics)}。"
    return f"One of: {'; '.join(f'{metric.name} ({metric.label.en})' for metric in metrics)}."


def null_meaning(column: DescribedColumn, language: Language = "en") -> str | None:
    """The part of the description that says what null means; None where it says nothing, and `never` is the caller's word."""
    if language == "zh":
        clauses = [part.strip() for part in re.split("[；。]", column.description) if "为空" in part]
        return "；".join(re.sub("则?为空$", "", clause) for clause in clauses) or None
    told = [part.strip(" .") for part in re.split(r"; |\. ", column.description) if re.search(r"\b[Nn]ull\b", part)]
    return "; ".join(re.sub(r"^[Nn]ull ", "", part) for part in told) or None


def unit_of(name: str, language: Language) -> str:
    """What a column's name says of its unit; nothing for texts and flags."""
    return next((zh if language == "zh" else en for pattern, en, zh in _UNITS if re.search(pattern, name)), "")


def _block(name: str, lines: list[str]) -> str:
    return "\n".join([f"{{% docs {name} %}}", *lines, "{% enddocs %}"])


def _metric_lines(metric: Metric, language: Language) -> Iterator[str]:
    word = {name: texts[language] for name, texts in _WORDS.items()}
    colon = "：" if language == "zh" else ": "
    if metric.denominator is None:
        yield f"- {word['sum']}{colon}{metric.numerator.in_language(language)}"
    else:
        yield f"- {word['numerator']}{colon}{metric.numerator.in_language(language)}"
        yield f"- {word['denominator']}{colon}{metric.denominator.in_language(language)}"
    yield f"- {word['final']}{colon}{metric.final.in_language(language)}"
    yield f"- {word['unit']}{colon}{_UNITS_OF_METRICS[metric.unit] if language == 'zh' else metric.unit}"
    yield f"- {word['grains']}{colon}{', '.join(metric.grains)}"
    yield f"- {word['dimensions']}{colon}{', '.join(metric.dimensions)}"
    if metric.note is not None:
        yield f"- {word['note']}{colon}{metric.note.in_language(language)}"


def _tag_lines(tags: Iterable[DescribedTag], language: Language) -> Iterator[str]:
    names = ["tag", "label", "kind", "class", "cadence", "owner", "sensitive", "column", "rule"]
    yield f"| {' | '.join(_WORDS[name][language] for name in names)} |"
    yield f"|{'---|' * len(names)}"
    for tag in sorted(tags, key=lambda tag: tag.name):
        kinds = [_KINDS[kind] if language == "zh" else kind for kind in (tag.kind, tag.tag_class, tag.cadence)]
        is_sensitive = _WORDS["yes"][language] if tag.is_sensitive else ""
        cells = [f"`{tag.name}`", tag.label.in_language(language), *kinds, tag.owner, is_sensitive, f"`{tag.column}`", tag.rule]
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _table_lines(table: DescribedTable, language: Language) -> Iterator[str]:
    names = ["column", *(["label"] if language == "zh" else []), "type", "unit", "null", "personal", "description"]
    heads = [_WORDS[name][language] for name in names]
    yield f"| {' | '.join(head.lower() for head in heads)} |"
    yield f"|{'---|' * len(heads)}"
    for column in table.columns:
        is_never = column.is_required or column.name.startswith(_NEVER_NULL)
        null = _WORDS["never"][language] if is_never else null_meaning(column, language) or ""
        personal = _PERSONAL.get(column.personal, column.personal) if language == "zh" else column.personal
        label = [column.label_zh] if language == "zh" else []
        cells = [f"`{column.name}`", *label, column.type, unit_of(column.name, language), null, personal, column.description]
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
