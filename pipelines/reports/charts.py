"""Lines, bars and heat maps as SVG, drawn by Vega-Lite without a browser. Every label is data, and data is hostile: it is escaped there.

Fields have fixed names, because a name of a column is a path expression to Vega-Lite. Whoever looks at a page may have wider letters than
those that it was drawn with: labels get the room that wide ones take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import vl_convert

_VEGA_LITE = "5.20"
_WIDTH, _HEIGHT, _STEP = 640, 240, 26
_LETTER, _IDEOGRAPH = 7.5, 12.5  # pixels at most, of a label
# told apart by people who do not see red and green (Okabe and Ito, Color Universal Design, 2008)
_COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#F0E442"]
_INK, _FAINT = "#33414e", "#e3e8ed"
_CONFIG: Mapping[str, Any] = {
    "font": "sans-serif",
    "background": None,
    "view": {"stroke": None},
    "range": {"category": _COLORS, "heatmap": ["#eef4f8", "#0072B2"], "ramp": ["#eef4f8", "#0072B2"]},
    "axis": {"labelColor": _INK, "titleColor": _INK, "gridColor": _FAINT, "domainColor": _FAINT, "tickColor": _FAINT, "labelFontSize": 12},
    "legend": {
        "labelColor": _INK,
        "titleColor": _INK,
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "columns": 2,
        "labelLimit": 300,
    },
}

Row = dict[str, Any]


def lines(rows: Sequence[Row], y_format: str, *, is_logarithmic: bool = False) -> str:
    """One line a `series` over `x` (text in order of time); `y` null breaks the line. Provisional points are hollow."""
    scale = {"scale": {"type": "log"}} if is_logarithmic else {}
    encoding = {"x": _ordered(), "y": _measure(y_format) | scale, "color": _series(rows)}
    fill = {"condition": {"test": "datum.is_provisional", "value": "white"}, "field": "series", "type": "nominal"}
    layer = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": encoding},
        {
            "mark": {"type": "point", "size": 36, "fillOpacity": 1},
            "encoding": encoding | {"fill": fill | {"scale": encoding["color"]["scale"]}},
        },
    ]
    return _svg({"data": {"values": rows}, "layer": layer})


def columns(rows: Sequence[Row], y_format: str, *, is_share: bool = False) -> str:
    """Stacked columns of `series` over `x`; with `is_share` each column is the whole."""
    encoding = {
        "x": _ordered(),
        "y": _measure(y_format) | {"stack": "normalize" if is_share else "zero"},
        "color": _series(rows),
        "order": {"field": "rank", "type": "quantitative"},
    }
    return _svg({"data": {"values": rows}, "mark": {"type": "bar"}, "encoding": encoding})


def bars(rows: Sequence[Row], x_format: str) -> str:
    """One bar a row, in the order given, with its value written behind it."""
    axis = {"title": None, "labelLimit": 220, "minExtent": min(_room(row["x"] for row in rows), 220)}
    y = {"field": "x", "type": "nominal", "sort": None, "axis": axis}
    value = {"field": "y", "type": "quantitative"}
    return _svg(
        {
            "data": {"values": rows},
            "height": {"step": _STEP},
            "layer": [
                {"mark": "bar", "encoding": {"y": y, "x": value | {"axis": None}, "color": {"value": _COLORS[0]}}},
                {
                    "mark": {"type": "text", "align": "left", "dx": 4, "color": _INK},
                    "encoding": {"y": y, "x": value, "text": value | {"format": x_format}},
                },
            ],
        }
    )


def heat_map(rows: Sequence[Row], value_format: str, x_title: str, y_title: str) -> str:
    """A cell for each `x` and `y` with its `value` written in it; what has no row stays empty."""
    x = {"field": "x", "type": "ordinal", "sort": None, "axis": {"title": x_title, "labelAngle": 0, "orient": "top", "domain": False}}
    y_axis = {"title": y_title, "domain": False, "minExtent": _room(row["y"] for row in rows)}
    y = {"field": "y", "type": "ordinal", "sort": None, "axis": y_axis}
    value = {"field": "value", "type": "quantitative"}
    # white on dark cells: half the largest value is where the ramp turns dark
    largest = max((float(row["value"]) for row in rows if row["value"] is not None), default=0.0)
    ink = {"condition": {"test": f"datum.value > {largest / 2}", "value": "white"}, "value": _INK}
    return _svg(
        {
            "data": {"values": rows},
            "height": {"step": _STEP + 4},
            "encoding": {"x": x, "y": y},
            "layer": [
                {"mark": "rect", "encoding": {"color": value | {"legend": None, "scale": {"domainMin": 0}}}},
                {"mark": {"type": "text", "fontSize": 11}, "encoding": {"text": value | {"format": value_format}, "color": ink}},
            ],
        }
    )


def _ordered() -> dict[str, Any]:
    """Texts in the order of the rows; so many of them that they would overlap are thinned out."""
    axis = {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8, "grid": False}
    return {"field": "x", "type": "ordinal", "sort": None, "axis": axis}


def _measure(number_format: str) -> dict[str, Any]:
    # a count has no halves between its marks
    step = {"tickMinStep": 1} if number_format.endswith("d") else {}
    return {"field": "y", "type": "quantitative", "axis": {"title": None, "format": number_format, "tickCount": 5} | step}


def _series(rows: Sequence[Row]) -> dict[str, Any]:
    names = list(dict.fromkeys(str(row["series"]) for row in rows))
    # how wide it took the letters to be nobody says: a quarter more is between its columns
    legend = {"columnPadding": 10 + _room(names) / 4} if len(names) > 1 else None
    return {"field": "series", "type": "nominal", "sort": names, "scale": {"domain": names}, "legend": legend}


def _room(labels: Iterable[object]) -> float:
    """Pixels that the longest of the labels takes in wide letters."""
    return max((sum(_IDEOGRAPH if letter > "\u2e80" else _LETTER for letter in str(label)) for label in labels), default=0.0)


def _svg(spec: dict[str, Any]) -> str:
    whole = {"width": _WIDTH, "height": _HEIGHT, "config": _CONFIG, "autosize": {"type": "fit-x", "contains": "padding"}} | spec
    return str(vl_convert.vegalite_to_svg(whole, vl_version=_VEGA_LITE))
