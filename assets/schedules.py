"""When jobs run by themselves."""

from __future__ import annotations

import dagster as dg

from assets.jobs import refresh_daily, refresh_hourly

# 02:30 leaves tills and marketplaces two and a half hours for the exports of the day that has just ended
refresh_daily_at_0230 = dg.build_schedule_from_partitioned_job(
    refresh_daily, name="refresh_daily_at_0230", hour_of_day=2, minute_of_hour=30
)

# not on the hour, when exports are made; a refresh while a night is at work stops with a word, and the next one makes it good
refresh_hourly_at_20 = dg.ScheduleDefinition(
    name="refresh_hourly_at_20", job=refresh_hourly, cron_schedule="20 * * * *", execution_timezone="Asia/Shanghai"
)
