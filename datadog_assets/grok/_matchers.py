r"""What a reference matches: https://docs.datadoghq.com/logs/log_configuration/parsing/?tab=matchers.

Beside those of the page, a few names that Datadog's own rules and its parser in Vector also have, such as
`greedyData`, `user` and `path`. All are Python's regular expressions, compiled with `re.ASCII`, so `\w` and
`\d` mean what they mean in Java.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from datadog_assets.grok._dates import DatePattern
from datadog_assets.grok._java_regex import Translator
from datadog_assets.grok._numbers import integer, integer_ext, number
from datadog_assets.grok._references import Call
from datadog_assets.grok.errors import Fault

Convert = Callable[[str, datetime], object]
"""From the text that was matched, and the time of parsing, to a value; None if it has none."""


@dataclass(frozen=True)
class Matcher:
    """A pattern, whether it is the rule's own (Java's, not Python's), and what makes a value of a match."""

    pattern: str
    convert: Convert | None = None
    is_java: bool = False


def matcher_of(call: Call) -> Matcher | None:
    """Give the matcher of a name; None if there is none.

    Raises:
        Fault: its arguments are wrong.
    """
    if call.name in _WITH_ARGUMENTS:
        return _WITH_ARGUMENTS[call.name](call)
    pattern = _PATTERNS.get(call.name)
    if pattern is None:
        return None
    if call.arguments:
        raise Fault(f"{call.name} takes no arguments", call.place)
    return Matcher(pattern, _CONVERTING.get(call.name))


def _regex(call: Call) -> Matcher:
    texts = call.texts()
    if len(texts) != 1:
        raise Fault('regex takes one argument: regex("pattern")', call.place)
    return Matcher(texts[0], is_java=True)


def _date(call: Call) -> Matcher:
    texts = call.texts()
    if not 1 <= len(texts) <= 3:
        raise Fault('date takes one to three arguments: date("pattern", "timezone", "locale")', call.place)
    try:
        date = DatePattern(*texts)
    except Fault as fault:
        raise Fault(fault.reason, call.place) from None
    return Matcher(date.regex, date.value)


def _http_date(call: Call) -> Matcher:
    return _date(Call("date", ("dd/MMM/yyyy:HH:mm:ss Z",), call.place))


def _boolean(call: Call) -> Matcher:
    texts = call.texts()
    if len(texts) > 2:
        raise Fault('boolean takes two arguments: boolean("true", "false")', call.place)
    true, false = (*texts, *("true", "false")[len(texts) :])
    translator = Translator()
    translator.ready("(?i:")
    translator.enclosed(true)
    translator.ready(")")
    try:
        is_true = re.compile(translator.pattern, re.ASCII | re.DOTALL)
    except re.error as error:
        raise Fault(f"bad regular expression: {error.msg}", call.place) from None
    return Matcher(
        f"(?i)(?:{true})|(?:{false})", lambda text, _: is_true.fullmatch(text) is not None, is_java=True
    )


_WITH_ARGUMENTS: dict[str, Callable[[Call], Matcher]] = {
    "regex": _regex,
    "date": _date,
    "boolean": _boolean,
    "httpdate": _http_date,
}

_NUMBER = r"[+-]?(?>\d+(?:\.\d*)?|\.\d+)"
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|0?\d?\d)"
_IPV4 = rf"(?<!\d){_BYTE}(?:\.{_BYTE}){{3}}(?!\d)"


def _ipv6() -> str:
    """Eight groups of hexadecimal digits; `::` for some of them; the last two may be an IPv4 address."""
    digits = "[0-9A-Fa-f]{1,4}"
    tail = rf"(?:{digits}:{digits}|{_IPV4})"
    forms = [f"(?:{digits}:){{6}}{tail}"]
    # as many groups before `::` as possible: the first form that fits is the one that is taken
    for before in range(7, -1, -1):
        head = f"(?:{digits}:){{{before - 1}}}{digits}" if before else ""
        after = [f"(?:(?:{digits}:){{0,{5 - before}}}{_IPV4})"] if before < 6 else []
        after += [f"(?:(?:{digits}:){{0,{6 - before}}}{digits})"] if before < 7 else []
        forms.append(f"{head}::(?:{'|'.join(after)})?" if after else f"{head}::")
    return rf"(?:{'|'.join(forms)})(?:%\w+)?"


