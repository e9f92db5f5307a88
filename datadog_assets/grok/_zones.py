"""Time zones by the names that dates and rules have for them.

https://docs.datadoghq.com/logs/log_configuration/parsing/#parsing-dates
"""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?", re.ASCII)
_FARTHEST = timedelta(hours=18)
_SHORT = {
    "ACDT": "Australia/Adelaide",
    "ACST": "Australia/Adelaide",
    "ADT": "America/Halifax",
    "AEDT": "Australia/Sydney",
    "AEST": "Australia/Sydney",
    "AKDT": "America/Anchorage",
    "AKST": "America/Anchorage",
    "ART": "America/Argentina/Buenos_Aires",
    "AST": "America/Halifax",
    "AWST": "Australia/Perth",
    "BRT": "America/Sao_Paulo",
    "BST": "Europe/London",
    "CAT": "Africa/Maputo",
    "CDT": "America/Chicago",
    "CEST": "Europe/Paris",
    "CET": "Europe/Paris",
    "CST": "America/Chicago",
    "EAT": "Africa/Nairobi",
    "EDT": "America/New_York",
    "EEST": "Europe/Athens",
    "EET": "Europe/Athens",
    "EST": "America/New_York",
    "HKT": "Asia/Hong_Kong",
    "HST": "Pacific/Honolulu",
    "IDT": "Asia/Jerusalem",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "MDT": "America/Denver",
    "MSK": "Europe/Moscow",
    "MST": "America/Denver",
    "NDT": "America/St_Johns",
    "NST": "America/St_Johns",
    "NZDT": "Pacific/Auckland",
    "NZST": "Pacific/Auckland",
    "PDT": "America/Los_Angeles",
    "PKT": "Asia/Karachi",
    "PST": "America/Los_Angeles",
    "SAST": "Africa/Johannesburg",
    "SGT": "Asia/Singapore",
    "WEST": "Europe/Lisbon",
    "WET": "Europe/Lisbon",
    "WIB": "Asia/Jakarta",
}
"""As Java reads them: the region that uses the name, whose rules for summer then hold, whichever it was."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo | None:
    """Give the zone of `Z`, `UTC`, `+02:00`, `UTC+5`, `CET` or `Europe/Paris`; None if there is none."""
    if name.upper() in ("Z", "UTC", "GMT", "UT"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        hours, minutes, seconds = (int(part or 0) for part in offset.groups()[1:])
        distance = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if distance > _FARTHEST or minutes > 59 or seconds > 59:
            return None
        return timezone(distance if offset[1] == "+" else -distance)
    try:
        return ZoneInfo(_SHORT.get(name.upper(), name))
    except (KeyError, ValueError, OSError):
        return None
