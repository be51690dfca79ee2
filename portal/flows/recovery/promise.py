"""Until when support promises to answer: some working days later, at the same time of day by the operator's clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.flows.base.context import RequestContext
from portal.zones import first_zone, to_instant, to_local

SATURDAY = 5  # datetime.weekday(): Monday is 0


def promised_by(context: RequestContext) -> datetime:
    """Until when a question that arrives now is answered (UTC), in whole minutes, as pages show it."""
    return add_working_days(context.now, context.promise_days, first_zone(context.time_zone))


def add_working_days(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time of day that many working days later. Saturday and Sunday are none; holidays are not known.

    A time that clocks skip that day is as long after midnight as it would have been; see `zones.to_instant`.
    """
    local = to_local(start, zone).replace(second=0, microsecond=0)
    while days:
        local += timedelta(days=1)
        days -= local.weekday() < SATURDAY
    return to_instant(local, zone)
