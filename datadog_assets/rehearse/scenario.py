"""A rehearsal as YAML has it: what happens, and what is expected of Datadog."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from datadog_assets.dates import EPOCH, MILLISECOND, epoch_ms
from datadog_assets.model import Model, also

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d{1,6})\s*([smhd])", re.ASCII)

LONGEST = 14 * _UNITS["d"]
"""Milliseconds that a rehearsal may take, as monitors are evaluated every minute of it."""

MOST_LOGS = 10_000
"""So many may be sent in one rehearsal."""

MOST_STEPS = 1_000_000
"""Events by minutes in one rehearsal: each may be a group of a monitor, and is looked at every minute."""

BEGIN = (datetime(2026, 1, 5, 9, tzinfo=UTC) - EPOCH) // MILLISECOND
"""When a rehearsal begins that names no date: a Monday at nine."""

_LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND


def _milliseconds(value: object) -> object:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is no duration; write 90s, 5m, 24h or 2d")
    milliseconds = int(found[1]) * _UNITS[found[2]]
    if milliseconds > LONGEST:
        raise ValueError("is too long; 14d is the most")
    return milliseconds


def _epoch_ms(value: object) -> object:
    found = epoch_ms(value, BEGIN) if isinstance(value, str) else None
    if found is None or not 0 <= found <= _LATEST:
        raise ValueError("is no date from 1970 to 9998; write 2026-01-05T09:00:00Z")
    return found


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


Duration = Annotated[int, BeforeValidator(_milliseconds, json_schema_input_type=str)]
"""Milliseconds, written as 90s, 5m, 24h, 2d."""

Handles = Annotated[list[str], BeforeValidator(_split), Field(json_schema_extra=also({"type": "string"}))]
"""A list or, as a variable may hold it, one text that is comma separated."""

Kind = Literal["alert", "warning", "no data", "recovery", "renotify"]


_EVENT = Field(default=None, description="As Okta sends it; the relay wraps it.")
_LOG = Field(
    default=None, description="An entry of the logs intake: message, ddsource, ddtags, service, and more."
)


class Sent(Model):
    """An event of Okta, or a whole entry of the logs intake, that is sent once or several times."""

    event: dict[str, object] | None = _EVENT
    log: dict[str, object] | None = _LOG
    after: Duration = Field(default=0, description="So long after the one before it, as 90s, 5m, 2h.")
    times: Annotated[int, Field(ge=0, le=MOST_LOGS)] = 1
    every: Duration = Field(default=60_000, description="If it is sent several times: how far apart (1m).")

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.event is None) == (self.log is None):
            raise ValueError("needs one of event and log, and not both")
        return self

    @property
    def takes(self) -> int:
        """Milliseconds from the one before it to the last time that it is sent."""
        return self.after + self.every * max(0, self.times - 1)


class Moved(Model):
    """A monitor that moves."""

    name: str
    to: Kind | None = Field(default=None, description="What it moves to; any if not given.")
    group: dict[str, str] = Field(default={}, description="Of a monitor with groups: key and value.")
    message: list[str] = Field(default=[], description="Texts that stand in what the monitor says.")
    notifies: Handles | None = Field(default=None, description="All handles that are told of it.")


def _as_moved(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


_Moved = Annotated[Moved, BeforeValidator(_as_moved, json_schema_input_type=str | Moved)]


class Expected(Model):
    """What is expected. What is not named may be anything."""

    status: str | None = Field(default=None, description="Of each log, as are the next ones.")
    service: str | None = None
    host: str | None = None
    message: str | None = None
    attributes: dict[str, object] = Field(
        default={}, description="By dotted path; an empty value means that there is none."
    )
    tags: list[str] = Field(default=[], description="Tags that are there, among others.")
    trace_id: str | None = None
    span_id: str | None = None
    monitors: list[_Moved] | None = Field(
        default=None,
        description="All monitors that move: names, or with what they move to. Empty: none does.",
    )
    notifies: Handles | None = Field(
        default=None,
        description="All handles that are told of anything: a list, or comma separated. Empty: nobody is.",
    )


class Rehearsal(Model):
    """What happens, and what is expected of Datadog."""

    name: str
    event: dict[str, object] | None = _EVENT
    log: dict[str, object] | None = _LOG
    events: list[Sent] = Field(default=[], description="Several, with their times.")
    entry: dict[str, object] = Field(
        default={},
        description="What the relay adds to an event: ddsource, service, ddtags, hostname.",
    )
    begin: Annotated[int, BeforeValidator(_epoch_ms, json_schema_input_type=str)] = Field(
        default=BEGIN, description="When the first is sent (2026-01-05T09:00:00Z)."
    )
    until: Duration | None = Field(
        default=None, description="How long Datadog is watched from the beginning; a minute after the last."
    )
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if [self.event is None, self.log is None, not self.events].count(False) != 1:
            raise ValueError("needs one of event, log and events")
        if sum(one.times for one in self.sent) > MOST_LOGS:
            raise ValueError(f"sends more than {MOST_LOGS:,} logs")
        if sum(one.takes for one in self.sent) > LONGEST:
            raise ValueError("takes more than 14d from the first event to the last")
        minutes = max(sum(one.takes for one in self.sent), self.until or 0) // 60_000
        if minutes * len(self.sent) > MOST_STEPS:
            raise ValueError(
                f"has {len(self.sent):,} events and lasts {minutes:,} minutes;"
                f" {MOST_STEPS // len(self.sent):,} minutes are the most for so many"
            )
        return self

    @property
    def sent(self) -> list[Sent]:
        """What is sent, in order."""
        return self.events or [Sent(event=self.event, log=self.log)]
