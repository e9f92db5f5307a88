"""JSON as the relay reads and writes it: strict, and refusing what it cannot write again. Pure."""

from typing import TypeAlias

import orjson

from relay.errors import Refused

JsonObject: TypeAlias = dict[str, object]


def dump(value: object) -> bytes:
    """Write a value that was parsed from JSON.

    Raises:
        Refused: 400 if it nests deeper than orjson writes (254 levels; Datadog recommends fewer than 20).
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise Refused(400, "nested_too_deep", "The JSON nests deeper than 254 levels.") from None


def text(value: object) -> str:
    """As `dump`, as text."""
    return dump(value).decode()
