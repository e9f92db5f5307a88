"""Lines of values between separators: https://docs.datadoghq.com/logs/log_configuration/parsing/#parsing-csv."""

import re

from datadog_assets.grok._attributes import Attributes, add, segments
from datadog_assets.grok._numbers import inferred
from datadog_assets.grok.errors import Fault


class Csv:
    """Reads a line of values under the names of a header.

    Args:
        headers: the names, with commas between them.
        separator: one character, or `tab`.
        quote: one character.

    Raises:
        Fault: one of them is not understood.
    """

    def __init__(self, headers: str, separator: str = ",", quote: str = '"') -> None:
        self._headers = [header.strip() for header in headers.split(",")]
        self._separator = "\t" if separator in ("tab", "\\t") else separator
        self._quote = quote
        if not all(self._headers):
            raise Fault("a header of csv has no name")
        if len(self._separator) != 1 or len(quote) != 1:
            raise Fault("separator and quote of csv are one character each")
        mark = re.escape(quote)
        self._quoted = re.compile(f" *{mark}((?:[^{mark}]|{mark}{mark})*+)", re.DOTALL)

    def __call__(self, text: str) -> Attributes:
        """Give what values there are; an empty one is left out, and so are those that no header names."""
        found: Attributes = {}
        for header, value in zip(self._headers, self._values(text), strict=False):
            number = None if isinstance(value, _Quoted) else inferred(value)
            if value:
                add(found, segments(header), str(value) if number is None else number)
        return found

    def _values(self, text: str) -> list[str]:
        values = []
        place = 0
        while place <= len(text):
            value, place = self._value(text, place)
            values.append(value)
        return values

    def _value(self, text: str, place: int) -> tuple[str, int]:
        found = self._quoted.match(text, place)
        end = text.find(self._separator, found.end() if found else place)
        end = end if end >= 0 else len(text)
        if found is None:
            return text[place:end].strip(), end + 1
        return _Quoted(found[1].replace(self._quote * 2, self._quote)), end + 1


class _Quoted(str):
    """A value that stood between quotes."""

    __slots__ = ()
