"""Keys and values in text: https://docs.datadoghq.com/logs/log_configuration/parsing/#key-value-or-logfmt."""

import re

from datadog_assets.grok._attributes import Attributes, add, segments
from datadog_assets.grok._java_regex import Translator
from datadog_assets.grok._numbers import inferred
from datadog_assets.grok.errors import Fault

_ALLOWED = r"\w.\-_@"
_QUOTES = ('""', "''", "<>")
_BEFORE = r"\s,;(\[{"
_AFTER = r"\s,;)\]}"
_WORDS = {"null": None, "true": True, "false": False}
_NO_OCTAL = re.compile(r"0\d*[89]\d*", re.ASCII)
"""Digits that begin with 0 but are no octal number: these stay text."""
_DURATION = re.compile(r"(\d{1,15}(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class KeyValue:
    """Finds keys and values.

    Args:
        separator: what stands between key and value; with a backslash in it, a regular expression.
        allowed: characters that may be in keys and values beside the default ones, as in a class.
        quotes: the opening and the closing quote, or more such pairs; empty for the default ones.
        delimiter: what stands between the pairs.

    Raises:
        Fault: one of them is not understood.
    """

    def __init__(
        self, separator: str = "=", allowed: str = "", quotes: str = "", delimiter: str = ""
    ) -> None:
        if len(quotes) == 1:
            quotes *= 2
        if len(quotes) % 2:
            raise Fault("the quotes of keyvalue are pairs of an opening and a closing one")
        self._quotes = tuple(quotes[at : at + 2] for at in range(0, len(quotes), 2)) or _QUOTES
        quoted = "|".join(f"{re.escape(q[0])}[^{re.escape(q[0])}]+{re.escape(q[1])}" for q in self._quotes)
        before, after = (re.escape(delimiter),) * 2 if delimiter else (_BEFORE, _AFTER)
        between = separator if "\\" in separator else re.escape(separator)
        translator = Translator()
        translator.ready(f"(?:(?<![^{before}]))({quoted}|")
        translator.enclosed(f"[{_ALLOWED}{allowed}]+")
        translator.ready(")")
        translator.enclosed(between)
        translator.ready(f"({quoted}|")
        translator.enclosed(f"[{_ALLOWED}{allowed}]+")
        translator.ready(f")(?:[{after}]|\\Z)")
        try:
            self._pair = re.compile(translator.pattern, re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise Fault(f"bad keyvalue: {error}") from None

    def __call__(self, text: str) -> Attributes:
        """Give the keys that have values; a key that repeats has an array."""
        found: Attributes = {}
        for pair in self._pair.finditer(text):
            key = self._unquoted(pair[1].strip())
            value = self._value(pair[2].strip().rstrip(","))
            if key and " " not in key and value not in (None, ""):
                add(found, segments(key), value)
        return found

    def _unquoted(self, text: str) -> str:
        if len(text) > 1 and text[0] + text[-1] in self._quotes:
            return text[1:-1].strip()
        return text

    def _value(self, text: str) -> object:
        if text in _WORDS:
            return _WORDS[text]
        number = None if _NO_OCTAL.fullmatch(text) else inferred(text)
        if number is None:
            number = _duration(text)
        return self._unquoted(text) if number is None else number


def _duration(text: str) -> int | None:
    """Read a duration of one unit, `10.5s`, in milliseconds: Datadog's own results have it so."""
    found = _DURATION.fullmatch(text)
    return int(float(found[1]) * _MILLISECONDS[found[2]]) if found else None
