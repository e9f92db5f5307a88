"""Pure: how long to wait before a call is sent again."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 16.0


def backoff(failed: int, jitter: float) -> float:
    """Give the seconds to wait after so many failed attempts: anything up to a bound that doubles each time.

    Args:
        failed: attempts so far, from 1 on.
        jitter: from 0 up to 1. All of the wait is left to chance, so that many who failed at once do not
            come again at once.
            https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return jitter * min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failed - 1, 30))


def asked_seconds(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds that an answer asks to wait; None if it does not say.

    Args:
        status: of the answer.
        headers: of the answer, names in small letters. `retry-after`, in seconds or as a date, is HTTP's
            (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); `x-ratelimit-reset`, in seconds, is
            Datadog's (https://docs.datadoghq.com/api/latest/rate-limits/), and means to wait only with 429:
            it comes with good answers too.
        now: for a date, where the answer does not tell its own.
    """
    reset = _seconds(headers.get("x-ratelimit-reset", "")) if status == 429 else None
    told = (reset, _retry_after(headers, now))
    return max((seconds for seconds in told if seconds is not None), default=None)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("retry-after", "")
    seconds = _seconds(text)
    if seconds is None and (until := _date(text)):
        # by the server's own clock, if it tells it: this machine's may be wrong
        return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())
    return seconds


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text.strip()) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
