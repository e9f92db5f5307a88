"""What Datadog makes of a log entry before any pipeline sees it.

https://docs.datadoghq.com/logs/log_configuration/pipelines/?tab=date#preprocessing

Known, from the documentation, from recorded answers or from the results that Datadog publishes with its own
pipelines:
- A message that is the text of a JSON object becomes attributes; nulls vanish, dotted keys open into objects.
- A text `message` inside the JSON becomes the log's message and is no attribute.
- The paths below give the reserved attributes; `hostname` and `timestamp` are attributes still afterwards.
- `ddsource` shows as a tag.

Unknown, so do not rely on it:
- Which one counts if the entry and its JSON message both give a host, a service, a status or a source. Here:
  the message.
- Whether the entry's own `service` and `status` are attributes as well. Here: no.
- What happens to a date that cannot be read. Here: the time of arrival counts.
- Whether preprocessing maps statuses exactly as a status remapper does. Here: yes.
- What becomes of a `message` that is no text, or missing. Here: an object counts as its JSON text would, any
  other value is written out, and a missing one is empty.
"""

import orjson

from datadog_assets.dates import epoch_ms
from datadog_assets.log import Log
from datadog_assets.statuses import normal_status


def _paths(*dotted: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in dotted)


DATE = _paths(
    "@timestamp",
    "timestamp",
    "_timestamp",
    "Timestamp",
    "eventTime",
    "date",
    "published_date",
    "syslog.timestamp",
)
HOST = _paths("host", "hostname", "syslog.hostname")
SERVICE = _paths("service", "syslog.appname")
STATUS = _paths("status", "severity", "level", "syslog.severity")
TRACE_ID = _paths("dd.trace_id", "contextMap.dd.trace_id")
SOURCE = _paths("ddsource")

MAX_NESTING = 100
"""Deeper attributes are refused: Python's own recursion ends not far above. Datadog recommends under 20."""

# fields of the entry that are taken for the log itself; `hostname` is seen among the attributes in recorded
# answers, so it is not one of these
_TAKEN = frozenset({"message", "ddsource", "ddtags", "service", "status"})

_FLAT = frozenset({str, int, float, bool})


class NestedTooDeeply(Exception):
    """An entry goes deeper than MAX_NESTING."""


def preprocess(entry: dict[str, object], tags: list[str], now_ms: int) -> Log:
    """Make a log of one entry of the intake; `tags` are those of the whole request.

    Raises:
        NestedTooDeeply: the entry is. A message whose text holds JSON that is too deep stays text instead.
    """
    entry = _opened(entry, 0)
    text, attributes = _read_message(entry.get("message"))
    # what the message tells comes first: a collector's `status: info` says less than the log itself
    givers = (attributes, entry)
    date = epoch_ms(_first(givers, DATE), now_ms)
    status = _text(_first(givers, STATUS))
    source = _text(_first(givers, SOURCE))
    log: Log = {
        "timestamp": now_ms if date is None else date,
        "message": text,
        "status": "info" if status is None else normal_status(status),
        "host": _text(_first(givers, HOST)),
        "service": _text(_first(givers, SERVICE)),
        "source": source,
        "tags": [f"source:{source}"] if source else [],
        "attributes": attributes,
        "trace_id": _text(_first(givers, TRACE_ID)),
        "span_id": None,
    }
    if isinstance(ddtags := entry.get("ddtags"), str):
        log["tags"] += split_tags(ddtags)
    log["tags"] += tags
    for key, value in entry.items():
        if key not in _TAKEN:
            attributes.setdefault(key, value)
    return log


def split_tags(ddtags: str) -> list[str]:
    """Split `env:prod,team:a` at its commas."""
    return [tag.strip() for tag in ddtags.split(",") if tag.strip()]


def _read_message(message: object) -> tuple[str, dict[str, object]]:
    """Give the log's message, and the attributes that the entry's message told."""
    # an object has been opened with its entry; the copy is for the attributes that will be added
    attributes = dict(message) if isinstance(message, dict) else _parse_object(message)
    if isinstance(inner := attributes.get("message"), str):
        del attributes["message"]
        return inner, attributes
    # Without a message inside, Datadog shows the attributes written out again, as the results published with
    # its pipelines show. Here the text stays as it was sent, byte for byte, so that it can be compared.
    if isinstance(message, dict | list):
        return _json(message) or "", attributes
    return _text(message) or "", attributes


def _parse_object(message: object) -> dict[str, object]:
    # only an object counts, and the first character tells most other text apart without a parse
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        return _opened(orjson.loads(message), 0)
    except (orjson.JSONDecodeError, NestedTooDeeply):
        return {}


def _opened(attributes: dict[str, object], depth: int) -> dict[str, object]:
    """Leave nulls out and open `{"a.b": 1}` into `{"a": {"b": 1}}`: in a copy, if need be."""
    # most logs are flat, and all of them pass here
    if depth == 0 and _FLAT.issuperset(map(type, attributes.values())) and "." not in "".join(attributes):
        return attributes
    result: dict[str, object] = {}
    dotted = []
    for key, value in attributes.items():
        if "." in key:
            dotted.append(key)
        elif value is not None:
            result[key] = _opened_value(value, depth + 1)
    # after all others: where `a` is no object, or has its own `b`, `a.b` stays as it was written
    for key in dotted:
        if attributes[key] is not None:
            parts = key.split(".")
            _put(result, parts, _opened_value(attributes[key], depth + len(parts)))
    return result


def _opened_value(value: object, depth: int) -> object:
    if depth > MAX_NESTING:
        raise NestedTooDeeply
    if isinstance(value, dict):
        return _opened(value, depth)
    if isinstance(value, list):
        return [_opened_value(element, depth + 1) for element in value]
    return value


def _put(attributes: dict[str, object], parts: list[str], value: object) -> None:
    holder: object = attributes
    for part in parts[:-1]:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and parts[-1] not in holder:
        holder[parts[-1]] = value
    else:
        attributes[".".join(parts)] = value


def _first(givers: tuple[dict[str, object], ...], paths: tuple[tuple[str, ...], ...]) -> object:
    """The first value that is there, by giver, then by path."""
    for giver in givers:
        for path in paths:
            if path[0] in giver and (value := _at(giver, path)) is not None:
                return value
    return None


def _at(attributes: dict[str, object], path: tuple[str, ...]) -> object:
    value: object = attributes
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str | None:
    """Text as it is, numbers and booleans written out; objects and lists are no text."""
    if isinstance(value, str):
        return value
    return _json(value) if isinstance(value, int | float) else None


def _json(value: object) -> str | None:
    """Write JSON; None for a number that no JSON of the intake holds, one of over 64 bits."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return None
