"""`cdp campaign`: what is planned and what came of it, power before launch, the read-out of a test. Options only."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from assets.cli.installation import ConfigOption, HomeOption, JsonOption

app = typer.Typer(no_args_is_help=True, help="Campaigns: what is planned, how large a test must be, what it has shown.")

LanguageOption = Annotated[Literal["en", "zh"], typer.Option("--language", help="Of labels and offers")]
NameArgument = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name in the registry")]


@app.command("list")
def list_campaigns(language: LanguageOption = "en", home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the registered campaigns with budget and what is used of it, and those that only the channels know."""
    from assets.cli.campaign_shown import print_list

    print_list(home, config, language, as_json=json)


@app.command()
def show(
    name: NameArgument, language: LanguageOption = "en", home: HomeOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Show one campaign: plan, offer, arms, what belongs to it, and what came of each."""
    from assets.cli.campaign_shown import print_campaign

    print_campaign(home, config, name, language, as_json=json)


@app.command()
def plan(
    segment: Annotated[str | None, typer.Argument(metavar="[SEGMENT]", help="Take size, holdout, arms and base from this segment")] = None,
    size: Annotated[int | None, typer.Option("--size", min=1, help="Customers in all [default: whom the segment can reach]")] = None,
    metric: Annotated[
        Literal["purchase_rate", "revenue_per_customer"] | None,
        typer.Option("--metric", help="What is compared [default: the declared metric]"),
    ] = None,
    base: Annotated[
        float | None, typer.Option("--base", help="What customers do without it: a share, or money each [default: of those held out]")
    ] = None,
    spread: Annotated[
        float | None, typer.Option("--spread", min=0, help="Standard deviation of money [default: of those held out]")
    ] = None,
    holdout: Annotated[
        float | None, typer.Option("--holdout", min=0, max=0.99, help="Share that gets nothing [default: the gate's]")
    ] = None,
    arms: Annotated[int | None, typer.Option("--arms", min=1, max=20, help="Arms of one size [default: the segment's]")] = None,
    lift: Annotated[float | None, typer.Option("--lift", help="Rise over the base to be shown: how many customers it takes")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Plan a test: the smallest lift that each comparison could show, or the customers that a lift takes."""
    from assets.cli.campaign_plan import Asked, print_plan

    print_plan(home, config, Asked(segment, size, metric, base, spread, holdout, arms, lift), as_json=json)


@app.command()
def results(
    name: Annotated[str, typer.Argument(metavar="CAMPAIGN|SEGMENT", help="A registered campaign, or a segment whose lists made a test")],
    language: LanguageOption = "en",
    home: HomeOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Read a test: each arm, the lift with its interval, the p-value, who was left out, and whether a difference was shown."""
    from assets.cli.campaign_results import print_results

    print_results(home, config, name, language, as_json=json)
