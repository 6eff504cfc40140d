"""The numbers of the matcher: what each level of agreement weighs, as assumed or as learnt, kept as a file under its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.storage import write_json
from pipelines.identity.matching.comparisons import COMPARISONS

# before anything is compared: one cluster in ten has another half somewhere
_STARTING_SHARE = 0.1
_DIGITS = 9  # more would differ from machine to machine

Probabilities = Mapping[str, Mapping[str, tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Model:
    """What a pair is judged by; `probabilities[comparison][level label]` = (m, u).

    `prior`: share of all pairs of clusters that are one person. `namesakes`: share of pairs of one name that are two people; the others
    make a name look more frequent than it is. `trained` says for each comparison where its m come from: assumed, clusters or sessions.
    `definition` is that of the comparisons: a model fits no other. `as_of`, `records` are the data that it learnt from.
    """

    prior: float
    namesakes: float
    probabilities: Probabilities
    trained: Mapping[str, str]
    as_of: str
    records: int
    definition: str

    @property
    def hash(self) -> str:
        """SHA-256 of the content, in every process the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def definition() -> str:
    """Hash of the comparisons: levels, conditions, assumed numbers."""
    return hashlib.sha256(json.dumps([asdict(comparison) for comparison in COMPARISONS], sort_keys=True).encode()).hexdigest()[:16]


def assumed_model(connection: duckdb.DuckDBPyConnection, as_of: str) -> Model:
    """The numbers before any data, for the clusters and records of `compared`."""
    [(records, clusters)] = connection.execute("select count(*), count(distinct cluster_id) from compared").fetchall()
    assumed = {comparison.name: {level.label: (level.m, level.u) for level in comparison.all_levels} for comparison in COMPARISONS}
    prior = rounded(min(2 * _STARTING_SHARE / max(clusters - 1, 1), 0.1))
    return Model(prior, 1.0, assumed, {comparison.name: "assumed" for comparison in COMPARISONS}, as_of, records, definition())


def save_model(model: Model, folder: Path) -> Path:
    """Write the model under its hash, and its name as that of the current one."""
    path = folder / f"{model.hash[:16]}.json"
    write_json(path, asdict(model))
    write_json(folder / "current.json", {"model": path.name})
    return path


def load_model(folder: Path) -> Model | None:
    """The model saved last; None when there is none, or it was made for other comparisons.

    Raises ConfigurationError when the file cannot be read.
    """
    current = folder / "current.json"
    if not current.exists():
        return None
    try:
        path = folder / str(json.loads(current.read_text(encoding="utf-8"))["model"])
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content["probabilities"] = {
            name: {label: (float(m), float(u)) for label, (m, u) in levels.items()} for name, levels in content["probabilities"].items()
        }
        model = Model(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(
            "the saved model cannot be read", where=str(current), do="remove the folder or set retrain: true"
        ) from error
    return model if model.definition == definition() else None


def rounded(share: float) -> float:
    """To the digits that are kept."""
    return float(f"{share:.{_DIGITS}g}")
