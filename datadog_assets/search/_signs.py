"""The signs that mean something in a query, and how they are taken for themselves.

https://docs.datadoghq.com/logs/explorer/search_syntax/#escape-special-characters-and-spaces
"""

import re
from collections.abc import Iterable

OPERATORS = frozenset({"AND", "OR", "NOT"})
"""In capitals only: "and" is a word."""

AT_BEGINNING = frozenset("+=!")
"""Signs that mean something in Lucene's syntax, from which Datadog's comes; Datadog tells no meaning."""

ESCAPED = r"\\(?:&&|\|\||[\s\S])"
"""What a backslash stands before: one sign, or one of the two operators of two signs."""

_OTHER = r"(?!&&|\|\|)[^\s()\[\]{}\"“”:<>*?\\]"
_QUOTED = r'"(?:[^"\\]|\\[\s\S])*"'
_QUOTED_ESCAPED = r'\\"(?:[^"\\]|\\[^"])*\\"'

WORD = re.compile(rf"(?:{ESCAPED}|{_OTHER}|[*?])+")
"""Signs that mean something at a word's beginning (`AT_BEGINNING`, and `-`) may stand within one."""
NAME = re.compile(rf"(?:{_QUOTED_ESCAPED}|{_QUOTED}|{ESCAPED}|{_OTHER})+")
"""A word without wildcards, of which a part may be quoted: a dot within quotes parts nothing."""
NAME_PIECES = re.compile(rf"(?P<quoted>{_QUOTED_ESCAPED}|{_QUOTED})|(?P<escaped>{ESCAPED})|[\s\S]")
WORD_PIECES = re.compile(rf"(?P<escaped>{ESCAPED})|[\s\S]")
BEFORE_COMMA = re.compile(rf"(?:{_QUOTED}|{ESCAPED}|[^,])*")
BOUND = re.compile(rf"(?:{ESCAPED}|[^\s()\[\]{{}}\"“”\\])+")
"""A bound of a range or a comparison, which may hold colons: dates do."""
QUOTES = ('"', "“", "”")
PHRASE = re.compile(r'"(?:[^"\\]|\\[\s\S])*"|[“”](?:[^“”\\]|\\[\s\S])*[“”]')

_PLAIN = re.compile(r"[\w./,;@$%'][\w./,;@$%'+=-]*")
_PLAIN_IN_NAME = re.compile(r"[\w/;$%'-]")


def unescaped(text: str) -> str:
    """Take each backslash away that stands before a sign, and keep the sign."""
    return re.sub(ESCAPED, lambda found: found[0][1:], text)


def quoted(text: str) -> str:
    """Write a text within double quotes."""
    return '"' + re.sub(r'["\\]', r"\\\g<0>", text) + '"'


def word(text: str) -> str:
    """Write a text as a word, or within double quotes if it would be read as something else."""
    return text if _PLAIN.fullmatch(text) and text not in OPERATORS else quoted(text)


def escaped(sign: str) -> str:
    """Write one sign of a word, after a backslash if it would mean something."""
    return sign if _PLAIN.fullmatch(sign) else f"\\{sign}"


def name(parts: Iterable[str]) -> str:
    """Write a name; a part that holds a dot or a quote, or nothing, within double quotes."""
    return ".".join(
        "".join(sign if _PLAIN_IN_NAME.fullmatch(sign) else f"\\{sign}" for sign in part)
        if part and not {".", '"'} & set(part)
        else quoted(part)
        for part in parts
    )


def name_parts(written: str) -> tuple[str, ...]:
    """Read a name: a dot parts it, unless within quotes or after a backslash."""
    parts = [""]
    for found in NAME_PIECES.finditer(written):
        if found["quoted"]:
            parts[-1] += unescaped(
                found["quoted"].removeprefix("\\")[1:].removesuffix('"').removesuffix("\\")
            )
        elif found["escaped"]:
            parts[-1] += found["escaped"][1:]
        elif found[0] == ".":
            parts.append("")
        else:
            parts[-1] += found[0]
    return tuple(parts)
