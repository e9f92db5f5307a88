"""Every event of a row, each unique, and which of them the relay has accepted."""

from collections.abc import Iterable
from itertools import count

import orjson

from relay import okta_sample
from relay.jsontext import JsonObject


class Ledger:
    """Makes events, and remembers which were answered 202.

    An event is known by its `execution_id`, which holds the row's name and a number. So it can be found in a
    payload as well as in the raw pages of a spool file.

    Attributes:
        accepted: the ids of events that were answered 2xx.
    """

    def __init__(self, row: str) -> None:
        self.accepted: set[str] = set()
        self._row = row
        self._numbers = count()
        self._samples = okta_sample.events(seed=11)

    def event(self, **fields: object) -> JsonObject:
        """A new event, realistic but for its id; `fields` are added or replaced."""
        return next(self._samples) | {"execution_id": f"{self._row}#{next(self._numbers):07d}#"} | fields

    def events(self, number: int, **fields: object) -> list[JsonObject]:
        """So many new events."""
        return [self.event(**fields) for _ in range(number)]

    def accept(self, events: Iterable[JsonObject]) -> None:
        """Note events as accepted: the relay must not lose them from now on."""
        self.accepted |= ids(events)

    def found_in(self, data: bytes) -> set[str]:
        """The ids that stand in a piece of a file."""
        row = self._row.encode()
        # what stands between two marks of the row's name begins with a number that a second # ends
        parts = data.split(row + b"#")[1:]
        return {
            f"{self._row}#{part[:7].decode()}#" for part in parts if part[:7].isdigit() and part[7:8] == b"#"
        }


def ids(events: Iterable[JsonObject]) -> set[str]:
    """The ids of events."""
    return {str(event["execution_id"]) for event in events}


def body(events: list[JsonObject]) -> bytes:
    """A request's body: one event alone, several as an array."""
    return orjson.dumps(events[0] if len(events) == 1 else events)
