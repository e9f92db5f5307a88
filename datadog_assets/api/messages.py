"""Pure: what Datadog says is wrong, from the body of any of its errors.

The shapes that came so far: `errors` with texts or with objects of `status`, `title`, `detail`, `code` in any
mix; an `error` with `code`, `message` and `details`; HTML from its edge; nothing at all.
"""

import html
import json
import re
from collections.abc import Iterator
from itertools import islice

LONGEST = 500
"""Signs of one message."""

MOST = 10
"""Messages of one answer."""

_DEEPEST = 5
"""Objects within objects that are looked into; Datadog's are two deep."""

_READ_AS_TEXT = 20_000
"""Signs of a text, such as a web page, that are looked at."""

_WORDS = ("title", "message", "detail", "description", "reason")
_NESTED = ("errors", "error")
_EMPTY: tuple[object, ...] = (None, "", [], {})


def messages(body: bytes) -> tuple[str, ...]:
    """Give what a body says, each message on one line of at most `LONGEST` signs; never raises.

    Args:
        body: of an answer that is no success: JSON, HTML, any text, no text at all.
    """
    try:
        found = list(_messages(json.loads(body), _DEEPEST))
    except (ValueError, RecursionError):
        text = body[: 4 * _READ_AS_TEXT].decode("utf-8", "replace")[:_READ_AS_TEXT]
        found = [_page(text) if is_html(body) else text]
    lines = list(islice(dict.fromkeys(filter(None, map(one_line, found))), MOST + 1))
    return (*lines[:MOST], "and more") if len(lines) > MOST else tuple(lines)


def is_html(body: bytes) -> bool:
    """Tell whether a body is a web page."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def one_line(text: str) -> str:
    """Give a text without line breaks and control characters, cut if it is long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _messages(data: object, depth: int) -> Iterator[str]:
    match data:
        case str():
            yield data
        case int() | float() if not isinstance(data, bool):
            yield str(data)
        case list() if depth:
            for entry in data:
                yield from _messages(entry, depth - 1)
        case dict() if depth and any(map(data.get, _NESTED)):
            for name in _NESTED:
                yield from _messages(data.get(name), depth - 1)
        case dict() if told := {name: value for name, value in data.items() if value not in _EMPTY}:
            yield _sentence(told, depth)


def _sentence(data: dict[str, object], depth: int) -> str:
    """Give one object as "title: detail (further details)"; an unknown one as JSON."""
    said = [str(value) for name in _WORDS if isinstance(value := data.get(name), str) and value.strip()]
    text = ": ".join(dict.fromkeys(said))
    if not text:
        known = next((data[name] for name in ("code", "status") if data.get(name)), None)
        text = str(known) if isinstance(known, str | int) else json.dumps(data)
    details = "; ".join(_messages(data.get("details"), depth - 1)) if depth else ""
    return f"{text} ({details})" if details else text


def _page(page: str) -> str:
    """Give a web page's title or, without one, its text."""
    if (title := re.search(r"<title[^>]*>([^<]*)", page, re.IGNORECASE)) and title[1].strip():
        return html.unescape(title[1])
    bare = re.sub(r"<(script|style)\b[^>]*>.*?</\1[^>]*>", " ", page, flags=re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>?", " ", bare))
