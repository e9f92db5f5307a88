"""Finds the events in a request body, in every shape that Okta Workflows may use. Pure.

Okta publishes neither how `${event}` is put into a custom body (as escaped text or as raw JSON) nor
whether events come alone or several at a time. So all of these are taken, in any combination:

- one event, an array of events, newline-delimited JSON;
- an event bare, or as the `message` of the custom body that users set up for Datadog;
- `message` as JSON text, as an object, as an array, or the broken form that results when an event is
  pasted between quotes without escaping: `"message": "{"event_type": "FLOW_FAIL"}"`.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

import orjson

from relay import jsontext
from relay.errors import Refused
from relay.jsontext import JsonObject
from relay.mending import mend

EVENTS_PATH = "/okta/events"
"""Where Okta posts events."""

EVENT_TYPES = frozenset(
    {"FLOW_START", "FLOW_COMPLETE", "FLOW_FAIL", "FLOW_THROTTLE", "FLOW_CANCEL", "FLOW_PAUSE"}
)
"""The types that Okta names somewhere. The list is not known to be complete: others are forwarded too."""

MAX_EVENTS = 10_000
"""The most events of one body: those of real ones are 500 bytes long at least, so that no more fit."""

MAX_TEXT = 20 * 1024 * 1024
"""The most text, in characters, that the events of one body may come to: what a custom body brings beside
many events goes with each of them."""

ENVELOPE_FIELDS = ("ddtags", "ddsource", "hostname", "service")


_NOTHING: Mapping[str, str] = {}

_ONCE = (str, int, type(None))
"""What an idempotency key may be."""


@dataclass(slots=True)
class Event:
    """One event as Okta sent it.

    Attributes:
        text: what becomes the record's `message`: the event's JSON, as Okta wrote it where it can be
            kept, or plain text when the custom body's message was no JSON.
        fields: the event parsed; empty for plain text.
        own: the envelope fields that the custom body brought along; they win over configured ones.
    """

    text: str
    fields: JsonObject
    own: Mapping[str, str]


def known_type(fields: JsonObject) -> str | None:
    """An event's type if it is one of the known ones, else None."""
    found = fields.get("event_type")
    return found if isinstance(found, str) and found in EVENT_TYPES else None


def repeat_key(fields: JsonObject) -> bytes | None:
    """What a repeat of an event has too, or None if the event cannot be told from others.

    The event's own time comes first, so that a sorted index of keys grows at its end.
    """
    try:
        execution, kind, time = fields["execution_id"], fields["event_type"], fields["timestamp"]
    except KeyError:
        return None
    once = fields.get("idempotency_key")
    if not (isinstance(execution, str) and isinstance(kind, str) and isinstance(time, str)):
        return None
    if not (execution and kind and time and isinstance(once, _ONCE)):
        return None
    identity = orjson.dumps((execution, kind, once, time))
    return time[:24].encode() + hashlib.blake2b(identity, digest_size=16).digest()


