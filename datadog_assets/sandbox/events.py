"""Finds logs again: POST /api/v2/logs/events/search and its GET form.

https://docs.datadoghq.com/api/latest/logs/#search-logs-post
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel, Field, ValidationError

from datadog_assets.dates import epoch_ms, iso
from datadog_assets.sandbox.log import StoredLog
from datadog_assets.search import QuerySyntaxError, parse

MAX_PAGE = 1_000
"""Logs in one page. https://docs.datadoghq.com/api/latest/logs/#search-logs-post"""

_RELATIVE = re.compile(r"now(?:([+-]\d{1,9})([smhd]))?")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class InvalidSearch(ValueError):
    """A part of the request cannot be understood; the text says which."""


class Filter(BaseModel):
    """Which logs; `from` and `to` are `now`, `now-15m`, ISO 8601 or epoch milliseconds, both inclusive."""

    query: str = "*"
    from_: Annotated[str | int, Field(alias="from")] = "now-15m"
    to: str | int = "now"
    indexes: str | list[str] = "*"
    """Not looked at: the sandbox has one index."""


class Page(BaseModel):
    """How many logs, and after which."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 10
    cursor: str | None = None


class Search(BaseModel):
    """The request's body; a time zone in its options is not looked at."""

    filter: Filter = Filter()
    sort: Literal["timestamp", "-timestamp"] = "-timestamp"
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class Found:
    """One page of logs."""

    logs: list[StoredLog]
    cursor: str | None
    """Leads to the next page; None on the last."""


def read(body: bytes) -> Search:
    """Read a request's body; an empty one asks for the newest logs.

    Raises:
        InvalidSearch: it is not JSON, or a field is not as documented.
    """
    try:
        return Search.model_validate_json(body or b"{}")
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InvalidSearch("; ".join(faults)) from error


def find(search: Search, logs: Iterable[StoredLog], now_ms: int) -> Found:
    """Give one page.

    Raises:
        InvalidSearch: the query, a date or the cursor cannot be read.
    """
    try:
        query = parse(search.filter.query)
    except QuerySyntaxError as error:
        # that it is a 400 is known, its text is not
        raise InvalidSearch(f"filter.query: {error.reason} (at character {error.position + 1})") from error
    start = _time(search.filter.from_, now_ms)
    end = _time(search.filter.to, now_ms)
    found = [log for log in logs if start <= log["timestamp"] <= end and query.matches(log)]

    newest_first = search.sort == "-timestamp"
    found.sort(key=_place, reverse=newest_first)
    if search.page.cursor is not None:
        after = _read_cursor(search.page.cursor)
        found = [log for log in found if (_place(log) < after if newest_first else _place(log) > after)]
    page = found[: search.page.limit]
    more = len(found) > len(page)
    return Found(page, _cursor(_place(page[-1])) if more else None)


def nested(parameters: Iterable[tuple[str, str]]) -> dict[str, dict[str, str] | str]:
    """Turn the GET form's `page[limit]=2` into the body's `{"page": {"limit": "2"}}`."""
    body: dict[str, dict[str, str] | str] = {}
    for name, value in parameters:
        outer, bracket, inner = name.removesuffix("]").partition("[")
        holder = body.setdefault(outer, {}) if bracket else None
        if isinstance(holder, dict):
            holder[inner] = value
        else:
            body[outer] = value
    return body


def as_query(search: Search, cursor: str) -> str:
    """Write the GET form that leads to the next page: what was asked for, and the cursor."""
    parameters: dict[str, object] = {}
    for outer, value in search.model_dump(by_alias=True, exclude_unset=True).items():
        if isinstance(value, dict):
            parameters |= {f"{outer}[{inner}]": element for inner, element in value.items()}
        else:
            parameters[outer] = value
    return urlencode(parameters | {"page[cursor]": cursor}, doseq=True)


def shown(log: StoredLog) -> dict[str, object]:
    """Give a log as the API shows it. What a log does not have is not there."""
    reserved = {"status": log["status"], "timestamp": iso(log["timestamp"]), "host": log["host"],
                "service": log["service"], "message": log["message"], "tags": log["tags"],
                "attributes": log["attributes"] or None}  # fmt: skip
    return {
        "id": log["id"],
        "type": "log",
        "attributes": {name: value for name, value in reserved.items() if value is not None},
    }


def _time(value: str | int, now_ms: int) -> int:
    if isinstance(value, str) and (relative := _RELATIVE.fullmatch(value)):
        amount, unit = relative.groups()
        return now_ms + int(amount) * _UNIT_MS[unit] if unit else now_ms
    ms = epoch_ms(value, now_ms)
    if ms is None:
        raise InvalidSearch(f"not a time: {value}")
    return ms


def _place(log: StoredLog) -> tuple[int, str]:
    """Where a log stands in a sorted list: logs of one millisecond stand as they arrived."""
    return log["timestamp"], log["id"]


def _cursor(place: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        timestamp, log_id = orjson.loads(base64.urlsafe_b64decode(cursor))
        return int(timestamp), str(log_id)
    except (ValueError, TypeError) as error:
        raise InvalidSearch("the cursor is not one that the sandbox gave") from error
