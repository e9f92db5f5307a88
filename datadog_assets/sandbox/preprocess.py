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

from collections.abc import Iterable

import orjson

from datadog_assets.sandbox.dates import epoch_ms
from datadog_assets.sandbox.log import Log

DATE = ("@timestamp", "timestamp", "_timestamp", "Timestamp", "eventTime", "date", "published_date",
        "syslog.timestamp")  # fmt: skip
HOST = ("host", "hostname", "syslog.hostname")
SERVICE = ("service", "syslog.appname")
STATUS = ("status", "severity", "level", "syslog.severity")
TRACE_ID = ("dd.trace_id", "contextMap.dd.trace_id")
SOURCE = ("ddsource",)

MAX_NESTING = 100
"""Deeper attributes are refused: Python's own recursion ends not far above. Datadog recommends under 20."""

# fields of the entry that are taken for the log itself; `hostname` is seen among the attributes in recorded
# answers, so it is not one of these
_TAKEN = frozenset({"message", "ddsource", "ddtags", "service", "status"})

_SYSLOG_SEVERITIES = {
    "0": "emergency", "1": "alert", "2": "critical", "3": "error", "4": "warn", "5": "notice", "6": "info",
    "7": "debug",
}  # fmt: skip
_STATUS_PREFIXES = (
    ("emerg", "emergency"), ("f", "emergency"), ("a", "alert"), ("c", "critical"), ("err", "error"),
    ("w", "warn"), ("n", "notice"), ("i", "info"), ("d", "debug"), ("t", "debug"), ("v", "debug"),
    ("o", "ok"), ("s", "ok"),
)  # fmt: skip


class NestedTooDeeply(Exception):
    """An entry's own attributes go deeper than MAX_NESTING."""


def preprocess(entry: dict[str, object], tags: list[str], now_ms: int) -> Log:
    """Make a log of one entry of the intake; `tags` are those of the whole request.

    Raises:
        NestedTooDeeply: the entry's own fields are nested too deeply. A message in which JSON goes too deep
            stays text instead.
    """
    own = _opened({key: value for key, value in entry.items() if key not in _TAKEN}, 0)
    text, told = _read_message(entry.get("message"))
    # what the message tells comes first: a collector's `status: info` says less than the log itself
    givers = (told, own, entry)

    date = epoch_ms(_first(givers, DATE), now_ms)
    source = _text(_first(givers, SOURCE))
    ddtags = entry.get("ddtags")
    own_tags = split_tags(ddtags) if isinstance(ddtags, str) else []
    return {
        "timestamp": now_ms if date is None else date,
        "message": text,
        "status": normal_status(_text(_first(givers, STATUS)) or ""),
        "host": _text(_first(givers, HOST)),
        "service": _text(_first(givers, SERVICE)),
        "source": source,
        "tags": [f"source:{source}", *own_tags, *tags] if source else [*own_tags, *tags],
        "attributes": own | told,
        "trace_id": _text(_first(givers, TRACE_ID)),
        "span_id": None,
    }


def split_tags(ddtags: str) -> list[str]:
    """Split `env:prod,team:a` at its commas."""
    return [tag.strip() for tag in ddtags.split(",") if tag.strip()]


def normal_status(text: str) -> str:
    """Give one of Datadog's nine statuses; whatever is not understood is info.

    https://docs.datadoghq.com/logs/log_configuration/processors/#log-status-remapper
    """
    text = text.strip().lower()
    if text in _SYSLOG_SEVERITIES:
        return _SYSLOG_SEVERITIES[text]
    return next((status for prefix, status in _STATUS_PREFIXES if text.startswith(prefix)), "info")


def _read_message(message: object) -> tuple[str, dict[str, object]]:
    """Give the log's message, and the attributes that the entry's message told."""
    told = message if isinstance(message, dict) else _parse_object(message)
    try:
        attributes = _opened(told, 0)
    except NestedTooDeeply:
        attributes = {}
    if isinstance(inner := attributes.get("message"), str):
        del attributes["message"]
        return inner, attributes
    # Without a message inside, Datadog shows the attributes written out again, as the results published with
    # its pipelines show. Here the text stays as it was sent, byte for byte, so that it can be compared.
    if isinstance(message, dict | list):
        return orjson.dumps(message).decode(), attributes
    return _text(message) or "", attributes


def _parse_object(message: object) -> dict[str, object]:
    # only an object counts, and the first character tells most other text apart without a parse
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        parsed: dict[str, object] = orjson.loads(message)
    except orjson.JSONDecodeError:
        return {}
    return parsed


def _opened(attributes: dict[str, object], depth: int) -> dict[str, object]:
    """Copy without nulls, with `{"a.b": 1}` opened into `{"a": {"b": 1}}`."""
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


def _first(givers: Iterable[dict[str, object]], paths: Iterable[str]) -> object:
    """The first value that is there, by giver, then by path."""
    for giver in givers:
        for path in paths:
            if (value := _at(giver, path)) is not None:
                return value
    return None


def _at(attributes: dict[str, object], path: str) -> object:
    value: object = attributes
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str | None:
    """Text as it is, numbers and booleans written out; objects and lists are no text."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode() if isinstance(value, int | float) else None
