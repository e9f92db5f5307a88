"""Statuses as Datadog stores them."""

import re
from functools import lru_cache

STATUSES = ("emergency", "alert", "critical", "error", "warn", "notice", "info", "debug", "ok")
"""All of them; syslog's severities 0 to 7 are the first eight."""

_PREFIX = re.compile(r"\s*(?:(emerg|f)|(a)|(c)|(err|e\s*$)|(w)|(n)|(i)|(d|t|v)|(o|s))", re.IGNORECASE)


@lru_cache(maxsize=1000)
def normal_status(text: str) -> str:
    """Give one of Datadog's nine statuses; whatever is not understood is info.

    https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper/
    """
    if re.fullmatch(r"\s*[0-7]\s*", text):
        return STATUSES[int(text)]
    prefix = _PREFIX.match(text)
    return STATUSES[prefix.lastindex - 1] if prefix and prefix.lastindex else "info"
