"""The measures of identity as one page with pictures: counts only, nothing loaded from anywhere, nobody's data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from pipelines.identity.quality_report import Judgment, Quality

_DAYS_SHOWN = 60
_WIDTH, _ROW, _LABEL, _BAR = 640, 22, 150, 380
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem; color: #1c2733; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .2rem; } p { margin: .2rem 0 .6rem; color: #55606b; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem .2rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; }
svg { width: 100%; height: auto; } svg text { font-size: 13px; fill: #1c2733; } .bar { fill: #3f7cac; } .over { fill: #c0392b; }
.limit { stroke: #1c2733; stroke-width: 2; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ec; background: #14181c; } p { color: #a3adb7; } svg text { fill: #e6e9ec; } .limit { stroke: #e6e9ec; }
}
""".strip()


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar; `limit` is where it should end, None without one."""

    label: str
    value: int
    limit: int | None = None


def page(quality: Quality, judgment: Judgment | None) -> str:
    """HTML that stands for itself."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>Who is who, {quality.as_of}</title><style>{_STYLE}</style></head><body>",
            f"<h1>How people were told apart as of {quality.as_of}</h1>",
            *_totals(quality),
            *(_judged(judgment) if judgment else ()),
            *_picture("Customers by source records", "How many records make up a customer.", _bars(quality, "customers_by_source_records")),
            *_picture(
                "Phones by names",
                "How many names stand beside one phone that links: more than two is a family, or nobody's number.",
                _bars(quality, "phones_by_names"),
            ),
            *_picture("Refused links by type", "Shared values that were not taken for one person.", _bars(quality, "refused_links")),
            *_picture(
                "Changed customers by day",
                "Customers whose records went to another one. The dashed line is what a run may change before it stops.",
                [_Bar(moved.as_of.isoformat(), moved.changed, moved.allowed) for moved in quality.moved[-_DAYS_SHOWN:]],
            ),
            "</body></html>\n",
        ]
    )


def _bars(quality: Quality, measure: str) -> list[_Bar]:
    return [_Bar(row.item, row.measured) for row in quality.of(measure)]


def _totals(quality: Quality) -> Iterator[str]:
    beside = f"<th>{quality.before_on}</th>" if quality.before_on else ""
    yield f"<table><tr><th></th><th>{quality.as_of}</th>{beside}</tr>"
    for row in quality.measures:
        if row.item == "all" and row.measure != "changed_customers":
            before = ("<td></td>" if row.before is None else f"<td>{row.before:,}</td>") if beside else ""
            yield f"<tr><td>{escape(row.measure.replace('_', ' '))}</td><td>{row.measured:,}</td>{before}</tr>"
    yield "</table>"


def _judged(judgment: Judgment) -> Iterator[str]:
    found = judgment.accuracy
    yield "<h2>Against the truth</h2>"
    yield f"<p>{judgment.records:,} records have a right answer; {judgment.wrong_customers:,} customers hold several people.</p>"
    yield "<table><tr><th></th><th>precision</th><th>recall</th><th>F1</th></tr>"
    for name, shares in (
        ("pairs of records", (found.precision, found.recall, found.f1)),
        ("B-cubed", (found.b_cubed_precision, found.b_cubed_recall, found.b_cubed_f1)),
    ):
        yield f"<tr><td>{name}</td>" + "".join(f"<td>{share:.5f}</td>" for share in shares) + "</tr>"
    yield "</table>"


def _picture(title: str, about: str, bars: Sequence[_Bar]) -> Iterator[str]:
    yield f"<h2>{title}</h2><p>{about}</p>"
    if not bars:
        yield "<p>None.</p>"
        return
    most = max(1, *(bar.value for bar in bars))
    yield f'<svg viewBox="0 0 {_WIDTH} {len(bars) * _ROW}" role="img" aria-label="{title}">'
    for no, bar in enumerate(bars):
        yield from _drawn(bar, no * _ROW, most)
    yield "</svg>"


def _drawn(bar: _Bar, top: int, most: int) -> Iterator[str]:
    width = max(round(_BAR * bar.value / most), 1 if bar.value else 0)
    is_over = bar.limit is not None and bar.value > bar.limit
    middle = top + _ROW - 7
    yield f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>'
    yield f'<rect class="{"over" if is_over else "bar"}" x="{_LABEL}" y="{top + 3}" width="{width}" height="{_ROW - 6}"/>'
    # a limit far beyond every bar says nothing by its place
    if bar.limit is not None and bar.limit <= most:
        at = _LABEL + round(_BAR * bar.limit / most)
        yield f'<line class="limit" x1="{at}" x2="{at}" y1="{top + 1}" y2="{top + _ROW - 1}"/>'
    of = "" if bar.limit is None else f" of {bar.limit:,}"
    yield f'<text x="{_LABEL + width + 6}" y="{middle}">{bar.value:,}{of}</text>'
