"""Wraps an event in Datadog's envelope: a finished record, encoded once, within Datadog's limits. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import orjson

from relay import dates, jsontext
from relay.errors import Refused
from relay.jsontext import JsonObject
from relay.okta import Event, known_type, repeat_key
from relay.truncate import shorten

MAX_ENTRY_BYTES = 1_000_000
"""The longest entry, in bytes of its JSON. Datadog says 1 MB and cuts longer ones itself, in the middle of
their JSON; MB is read as 10^6, the stricter way. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

MAX_TAGS = 100
"""The most tags an entry should carry.
https://docs.datadoghq.com/logs/log_collection/#custom-log-forwarding"""

MAX_TAG_LENGTH = 200
"""The longest tag, in characters: the rule for all tags, stricter than the 256 that is said of logs.
https://docs.datadoghq.com/getting_started/tagging/#define-tags
Source, host and service become tags too, so that it holds for them as well."""

UNRECOGNIZED = "relay.unrecognized:true"
TRUNCATED = "relay.truncated:true"
REDATED = "relay.redated:true"

_MOST_KEPT, _LONGEST_KEPT = 64, 2_000
"""What stands around events is kept for so many orgs or custom bodies, if it is of so many characters."""


@dataclass(slots=True)
class Record:
    """An entry of Datadog's logs intake, ready to be sent.

    Attributes:
        data: the entry's JSON, at most `MAX_ENTRY_BYTES` long.
        key: what a repeat of the entry has too; None if it is never taken for a repeat.
        truncated: whether something had to be cut to keep a limit.
        date: the date that Datadog will read from it; see `relay.dates`.
        kind: as what it is counted: the event's type, `other` for one that is not known, `entry` for what
            came in Datadog's own form.
    """

    data: bytes
    key: bytes | None = None
    truncated: bool = False
    date: dates.Date = None
    kind: str = "other"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the configuration puts around every event.

    Attributes:
        ddsource: Datadog's `ddsource`.
        service: Datadog's `service`.
        hostname: Datadog's `hostname`; None takes the event's own `org_hostname`.
        tags: each `key:value` or a bare word.
    """

    ddsource: str
    service: str
    hostname: str | None = None
    tags: tuple[str, ...] = ()
    _kept: dict[object, "_Around"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def wrap(self, event: Event) -> Record:
        """Make an event's record: exactly `ddtags, ddsource, hostname, service, message`.

        Raises:
            Refused: 400 if the event has to be cut and nests too deep to be written again.
        """
        text, fields, own = event.text, event.fields, event.own
        kind = known_type(fields)
        marks = () if kind else (UNRECOGNIZED,)
        around = self._around(fields, own, marks)
        data = around.head + orjson.dumps(text) + b"}"
        is_cut = around.is_cut or len(data) > MAX_ENTRY_BYTES
        if is_cut:
            around = self._around(fields, own, (*marks, TRUNCATED))
            data = _fitting(around.fields, text, fields)
        return Record(data, repeat_key(fields), is_cut, dates.date_of(fields), kind or "other")

    def complete(self, entry: JsonObject, shared_tags: str = "") -> Record:
        """Make the record of an entry that came in Datadog's own form.

        What the entry brings stays as it is; configured `ddtags`, `ddsource` and `service` only fill gaps.

        Args:
            entry: as it came.
            shared_tags: the `ddtags` of the request's URL, which go with each of its entries.

        Raises:
            Refused: 400 if the entry has no `message`, or nests too deep to be written again.
        """
        if "message" not in entry:
            raise Refused(400, "message_missing", "Each entry needs a message.")
        filled = {"ddsource": self.ddsource, "service": self.service, **entry}
        if shared_tags or "ddtags" not in entry:
            tags = [*_split(shared_tags), *_split(entry.get("ddtags"))]
            filled["ddtags"] = ",".join(tags or self.tags)
        data = jsontext.dump(filled)
        date = dates.date_of({**entry, **_fields(entry["message"])})
        tags = _split(filled["ddtags"])
        if len(data) <= MAX_ENTRY_BYTES and len(_limited(tags, ())) == len(tags):
            return Record(data, date=date, kind="entry")
        del filled["ddtags"]
        if not isinstance(filled["message"], str):
            filled["message"] = jsontext.text(filled["message"])
        always = {"ddtags": ",".join(_limited(tags, (TRUNCATED,))), "message": ""}
        data = shorten(filled, lambda part: jsontext.dump({**always, **part}), MAX_ENTRY_BYTES)
        return Record(data, truncated=True, date=date, kind="entry")

    def _around(self, fields: JsonObject, own: Mapping[str, str], marks: Sequence[str]) -> "_Around":
        """What stands around an event: the same for nearly all events of an org, so that it is kept."""
        hostname = fields.get("org_hostname")
        if not isinstance(hostname, str):
            hostname = ""
        case = (hostname, *marks, *own.items()) if marks or own else hostname
        around = self._kept.get(case)
        if around is None:
            around = self._make_around(hostname, own, marks)
            if len(hostname) + sum(map(len, own.values())) <= _LONGEST_KEPT:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[case] = around
        return around

    def _make_around(self, hostname: str, own: Mapping[str, str], marks: Sequence[str]) -> "_Around":
        merged = merge_tags(self.tags, _split(own.get("ddtags", "")))
        kept = _limited(merged, marks)
        whole = {
            "ddsource": own.get("ddsource") or self.ddsource,
            "hostname": own.get("hostname") or self.hostname or hostname,
            "service": own.get("service") or self.service,
        }
        cut = {name: value[:MAX_TAG_LENGTH] for name, value in whole.items()}
        fields = {"ddtags": ",".join(kept), **cut}
        head = orjson.dumps(fields)[:-1] + b',"message":'
        return _Around(fields, head, cut != whole or len(kept) < len(merged) + len(marks))


class _Around(NamedTuple):
    """What stands around a message: as fields, and as the beginning of the entry's JSON up to the message.

    `is_cut`: whether something had to be cut to keep the limits.
    """

    fields: Mapping[str, str]
    head: bytes
    is_cut: bool


def date_in(data: bytes) -> int | None:
    """The date that Datadog reads from an entry, in epoch milliseconds; None if there is none."""
    entry = _fields(data.decode(errors="replace"))
    return dates.milliseconds(dates.date_of({**entry, **_fields(entry.get("message"))}))


def redate(data: bytes) -> bytes | None:
    """Make an entry one that Datadog dates when it arrives.

    The old date is kept, as `relay.original.` and the attribute's name, and the entry is tagged. To be dated
    by Datadog is safer than any date that could be written here, for this machine's clock may be wrong.

    Args:
        data: as in `Record`.

    Returns:
        The entry's JSON; None if it holds no date, or cannot be written again.
    """
    entry = _fields(data.decode(errors="replace"))
    fields = _fields(entry.get("message"))
    if not any([dates.set_aside(entry), dates.set_aside(fields)]):
        return None
    around = {**entry, "ddtags": ",".join(_limited(_split(entry.get("ddtags")), (REDATED,)))}
    message = around.pop("message", "")
    try:
        return _fitting(around, jsontext.text(fields) if fields else message, fields)
    except Refused:
        return None


def _fitting(around: Mapping[str, object], text: object, fields: JsonObject) -> bytes:
    """The entry's JSON, with as much of the message as there is room for: its text, or its fields if any."""
    data = _encode(around, text)
    if len(data) <= MAX_ENTRY_BYTES:
        return data
    if fields:
        document: JsonObject = orjson.loads(jsontext.dump(fields))  # `shorten` changes it
        return shorten(document, lambda part: _encode(around, jsontext.text(part)), MAX_ENTRY_BYTES)
    return shorten({"": text}, lambda part: _encode(around, part[""]), MAX_ENTRY_BYTES)


def _encode(around: Mapping[str, object], message: object) -> bytes:
    return orjson.dumps({**around, "message": message})


def _fields(message: object) -> JsonObject:
    """The attributes that Datadog makes of a message: those of an object, or of the text of one."""
    if isinstance(message, str) and message.lstrip().startswith("{"):
        with suppress(orjson.JSONDecodeError):
            return cast("JsonObject", orjson.loads(message))
    return message if isinstance(message, dict) else {}


def _split(ddtags: object) -> list[str]:
    return [tag for part in ddtags.split(",") if (tag := part.strip())] if isinstance(ddtags, str) else []


def merge_tags(configured: Sequence[str], own: Sequence[str]) -> list[str]:
    """Configured tags, but for those whose key (or bare word) the event's own tags bring too; then these."""
    keys = {tag.partition(":")[0] for tag in own}
    return [*(tag for tag in configured if tag.partition(":")[0] not in keys), *own]


def _limited(tags: Sequence[str], marks: Sequence[str]) -> list[str]:
    """As many tags as Datadog takes beside the relay's own marks; too long ones are left out."""
    fitting = [tag for tag in tags if len(tag) <= MAX_TAG_LENGTH]
    return [*fitting[: MAX_TAGS - len(marks)], *marks]
