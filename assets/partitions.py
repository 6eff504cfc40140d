"""How time is cut: one partition a business day, named by `as_of`."""

from __future__ import annotations

import dagster as dg

# partition keys are plain dates; what a business day is, cdp.yaml says. A shop's history rarely begins before 2010.
# end_offset: the day itself may be run before it is over (a shop that closes at noon and does not want to wait)
DAILY = dg.DailyPartitionsDefinition(start_date="2010-01-01", timezone="Asia/Shanghai", end_offset=1)
