"""Makes JSON again of an event that was pasted between quotes without escaping. Pure.

Okta Workflows is not known to do that; a custom body whose author forgot to escape `${event}` would.
"""

import json
import re

_UNESCAPED = re.compile(r'"message"\s*:\s*"\s*(?=[{\[])')
_CLOSING_QUOTE = re.compile(r'\s*"')
_decoder = json.JSONDecoder()


class _Uncounted(str):
    """Text whose lines are not counted.

    Python's JSON error tells line and column, and counts newlines from the text's beginning for that: done
    at each of thousands of places in a long body, it would take minutes.
    """

    __slots__ = ()

    def count(self, *_: object) -> int:
        """No newline."""
        return 0

    def rfind(self, *_: object) -> int:
        """No last newline."""
        return -1


def mend(body: bytes) -> bytes | None:
    """Take the quotes from around JSON that was pasted between them unescaped; None if there is none."""
    try:
        text = _Uncounted(body.decode())
    except UnicodeDecodeError:
        return None
    pieces: list[str] = []
    done = 0
    for match in _UNESCAPED.finditer(text):
        if match.start() < done:
            continue
        try:
            _, end = _decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        if closing := _CLOSING_QUOTE.match(text, end):
            pieces += text[done : match.start()], '"message":', text[match.end() : end]
            done = closing.end()
    return "".join([*pieces, text[done:]]).encode() if pieces else None
