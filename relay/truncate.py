"""Makes a JSON object fit into a number of bytes and still be JSON. Pure."""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from relay import jsontext
from relay.jsontext import JsonObject

_WORTH_CUTTING = 1_000
"""Texts up to this length (in characters) are left alone: cutting them loses what identifies the event."""


def shorten(document: JsonObject, encode: Callable[[JsonObject], bytes], limit: int) -> bytes:
    """Cut the longest text in `document` until `encode(document)` fits; several, if one is not enough.

    What is too long for another reason (a hundred thousand fields, a list of numbers) keeps its short
    fields and has the whole of its JSON, cut, in the field `relay.truncated_event`.

    Args:
        document: is changed; give a copy if the original is needed.
        encode: the finished bytes of a document.
        limit: in bytes; room for a hundred short fields at least.

    Raises:
        Refused: 400 if the document nests too deep to be written.
    """
    if not _cut(document, encode, limit, _WORTH_CUTTING):
        document = _summary(document)
        _cut(document, encode, limit, 0)
    return encode(document)


def _cut(document: JsonObject, encode: Callable[[JsonObject], bytes], limit: int, shortest: int) -> bool:
    """Cut every text to one common length, the greatest that makes the document fit; False if none does."""
    texts = [found for found in _texts(document) if len(found.text) > shortest]

    def too_long(length: int) -> bool:
        for found in texts:
            found.replace(found.text[:length])
        return len(encode(document)) > limit

    lengths = range(
        shortest, _longest_worth_trying([len(found.text) for found in texts], shortest, limit) + 1
    )
    fitting = bisect_right(lengths, False, key=too_long)
    return not too_long(lengths[max(fitting - 1, 0)])


def _longest_worth_trying(lengths: Sequence[int], shortest: int, limit: int) -> int:
    """A length above which the texts alone pass the limit, for a character is a byte at least.

    Without this bound most of the time would go into encoding a document several times too long.
    """
    candidates = range(shortest, max(lengths, default=shortest) + 1)
    passing = bisect_right(
        candidates, False, key=lambda bound: sum(min(length, bound) for length in lengths) > limit
    )
    return candidates[max(passing - 1, 0)]


def _summary(document: JsonObject) -> JsonObject:
    """The short fields of a document, and its whole JSON as one text that can be cut."""
    short: JsonObject = {}
    for name, value in document.items():
        plain = value is None or isinstance(value, bool | int | float | str)
        if plain and len(name) + len(str(value)) <= _WORTH_CUTTING and len(short) < 100:
            short[name] = value
    return {**short, "relay.truncated_event": jsontext.text(document)}


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    replace: Callable[[str], None]


def _texts(document: JsonObject) -> Iterator[_Text]:
    """Every text in a document; a loop and no recursion, for JSON may nest deeper than Python calls."""
    waiting: list[JsonObject | list[object]] = [document]
    while waiting:
        holder = waiting.pop()
        items: Iterable[tuple[object, object]] = (
            holder.items() if isinstance(holder, dict) else enumerate(holder)
        )
        for place, value in items:
            if isinstance(value, str):
                yield _Text(value, partial(operator.setitem, holder, place))
            elif isinstance(value, dict | list):
                waiting.append(value)
