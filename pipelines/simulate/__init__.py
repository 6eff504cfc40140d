"""Simulate a retailer: deliveries in real export formats, and the truth behind them. The stage's public face."""

from pipelines.simulate.format_names import ALL_FORMATS, BASE_FORMATS, OUTREACH_FORMATS, formats_named
from pipelines.simulate.simulation import SimulationSummary, simulate, simulate_sample
from pipelines.simulate.spec import SAMPLE, SimulationSpec

__all__ = [
    "ALL_FORMATS",
    "BASE_FORMATS",
    "OUTREACH_FORMATS",
    "SAMPLE",
    "SimulationSpec",
    "SimulationSummary",
    "formats_named",
    "simulate",
    "simulate_sample",
]
