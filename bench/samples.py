"""The events that are sent: Okta's, of every type, about 750 bytes each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from random import Random

import orjson

from relay import okta, okta_sample
from relay.envelope import Envelope, Record
from relay.jsontext import JsonObject

_KINDS = 100 * okta_sample.CYCLE
"""So many are made in full; those after them differ in time and key only, which is six times as quick."""

ARRAY = 100
"""Events of one body where they come in arrays."""


def singles(number: int, seed: int = 1) -> Iterator[bytes]:
    """Give bodies of one event; no two are repeats of each other unless the seed is the same."""
    kinds = _kinds()
    random = Random(seed)
    for at in range(number):
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        once = f"{random.getrandbits(128):032x}"
        yield orjson.dumps({**kinds[at % _KINDS], "timestamp": now, "idempotency_key": once})


def arrays(number: int, each: int = ARRAY, seed: int = 1) -> Iterator[bytes]:
    """Give the same events in bodies of so many."""
    events = singles(number, seed)
    while part := list(islice(events, each)):
        yield b"[" + b",".join(part) + b"]"


@cache
def _kinds() -> list[JsonObject]:
    return list(islice(okta_sample.events(seed=1), _KINDS))


def records(number: int) -> list[Record]:
    """Give what the relay makes of the events, by default."""
    envelope = Envelope("okta-workflows-els", "okta", None, ("env:production", "service:okta"))
    return [envelope.wrap(okta.read(body)[0][0]) for body in singles(number)]