def read(body: bytes) -> tuple[list[Event], bool]:
    """Find the events in a request body.

    Returns:
        The events in the order in which they stood; none for an empty body (Okta's test button). And whether
        the broken unescaped form had to be mended.

    Raises:
        Refused: 400 if the body is not JSON in any of the shapes, or holds anything but objects; 413 if it
            holds, or comes to, more than is taken at once.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        return _read_otherwise(body.removeprefix(b"\xef\xbb\xbf").strip(), fault)
    if isinstance(value, dict):
        return _unwrap(value, body), False
    return _bounded((item, None) for item in _objects(value)), False


def read_objects(body: bytes) -> list[JsonObject]:
    """Parse a body that is one JSON object or a list of objects; an empty body holds none.

    Raises:
        Refused: 400 if it is anything else.
    """
    if not body.strip():
        return []
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _not_json(error) from None
    return [value] if isinstance(value, dict) else _objects(value)


_Document: TypeAlias = tuple[object, bytes]
"""What was parsed, and its text."""


def _read_otherwise(body: bytes, fault: orjson.JSONDecodeError) -> tuple[list[Event], bool]:
    """Read a body that is not one JSON document as it stands."""
    if not body:
        return [], False
    documents, recovered = _documents(body, fault)
    items: list[tuple[JsonObject, bytes | None]] = []
    for value, text in documents:
        items += [(value, text)] if isinstance(value, dict) else [(item, None) for item in _objects(value)]
    return _bounded(items), recovered


def _documents(body: bytes, fault: orjson.JSONDecodeError) -> tuple[list[_Document], bool]:
    """Parse a body: one document, or one a line; the second value tells whether it had to be mended."""
    with contextlib.suppress(orjson.JSONDecodeError):
        return [(orjson.loads(body), body)], False
    lines = body.splitlines()
    if len(lines) > 2 * MAX_EVENTS:  # a blank line after each would still be read
        raise _too_much()
    mended_lines = [_line(line) for line in lines if line.strip()]
    if all(mended_lines):
        found = [document for document in mended_lines if document]
        return [(value, text) for value, text, _ in found], any(mended for _, _, mended in found)
    mended = mend(body)
    if mended is None:
        raise _not_json(fault)
    try:
        return [(orjson.loads(mended), mended)], True
    except orjson.JSONDecodeError:
        raise _not_json(fault) from None


def _bounded(items: Iterable[tuple[JsonObject, bytes | None]]) -> list[Event]:
    """The events of several objects, each with its text where it is at hand."""
    events: list[Event] = []
    size = 0
    for item, text in items:
        for event in _unwrap(item, text):
            size += len(event.text)
            events.append(event)
        if len(events) > MAX_EVENTS or size > MAX_TEXT:
            raise _too_much()
    return events


def _line(line: bytes) -> tuple[object, bytes, bool] | None:
    """Parse a line, mended if need be, which the third value tells; None if it is not JSON all the same."""
    for text in (line, mend(line)):
        with contextlib.suppress(orjson.JSONDecodeError):
            if text is not None:
                return orjson.loads(text), text, text is not line
    return None


def _unwrap(value: JsonObject, text: bytes | None) -> list[Event]:
    """The events of one JSON object, whose text is given where it is at hand."""
    if "message" not in value or "event_type" in value:
        return [Event(text.decode().strip() if text else jsontext.text(value), value, _NOTHING)]
    message = value["message"]
    inner = _parse(message) if isinstance(message, str) else message
    own = {name: own for name in ENVELOPE_FIELDS if (own := _text(value.get(name)))}
    extra = {name: item for name, item in value.items() if _is_extra(name, item, own)}
    if isinstance(inner, list) and _are_events(inner, own):
        return _with_extra(inner, extra, own)
    if isinstance(inner, dict) and _are_events([inner], own):
        if isinstance(message, str) and not extra:
            return [Event(message, inner, own)]
        return _with_extra([inner], extra, own)
    if isinstance(message, str) and own and not extra:
        return [Event(message, {}, own)]
    return [Event(text.decode().strip() if text else jsontext.text(value), value, own)]


def _are_events(items: list[object], own: dict[str, str]) -> TypeGuard[list[JsonObject]]:
    """Whether a custom body's message is what `${event}` stood for, not just a field of that name."""
    return all(isinstance(item, dict) and (own or "event_type" in item) for item in items) and bool(items)


def _is_extra(name: str, item: object, own: dict[str, str]) -> bool:
    """Whether a custom body's member has no place in the envelope: neither its field nor an empty one."""
    return name != "message" and (name not in ENVELOPE_FIELDS or (name not in own and bool(item)))


def _with_extra(events: list[JsonObject], extra: JsonObject, own: Mapping[str, str]) -> list[Event]:
    """Keep what the custom body brought beyond the envelope: Datadog would make attributes of it too.

    That goes with each of the events, so that many of them may come to far more than the body was.
    """
    found: list[Event] = []
    size = 0
    for event in events:
        fields = {**extra, **event}
        found.append(Event(jsontext.text(fields), fields, own))
        size += len(found[-1].text)
        if len(found) > MAX_EVENTS or size > MAX_TEXT:
            raise _too_much()
    return found


def _parse(text: str) -> object:
    """The object or array that a text holds as JSON, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _text(value: object) -> str:
    """An envelope field as text; tags may also come as a list."""
    if isinstance(value, list):
        return ",".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""


def _objects(value: object) -> list[JsonObject]:
    """The items of a parsed list, if it is one and all are objects."""
    if isinstance(value, list):
        objects = [item for item in value if isinstance(item, dict)]
        if len(objects) == len(value):
            return objects
    message = "The body must be a JSON object, a list of objects, or one object a line."
    raise Refused(400, "not_an_object", message)


def _too_much() -> Refused:
    return Refused(
        413, "too_many_events", f"At most {MAX_EVENTS:,} events, and not too long ones, fit into one request."
    )


def _not_json(error: orjson.JSONDecodeError) -> Refused:
    place = f"line {error.lineno}, column {error.colno}"
    return Refused(400, "malformed_json", f"The body is not JSON: {error.msg} at {place}.")
