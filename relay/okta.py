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
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, TypeGuard

import orjson

from relay import jsontext
from relay.errors import Refused
from relay.jsontext import JsonObject

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


@dataclass(frozen=True, slots=True)
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
    own: dict[str, str] = field(default_factory=dict)

    @property
    def event_type(self) -> str | None:
        """The event's type if it is one of the known ones, else None."""
        found = self.fields.get("event_type")
        return found if isinstance(found, str) and found in EVENT_TYPES else None

    @property
    def key(self) -> bytes | None:
        """What a repeat of this event has too, or None if the event cannot be told from others.

        The event's own time comes first, so that a sorted index of keys grows at its end.
        """
        execution, kind, time = (
            self.fields.get(name) for name in ("execution_id", "event_type", "timestamp")
        )
        once = self.fields.get("idempotency_key")
        if not (isinstance(execution, str) and isinstance(kind, str) and isinstance(time, str)):
            return None
        if not (execution and kind and time):
            return None
        if not isinstance(once, str | int | None):
            return None
        identity = orjson.dumps((execution, kind, once, time))
        return time[:24].encode() + hashlib.blake2b(identity, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Body:
    """What a request body held.

    Attributes:
        events: the events in the order in which they stood; none for an empty body (Okta's test button).
        recovered: whether the broken unescaped form had to be mended.
    """

    events: list[Event]
    recovered: bool = False


def read(body: bytes) -> Body:
    """Find the events in a request body.

    Raises:
        Refused: 400 if the body is not JSON in any of the shapes, or holds anything but objects; 413 if it
            holds, or comes to, more than is taken at once.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        return Body([])
    documents, recovered = _documents(body)
    events: list[Event] = []
    size = 0
    for event in _events(documents):
        size += len(event.text)
        if len(events) == MAX_EVENTS or size > MAX_TEXT:
            raise _too_much()
        events.append(event)
    return Body(events, recovered)


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


def _documents(body: bytes) -> tuple[list[_Document], bool]:
    """Parse a body: one document, or one a line; the second value tells whether it had to be mended."""
    try:
        return [(orjson.loads(body), body)], False
    except orjson.JSONDecodeError as error:
        fault = error
    lines = body.splitlines()
    if len(lines) > 2 * MAX_EVENTS:  # a blank line after each would still be read
        raise _too_much()
    mended_lines = [_line(line) for line in lines if line.strip()]
    if all(mended_lines):
        found = [document for document in mended_lines if document]
        return [(value, text) for value, text, _ in found], any(mended for _, _, mended in found)
    mended = _mend(body)
    if mended is None:
        raise _not_json(fault)
    try:
        return [(orjson.loads(mended), mended)], True
    except orjson.JSONDecodeError:
        raise _not_json(fault) from None


def _line(line: bytes) -> tuple[object, bytes, bool] | None:
    """Parse a line, mended if need be, which the third value tells; None if it is not JSON all the same."""
    for text in (line, _mend(line)):
        with contextlib.suppress(orjson.JSONDecodeError):
            if text is not None:
                return orjson.loads(text), text, text is not line
    return None


def _events(documents: Iterable[_Document]) -> Iterator[Event]:
    for value, text in documents:
        if isinstance(value, dict):
            yield from _unwrap(value, text)
        else:
            for item in _objects(value):
                yield from _unwrap(item, None)


_UNESCAPED = re.compile(r'"message"\s*:\s*"\s*(?=[{\[])')
_CLOSING_QUOTE = re.compile(r'\s*"')
_decoder = json.JSONDecoder()


class _Uncounted(str):
    """Text whose lines are not counted.

    Python's JSON error tells line and column, and counts newlines from the text's beginning for that: done
    at each of thousands of places in a long body, it would take minutes.
    """

    __slots__ = ()

    def count(self, *_: object) -> int:
        """No newline."""
        return 0

    def rfind(self, *_: object) -> int:
        """No last newline."""
        return -1


def _mend(body: bytes) -> bytes | None:
    """Take the quotes from around JSON that was pasted between them unescaped; None if there is none."""
    try:
        text = _Uncounted(body.decode())
    except UnicodeDecodeError:
        return None
    pieces: list[str] = []
    done = 0
    for match in _UNESCAPED.finditer(text):
        if match.start() < done:
            continue
        try:
            _, end = _decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        if closing := _CLOSING_QUOTE.match(text, end):
            pieces += text[done : match.start()], '"message":', text[match.end() : end]
            done = closing.end()
    return "".join([*pieces, text[done:]]).encode() if pieces else None


def _unwrap(value: JsonObject, text: bytes | None) -> Iterator[Event]:
    """The events of one JSON object, whose text is given where it is at hand."""
    if "message" not in value or "event_type" in value:
        yield Event(text.decode() if text else jsontext.text(value), value)
        return
    message = value["message"]
    inner = _parse(message) if isinstance(message, str) else message
    own = {name: own for name in ENVELOPE_FIELDS if (own := _text(value.get(name)))}
    extra = {name: item for name, item in value.items() if _is_extra(name, item, own)}
    if isinstance(inner, list) and _are_events(inner, own):
        yield from (_with_extra(item, extra, own) for item in inner)
    elif isinstance(inner, dict) and _are_events([inner], own):
        if isinstance(message, str) and not extra:
            yield Event(message, inner, own)
        else:
            yield _with_extra(inner, extra, own)
    elif isinstance(message, str) and own and not extra:
        yield Event(message, {}, own)
    else:
        yield Event(text.decode() if text else jsontext.text(value), value, own)


def _are_events(items: list[object], own: dict[str, str]) -> TypeGuard[list[JsonObject]]:
    """Whether a custom body's message is what `${event}` stood for, not just a field of that name."""
    return all(isinstance(item, dict) and (own or "event_type" in item) for item in items) and bool(items)


def _is_extra(name: str, item: object, own: dict[str, str]) -> bool:
    """Whether a custom body's member has no place in the envelope: neither its field nor an empty one."""
    return name != "message" and (name not in ENVELOPE_FIELDS or (name not in own and bool(item)))


def _with_extra(event: JsonObject, extra: JsonObject, own: dict[str, str]) -> Event:
    """Keep what the custom body brought beyond the envelope: Datadog would make attributes of it too."""
    fields = {**extra, **event}
    return Event(jsontext.text(fields), fields, own)


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
