"""Takes secrets out of values and texts, in every form in which these may hold them."""

import html
import json
from collections.abc import Callable, Collection
from typing import Any, overload

from datadog_assets.render.masking import SECRET, masker
from datadog_assets.render.printable import printable

_DEEPEST = 3
"""So often may a secret be quoted within what is quoted."""


def hider(secrets: Collection[str]) -> Callable[[str], str]:
    """Give a function that replaces every secret within a text: plain, as in JSON, as in HTML, as printed."""
    return masker({form for secret in secrets if secret for form in _forms(secret)})


@overload
def hidden(value: dict[str, Any], secrets: Collection[str]) -> dict[str, Any]: ...
@overload
def hidden(value: list[Any], secrets: Collection[str]) -> list[Any]: ...
def hidden(value: object, secrets: Collection[str]) -> object:
    """Give a JSON value without secrets. A number may be one too: a variable may have become it."""
    if not secrets:
        return value
    return _hidden(value, hider(secrets), frozenset(secrets))


def _hidden(value: object, hide: Callable[[str], str], secrets: frozenset[str]) -> object:
    match value:
        case str():
            return hide(value)
        case dict():
            return {hide(str(key)): _hidden(inner, hide, secrets) for key, inner in value.items()}
        case list() | tuple():
            return [_hidden(inner, hide, secrets) for inner in value]
        case int() | float() if json.dumps(value) in secrets:
            return SECRET
    return value


def _forms(secret: str) -> set[str]:
    """Give how a text may hold it: a log's message is JSON, and may be quoted, as JSON again, in a fault."""
    found = {secret}
    for _ in range(_DEEPEST):
        found |= {form for one in found for form in (json.dumps(one)[1:-1], _quoted(one), html.escape(one))}
    found |= {secret.replace("\\", "\\\\")}
    return found | {printable(form) for form in found}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
