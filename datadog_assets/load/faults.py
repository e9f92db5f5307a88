"""What pydantic found wrong with a value, in words for the person who wrote it."""

import difflib
from collections.abc import Callable, Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from datadog_assets.model import UNKNOWN_KEY
from datadog_assets.resource import Path

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}

_BOUNDS = {
    "greater_than": ("gt", "more than {} is needed"),
    "greater_than_equal": ("ge", "{} is the least"),
    "less_than": ("lt", "less than {} is needed"),
    "less_than_equal": ("le", "{} is the most"),
}


def told(error: ValidationError, value: object) -> list[tuple[Path, str]]:
    """Give each fault: where in the value, and the end of a line that begins with that place."""
    found = [(_path(detail, value), _text(detail)) for detail in error.errors(include_url=False)]
    return list(dict.fromkeys(found))


def nearest(name: str, known: Iterable[str]) -> str:
    """Give a hint at what was likely meant, or else what there is."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"


def _path(detail: ErrorDetails, value: object) -> Path:
    """Give the place without what pydantic adds: which of several models was tried."""
    path: list[str | int] = []
    for position, part in enumerate(detail["loc"]):
        is_last = position == len(detail["loc"]) - 1
        if isinstance(value, dict) and (part in value or (is_last and detail["type"] == "missing")):
            path.append(part)
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path.append(part)
            value = value[part]
    return tuple(path)


def _text(detail: ErrorDetails) -> str:
    kind, context, found = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _WANTED:
        return _type_text(found, _WANTED[kind])
    if kind in _BOUNDS:
        name, bound = _BOUNDS[kind]
        return f"is {found}; {bound.format(context[name])}"
    if kind.endswith(("too_long", "too_short")):
        return _length_text(kind, context, found)
    if kind == UNKNOWN_KEY:
        return f"is not known; {nearest(str(detail['loc'][-1]), context['known'])}"
    if kind in _OTHERS:
        return _OTHERS[kind](context, found)
    return f"cannot be taken: {detail['msg']}"


def _type_text(found: object, wanted: str) -> str:
    text = f"is {_shown(found)}; {wanted} is needed"
    quotes = wanted == "a text" and isinstance(found, bool | int | float)
    return f"{text}: put it in quotes" if quotes else text


def _shown(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
    return "a mapping"


def _length_text(kind: str, context: Mapping[str, object], found: object) -> str:
    number = len(found) if isinstance(found, str | list) else 0
    what = "is {} characters long" if kind.startswith("string") else "holds {}"
    bound = (
        f"{context['max_length']} at most" if "max_length" in context else f"{context['min_length']} at least"
    )
    return f"{what.format(number)}; {bound}"


def _choice_text(found: object, expected: str) -> str:
    shown = repr(found) if isinstance(found, str) else _shown(found)
    return f"is {shown}; " + _choices(str(found), expected)


def _choices(found: str, expected: str) -> str:
    return nearest(found, [one.strip(" '") for one in expected.replace(" or ", ", ").split(",")])


_OTHERS: Mapping[str, Callable[[Mapping[str, object], object], str]] = {
    "missing": lambda *_: "is missing",
    "literal_error": lambda context, found: _choice_text(found, str(context["expected"])),
    "union_tag_invalid": lambda context, _: (
        f"has the type {context['tag']!r}, which is not known; "
        + _choices(str(context["tag"]), str(context["expected_tags"]))
    ),
    "union_tag_not_found": lambda *_: "has no type",
    "value_error": lambda context, _: str(context["error"]),
}
