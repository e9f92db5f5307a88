"""Lists in text: https://docs.datadoghq.com/logs/log_configuration/parsing/#list-to-array."""

import re

from datadog_assets.grok.errors import Fault

_CONTROLS = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


class Array:
    """Splits a list.

    Args:
        brackets: the opening and the closing one, which may be there; empty if there are none.
        separator: what stands between the items.

    Raises:
        Fault: one of them is not understood.
    """

    def __init__(self, brackets: str = "[]", separator: str = ",") -> None:
        if len(brackets) == 1:
            brackets *= 2
        if len(brackets) > 2:
            raise Fault("the brackets of array are two characters, the opening and the closing one")
        self._brackets = brackets
        self._separator = re.sub(r"\\[nrt]", lambda found: _CONTROLS[found[0]], separator)
        if not self._separator:
            raise Fault("the separator of array is empty")

    def __call__(self, text: str) -> list[str]:
        """Give the items, also where the brackets that are named are not there, as published results show."""
        inside = self._inside(text.strip())
        return inside.split(self._separator) if inside else []

    def _inside(self, text: str) -> str:
        enclosed = len(text) > 1 and text[0] + text[-1] == self._brackets
        return text[1:-1] if enclosed else text
