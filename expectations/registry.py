"""Every suite by the name of its table: the one place to look one up."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.campaign import CAMPAIGN_SUITES
from expectations.channel import CHANNEL_SUITES
from expectations.golden import GOLDEN_SUITES
from expectations.identity import IDENTITY_SUITES
from expectations.metric import METRIC_SUITES
from expectations.need import NEED_SUITES
from expectations.propensity import PROPENSITY_SUITES
from expectations.run import RUN_SUITES
from expectations.segment import SEGMENT_SUITES
from expectations.suites import Suite, suites_by_name
from expectations.tag import TAG_SUITES
from expectations.value import VALUE_SUITES

SUITES: Mapping[str, Suite] = suites_by_name(
    *RUN_SUITES,
    *CHANNEL_SUITES,
    *IDENTITY_SUITES,
    *GOLDEN_SUITES,
    *CAMPAIGN_SUITES,
    *TAG_SUITES,
    *VALUE_SUITES,
    *PROPENSITY_SUITES,
    *NEED_SUITES,
    *SEGMENT_SUITES,
    *METRIC_SUITES,
)
