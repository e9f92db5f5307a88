"""A change, line by line, as terminals and Markdown both show it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

from datadog_assets.kinds import KINDS
from datadog_assets.plan.changes import Change, Note, Plan
from datadog_assets.plan.difference import ABSENT, Difference
from datadog_assets.render.printable import dotted, printable, quoted

WIDE = 80
"""Characters; a value that is longer gets lines of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line about a difference; printable.

    Attributes:
        sign: added, removed, changed, moved, or only there for orientation.
        text: without the sign.
    """

    sign: Literal["+", "-", "~", ">", " "]
    text: str


def counted(plan: Plan) -> str:
    """Give "3 to create, 1 to update, 0 to delete, 1 to move"."""
    return ", ".join(f"{count} to {verb}" for verb, count in plan.counts.items())


def word(kind: str) -> str:
    """Give a kind as a person calls one of it."""
    return KINDS[kind].word if kind in KINDS else kind


def told(note: Note) -> str:
    """Give a problem or note as one line, printable: `a.yaml:3: monitor "X": is not managed`."""
    resource = f"{word(note.kind)} {quoted(note.name)}" if note.name is not None else word(note.kind)
    parts = (str(note.mark) if note.mark else "", resource, note.text)
    return printable(": ".join(filter(None, parts)))


def lines(change: Change) -> Iterator[Line]:
    """Give what a change changes."""
    for difference in change.differences:
        yield from _difference(difference)


def _difference(one: Difference) -> Iterator[Line]:
    before, after = one.before, one.after
    if one.origin is not None:
        yield Line(">", f"{dotted((*one.path[:-1], one.origin))} -> {dotted(one.path)}: {_label(after)}")
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield Line("~", f"{dotted(one.path)}:")
        yield from _text_lines(before, after)
    elif _is_short(before) and _is_short(after) and not _is_text_element(one):
        yield Line("~", f"{dotted(one.path)}: {quoted(before)} -> {quoted(after)}")
    else:
        # which text of a list it is says the text itself
        path = one.path[:-1] if _is_text_element(one) else one.path
        yield from _value("-", dotted(path), before)
        yield from _value("+", dotted(path), after)


def _is_short(value: object) -> bool:
    return value is not ABSENT and not isinstance(value, dict | list) and len(quoted(value)) <= WIDE


def _is_text_element(one: Difference) -> bool:
    texts = all(value is ABSENT or isinstance(value, str) for value in (one.before, one.after))
    return texts and bool(one.path) and isinstance(one.path[-1], int)


def _label(value: object) -> str:
    """Give an element that only moved by its type and name, if it has them."""
    if isinstance(value, dict):
        known = [value[key] for key in ("type", "name") if isinstance(value.get(key), str)]
        if known:
            return " ".join(quoted(text) for text in known)
    text = quoted(value)
    return text if len(text) <= WIDE else text[: WIDE - 3] + "..."


def _value(sign: Literal["+", "-"], path: str, value: object) -> Iterator[Line]:
    if value is ABSENT:
        return
    if isinstance(value, str) and "\n" in value:
        yield Line(sign, f"{path}:")
        yield from (Line(sign, f"  {printable(line)}") for line in value.split("\n"))
        return
    text = quoted(value)
    if len(text) > WIDE and isinstance(value, dict | list):
        first, *rest = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
        yield Line(sign, f"{path}: {printable(first)}")
        yield from (Line(sign, printable(line)) for line in rest)
    else:
        yield Line(sign, f"{path}: {text}")


def _text_lines(before: str, after: str) -> Iterator[Line]:
    # split at "\n" alone: what else may end a line is shown, and so is whether the last line has an end
    _, _, *found = unified_diff(before.split("\n"), after.split("\n"), lineterm="")
    signs: dict[str, Literal["+", "-"]] = {"+": "+", "-": "-"}
    for line in found:
        if line.startswith("@@"):
            yield Line(" ", line)
        else:
            yield Line(signs.get(line[0], " "), f"  {printable(line[1:])}")
