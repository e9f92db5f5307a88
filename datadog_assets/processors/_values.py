"""One value of a log as another type, as Datadog's processors see it."""

import math
import re
from collections.abc import Callable

import orjson

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)

MOST_INTEGER = 2**63
"""An integer of Datadog has 64 bits."""


def as_text(value: object) -> str | None:
    """Write a text, number or boolean out; objects and arrays are no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -(2**1000) < value < 2**1000 else None
    return _double(value) if isinstance(value, float) else None


def as_number(value: object) -> float | int | None:
    """Read a number, or a text that is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and -(2**1000) < value < 2**1000 else None


def as_integer(value: object) -> int | None:
    """Read an integer; the fraction of a number is cut off."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        number: float | int | None = int(value)
    else:
        number = as_number(value)
    if number is None or not math.isfinite(number):
        return None
    whole = int(number)
    return whole if -MOST_INTEGER <= whole < MOST_INTEGER else None


def as_double(value: object) -> float | None:
    """Read a number with a fraction."""
    number = as_number(value)
    return None if number is None else float(number)


def copied(value: object) -> object:
    """Copy an object or array that is to lie in two places: a change of one leaves the other alone."""
    if isinstance(value, dict):
        return {key: inner if isinstance(inner, str) else copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


_CASTS: dict[str, Callable[[object], object]] = {
    "string": as_text,
    "integer": as_integer,
    "double": as_double,
}


def cast(value: object, target_format: str | None) -> object:
    """Give the value as the type that is asked for, or a copy of it as it is where that cannot be."""
    if isinstance(value, str) and target_format == "auto":
        return value
    to = _CASTS.get(target_format or "")
    found = to(value) if to else None
    return copied(value) if found is None else found


def first_of(value: object) -> object:
    """Give the first element of an array; anything else is given as it is."""
    return value[0] if isinstance(value, list) and value else value


def written(value: object) -> str | None:
    """Write anything out, objects and arrays as JSON; None for empty ones and for what JSON cannot hold."""
    text = as_text(value)
    if text is None and value and isinstance(value, dict | list):
        try:
            return orjson.dumps(value).decode()
        except (orjson.JSONEncodeError, UnicodeDecodeError, RecursionError):
            return None
    return text


def _double(value: float) -> str | None:
    return repr(value) if math.isfinite(value) else None
