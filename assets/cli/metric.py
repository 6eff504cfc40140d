"""`cdp metric`: what the figures mean, and the rows behind one of them. Options only; the work is in `metric_explained`."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Literal

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption, installation

app = typer.Typer(no_args_is_help=True, help="Metrics: list, show a definition, explain a figure by the rows behind it.")

MetricArgument = Annotated[str, typer.Argument(metavar="METRIC", help="Its name, as in `cdp metric list`")]
LanguageOption = Annotated[Literal["en", "zh"], typer.Option("--language", help="Of labels and definitions")]


@app.command("list")
def list_metrics(language: LanguageOption = "en", json: JsonOption = False) -> None:
    """List all metrics: name, label, unit, periods and dimensions."""
    from pipelines.metrics import read_metrics

    metrics = read_metrics().values()
    if json:
        print(jsons.dumps([metric.as_record() for metric in metrics], ensure_ascii=False))
        return
    for metric in metrics:
        slices = ", ".join(dimension for dimension in metric.dimensions if dimension != "all")
        print(f"{metric.name:<32} {metric.label.in_language(language)}")
        print(f"{'':<32} {metric.unit} by {', '.join(metric.grains)}{f'; by {slices}' if slices else ''}")


@app.command()
def show(metric: MetricArgument, language: LanguageOption = "en", json: JsonOption = False) -> None:
    """Show a definition: above and below the line, when it is final, what it must not be used for, and the query of its rows."""
    from assets.cli.metric_explained import definition_lines
    from pipelines.metrics import metric_named, read_metrics

    found = metric_named(metric, read_metrics())
    print(jsons.dumps(found.as_record(), ensure_ascii=False) if json else "\n".join(definition_lines(found, language, with_rows=True)))


@app.command()
def explain(
    metric: MetricArgument,
    day: Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD")] = None,
    week: Annotated[str | None, typer.Option("--week", metavar="YYYY-MM-DD", help="Any day of the week")] = None,
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM")] = None,
    quarter: Annotated[str | None, typer.Option("--quarter", metavar="YYYY-Qn")] = None,
    dimension: Annotated[str, typer.Option("--dimension", help="channel, store, region, rfm_tier or acquisition_channel")] = "all",
    value: Annotated[str | None, typer.Option("--value", help="Value of the dimension")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="List the rows behind it")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows at most, above and below the line")] = 20,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write all rows behind it")] = None,
    language: LanguageOption = "en",
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Explain one published figure: definition, both sides of the line, whether it is final, what restated it, and its rows."""
    from assets.cli.metric_explained import Asked, print_figure

    folders, _ = installation(home, config)
    asked = Asked(metric, {"day": day, "week": week, "month": month, "quarter": quarter}, dimension, value)
    print_figure(folders, asked, rows=limit if rows else 0, out=out, language=language, as_json=json)
