"""What is made of a match: https://docs.datadoghq.com/logs/log_configuration/parsing/?tab=filters.

A filter that cannot do its work on a value leaves nothing of it; the rule has matched all the same.
"""

import json
from collections.abc import Callable
from typing import NoReturn, TypeGuard
from urllib.parse import unquote, unquote_plus

from datadog_assets.grok._array import Array
from datadog_assets.grok._csv import Csv
from datadog_assets.grok._keyvalue import KeyValue
from datadog_assets.grok._numbers import finite, integer, integer_ext, number
from datadog_assets.grok._references import Call, Option
from datadog_assets.grok._rubyhash import parse_rubyhash
from datadog_assets.grok._xml import parse_xml
from datadog_assets.grok.errors import Fault
from datadog_assets.grok.urls import query_parts, url_parts
from datadog_assets.grok.useragents import useragent_parts

Filter = Callable[[object], object]
"""From a value to another; None if there is none."""


def filter_of(call: Call) -> Filter:
    """Give the filter of a name.

    Raises:
        Fault: there is none, or its arguments are wrong.
    """
    if call.name in _PLAIN:
        if call.arguments:
            raise Fault(f"{call.name} takes no arguments", call.place)
        return _PLAIN[call.name]
    if call.name not in _WITH_ARGUMENTS:
        raise Fault(f"unknown filter {call.name}", call.place)
    try:
        return _WITH_ARGUMENTS[call.name](call)
    except Fault as fault:
        raise Fault(fault.reason, max(fault.place, call.place)) from None


def _of_text(convert: Callable[[str], object]) -> Filter:
    """Make a filter of what works on text; a number is taken as it is written."""

    def apply(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return convert(str(value))

    return apply


def _number(value: object) -> object:
    if isinstance(value, str):
        return number(value.strip())
    return float(value) if _is_number(value) else None


def _integer(value: object) -> object:
    if isinstance(value, str):
        return integer(value.strip())
    return int(value) if _is_number(value) else None


def _boolean(value: object) -> object:
    return value.lower() == "true" if isinstance(value, str) else value


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(constant: str) -> NoReturn:
    """NaN and the infinities are no JSON, although Python reads them."""
    raise ValueError(constant)


def _float(text: str) -> float:
    value = finite(float(text))
    if value is None:
        _refuse(text)
    return value


_JSON = json.JSONDecoder(parse_constant=_refuse, parse_float=_float, strict=False)


def _json(text: str) -> object:
    """Read JSON. Line breaks within strings, and whatever follows an object or array, do no harm."""
    try:
        value, end = _JSON.raw_decode(text.strip())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) or end == len(text.strip()) else None


def _null_if(call: Call) -> Filter:
    texts = call.texts()
    if len(texts) != 1:
        raise Fault('nullIf takes one argument: nullIf("value")', call.place)
    return lambda value: None if str(value) == texts[0] else value


def _scale(call: Call) -> Filter:
    factor = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(factor, str):
        factor = number(factor)
    if not isinstance(factor, float):
        raise Fault("scale takes one number: scale(1000)", call.place)
    by = factor

    def apply(value: object) -> object:
        amount = _number(value)
        return finite(amount * by) if isinstance(amount, float) else None

    return apply


def _keyvalue(call: Call) -> Filter:
    texts = call.texts()
    if len(texts) > 4:
        raise Fault("keyvalue takes four arguments at most", call.place)
    return _of_text(KeyValue(*texts))


def _csv(call: Call) -> Filter:
    texts = call.texts()
    if not 1 <= len(texts) <= 3:
        raise Fault('csv takes one to three arguments: csv("headers", "separator", "quote")', call.place)
    return _of_text(Csv(*texts))


def _array(call: Call) -> Filter:
    *texts, last = (*call.arguments,) or ("",)
    each: Filter | None = None
    if isinstance(last, Call):
        each = filter_of(last)
    elif call.arguments:
        texts.append(last)
    given = [text for text in texts if isinstance(text, str)]
    if len(given) != len(texts) or len(given) > 2:
        raise Fault('array takes two texts and a filter: array("[]", ",", uppercase)', call.place)
    split = Array(separator=given[0]) if len(given) == 1 else Array(*given)

    def apply(text: str) -> object:
        items = split(text)
        return [each(item) for item in items] if each else items

    return _of_text(apply)


def _useragent(call: Call) -> Filter:
    encoded = False
    for argument in call.arguments:
        if argument == "decodeuricomponent:true" or argument == Option("decodeuricomponent", on=True):
            encoded = True
        elif argument != "decodeuricomponent:false" and argument != Option("decodeuricomponent", on=False):
            raise Fault("useragent takes decodeuricomponent:true or :false", call.place)
    return _of_text(lambda text: useragent_parts(unquote_plus(text) if encoded else text))


_PLAIN: dict[str, Filter] = {
    "number": _number,
    "integer": _integer,
    "numberExt": _number,
    "integerExt": _of_text(lambda text: integer_ext(text.strip())),
    "boolean": _boolean,
    "json": _of_text(_json),
    "rubyhash": _of_text(parse_rubyhash),
    "querystring": _of_text(query_parts),
    "decodeuricomponent": _of_text(unquote),
    "lowercase": _of_text(str.lower),
    "uppercase": _of_text(str.upper),
    "xml": _of_text(parse_xml),
    "url": _of_text(url_parts),
}

_WITH_ARGUMENTS: dict[str, Callable[[Call], Filter]] = {
    "nullIf": _null_if,
    "scale": _scale,
    "keyvalue": _keyvalue,
    "csv": _csv,
    "array": _array,
    "useragent": _useragent,
}
