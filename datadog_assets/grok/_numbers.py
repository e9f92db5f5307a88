"""Numbers in text, as Java reads them: a double, or an integer of 64 bits."""

import math
import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_EXTENDED = re.compile(r"[+-]?\d{1,30}(?:[eE][+-]?\d{1,3})?", re.ASCII)


def number(text: str) -> float | None:
    """Read a double; None if it is none, or none that JSON can write."""
    return finite(float(text)) if _NUMBER.fullmatch(text) else None


def integer(text: str) -> int | None:
    """Read an integer; None if it is none, or does not fit 64 bits."""
    return _fitting(int(text)) if _INTEGER.fullmatch(text) else None


def integer_ext(text: str) -> int | None:
    """Read an integer that may have an exponent, `1e3`; decimals that a negative one leaves are cut off."""
    return _fitting(int(Decimal(text))) if _EXTENDED.fullmatch(text) else None


def inferred(text: str) -> int | float | None:
    """Read an integer or else a double; None if it is neither."""
    whole = integer(text)
    return number(text) if whole is None else whole


def finite(value: float) -> float | None:
    """Give a double, or None if it is infinite or no number."""
    return value if math.isfinite(value) else None


def _fitting(value: int) -> int | None:
    return value if -(2**63) <= value < 2**63 else None
