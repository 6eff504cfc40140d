"""Write the pages: one a language, each stands for itself. Nothing is loaded from anywhere, no script runs, nobody's data is on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from pipelines.reports.figures import opened
from pipelines.reports.sections import SECTIONS
from pipelines.reports.wording import LANGUAGES, Words

_PAGES = {"en": "index.html", "zh": "index.zh.html"}


def write_report(database: Path, folder: Path, metrics: Mapping[str, Mapping[str, str]]) -> None:
    """Write `index.html` and `index.zh.html` into `folder`, from the database of a run. The same database gives the same bytes.

    `metrics`: what each metric is called, by language.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        published = opened(connection)
        [(run_id, code_version, load_count)] = published.rows("select run_id, code_version, len(loads) from about")
        for language in LANGUAGES:
            words = Words(language, {name: labels[language] for name, labels in metrics.items()})
            page = _template().render(
                words=words,
                pages=_PAGES,
                as_of=published.as_of,
                run_id=run_id,
                code_version=code_version,
                load_count=load_count,
                sections=[section(published, words) for section in SECTIONS],
                svg=Markup,  # drawn by us; what is data in it was escaped when it was drawn
            )
            (folder / _PAGES[language]).write_text(page, encoding="utf-8", newline="\n")


@cache
def _template() -> Template:
    text = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(text)
