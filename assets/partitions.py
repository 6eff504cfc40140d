"""How time is cut: one partition a business day, named by `as_of`."""

from __future__ import annotations

import dagster as dg

# partition keys are plain dates; what a business day is, cdp.yaml says. A shop's history rarely begins before 2010.
# end_offset: the day itself may be run before it is over (a shop that closes at noon and does not want to wait)
DAILY = dg.DailyPartitionsDefinition(start_date="2010-01-01", timezone="Asia/Shanghai", end_offset=1)

# a day's identity rests on the day before, so days are run one by one
ONE_BY_ONE = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
