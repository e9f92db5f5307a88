"""How text is sought: as a whole with wildcards, or word by word.

https://docs.datadoghq.com/logs/explorer/search_syntax/#wildcards
"""

import re
from collections.abc import Callable, Iterator

TextTest = Callable[[str], bool]

_WORD = re.compile(r"\w+")
_SIGN = re.compile(r"\\[\s\S]|[\s\S]")
_WORD_SIGN = re.compile(r"[\w?]")


def whole(pattern: str) -> TextTest:
    """Make a test of a whole text, in its own case.

    Args:
        pattern: as in `_tree.Pattern`.
    """
    first, *others = _segments(pattern)
    if not others:
        return _tested(rf"{first}\Z")
    middle = "".join(f"(?>.*?{one})" for one in others[:-1] if one)
    return _tested(f"{first}{middle}" + (rf".*{others[-1]}\Z" if others[-1] else ""))


def words(text: str) -> TextTest:
    """Make a test for whole words in this order, in any case; what stands between them does not matter.

    "You cannot search for special characters in a log message": they only part words. So a text without any
    word is in no log.
    """
    found = _WORD.findall(text)
    if not found:
        return lambda _: False
    in_order = r"\W+".join(map(re.escape, found))
    search = re.compile(rf"(?<!\w){in_order}(?!\w)", re.IGNORECASE).search
    return lambda value: search(value) is not None


def within(pattern: str) -> TextTest:
    """Make a test for words with wildcards, in any case.

    Where the pattern begins or ends with anything but `*` or a special character, so does a word.

    Args:
        pattern: as in `_tree.Pattern`.
    """
    segments = list(_segments(pattern))
    signs = _SIGN.findall(pattern)
    if _WORD_SIGN.match(signs[0]):
        segments[0] = rf"(?<!\w){segments[0]}"
    if _WORD_SIGN.match(signs[-1]):
        segments[-1] = rf"{segments[-1]}(?!\w)"
    return _tested("".join(f"(?>.*?{one})" for one in segments if one), re.IGNORECASE)


def _tested(expression: str, flags: re.RegexFlag = re.NOFLAG) -> TextTest:
    match = re.compile(expression, re.DOTALL | flags).match
    return lambda value: match(value) is not None


def _segments(pattern: str) -> Iterator[str]:
    """Give what stands between the `*` of a pattern, as regular expressions.

    Each is sought at its first place and no other (`(?>`), which is enough: so no pattern takes long.
    """
    segment = ""
    for one in _SIGN.findall(pattern):
        if one == "*":
            yield segment
            segment = ""
        else:
            segment += "." if one == "?" else re.escape(one[-1])
    yield segment