_IP = f"(?:{_ipv6()}|{_IPV4})"
_HOSTNAME = r"\b[0-9A-Za-z][\w-]{0,62}(?:\.[0-9A-Za-z][\w-]{0,62})*(?:\.?|\b)"
_IP_OR_HOST = f"(?:{_IP}|{_HOSTNAME})"
_PORT = r"[1-9]\d{0,4}"
_HEX = "[0-9A-Fa-f]"
_DOUBLE_QUOTED = '"[^"]*"'
_SINGLE_QUOTED = "'[^']*'"
_QUOTED = f"(?:{_DOUBLE_QUOTED}|{_SINGLE_QUOTED})"
_USER = r"[\w.-]+"
_UNIX_PATH = r"(?:/(?:[\w%!$@:.,~-]|\\.)*)+"
_WINDOWS_PATH = r"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+"
_URI_PATH = r"(?:/[\w$.+!*'(){},~:;=@#%-]*)+"
_URI_PARAMETERS = r"\?[\w$.+!*'|(){},~@#%&/=:;?\[\]-]*"
_URI_SCHEME = r"[A-Za-z]+(?:\+[A-Za-z+]+)?"
_URI_HOST = f"{_IP_OR_HOST}(?::{_PORT})?"
_URI_PATH_PARAMETERS = f"{_URI_PATH}(?:{_URI_PARAMETERS})?"

_PATTERNS = {
    "numberStr": _NUMBER,
    "number": _NUMBER,
    "numberExtStr": _NUMBER + _EXPONENT,
    "numberExt": _NUMBER + _EXPONENT,
    "integerStr": r"[+-]?\d+",
    "integer": r"[+-]?\d+",
    "integerExtStr": rf"[+-]?\d+{_EXPONENT}",
    "integerExt": rf"[+-]?\d+{_EXPONENT}",
    "notSpace": r"\S+",
    "word": r"\b\w+\b",
    "doubleQuotedString": _DOUBLE_QUOTED,
    "singleQuotedString": _SINGLE_QUOTED,
    "quotedString": _QUOTED,
    "qs": _QUOTED,
    "uuid": f"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}",
    "mac": (
        rf"(?:{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}}|{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}|{_HEX}{{2}}(?::{_HEX}{{2}}){{5}})"
    ),
    "ipv4": _IPV4,
    "ipv6": _ipv6(),
    "ip": _IP,
    "hostname": _HOSTNAME,
    "host": _HOSTNAME,
    "ipOrHost": _IP_OR_HOST,
    "port": _PORT,
    "hostPort": f"{_IP_OR_HOST}:{_PORT}",
    "data": ".*?",
    "greedyData": ".*",
    "space": r"\s+",
    "user": _USER,
    "path": f"(?:{_UNIX_PATH}|{_WINDOWS_PATH})",
    "unixPath": _UNIX_PATH,
    "winPath": _WINDOWS_PATH,
    "uriProto": _URI_SCHEME,
    "uriHost": _URI_HOST,
    "uriPath": _URI_PATH,
    "uriParam": _URI_PARAMETERS,
    "uriPathParam": _URI_PATH_PARAMETERS,
    "uri": f"{_URI_SCHEME}://(?:{_USER}(?::[^@]*)?@)?(?:{_URI_HOST})?(?:{_URI_PATH_PARAMETERS})?",
}

_CONVERTING: dict[str, Convert] = {
    "number": lambda text, _: number(text),
    "numberExt": lambda text, _: number(text),
    "integer": lambda text, _: integer(text),
    "integerExt": lambda text, _: integer_ext(text),
}
