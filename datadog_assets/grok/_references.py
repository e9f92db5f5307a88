"""`%{matcher("argument"):attribute:filter("argument")}` taken apart.

https://docs.datadoghq.com/logs/log_configuration/parsing/#overview
"""

import re
from dataclasses import dataclass

from datadog_assets.grok.errors import Fault

_BLANKS = re.compile(r"\s*")
_NO_EFFECT = "?>"
"""Stands in some of Datadog's own rules, `%{?>…}`. It is not Java's `(?>…)`: published results show that what
has matched may be given back."""
_NAME = re.compile(r"[A-Za-z0-9_@$][\w.@$-]*", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_OPTION = re.compile(r"([A-Za-z]+)\s*:\s*(true|false)", re.ASCII)
_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\.?([^.:}\["]+)')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DEEPEST = 20


@dataclass(frozen=True)
class Option:
    """An argument with a name: `decodeuricomponent:true`."""

    name: str
    on: bool


@dataclass(frozen=True)
class Call:
    """A matcher or filter with its arguments, and where its name stands."""

    name: str
    arguments: tuple["Argument", ...]
    place: int

    def texts(self) -> list[str]:
        """Give the arguments, all of which have to be text."""
        texts = [argument for argument in self.arguments if isinstance(argument, str)]
        if len(texts) != len(self.arguments):
            raise Fault(f'the arguments of {self.name} are to be quoted: "…"', self.place)
        return texts


Argument = str | float | Option | Call


@dataclass(frozen=True)
class Reference:
    """One `%{…}` of a rule; no path and no filters means that the match is thrown away."""

    matcher: Call
    path: tuple[str, ...]
    filters: tuple[Call, ...]

    @property
    def extracts(self) -> bool:
        """Whether what it matches is put anywhere."""
        return bool(self.path or self.filters)


def read_reference(line: str, start: int) -> tuple[Reference, int]:
    """Read the reference that begins at `start`, which is that of its `%{`; also give its end.

    Raises:
        Fault: it is not of the form above. The place is counted from the beginning of the line.
    """
    reader = _Reader(line, start + 2)
    reader.takes(_NO_EFFECT)
    matcher = reader.call()
    path: tuple[str, ...] = ()
    filters: list[Call] = []
    if reader.takes(":"):
        path = reader.path()
        while reader.takes(":"):
            reader.skip_blanks()
            if not reader.at("}"):
                filters.append(reader.call())
    if not reader.takes("}"):
        raise Fault("this is not of the form %{matcher:attribute:filter}", min(reader.place, len(line)))
    return Reference(matcher, path, tuple(filters)), reader.place


class _Reader:
    """Reads a reference from left to right."""

    def __init__(self, line: str, place: int) -> None:
        self.line = line
        self.place = place
        self.depth = 0

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.line, self.place)
        self.place = found.end() if found else self.place

    def at(self, mark: str) -> bool:
        return self.line.startswith(mark, self.place)

    def takes(self, mark: str) -> bool:
        self.skip_blanks()
        if not self.at(mark):
            return False
        self.place += len(mark)
        return True

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.line, self.place)
        if found:
            self.place = found.end()
        return found

    def call(self) -> Call:
        self.skip_blanks()
        place = self.place
        name = self._take(_NAME)
        if name is None:
            raise Fault("the name of a matcher or filter is missing", place)
        arguments: list[Argument] = []
        if self.takes("("):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise Fault("too many filters in one another", place)
            arguments = self._arguments()
            self.depth -= 1
        return Call(name[0], tuple(arguments), place)

    def _arguments(self) -> list[Argument]:
        arguments: list[Argument] = []
        while not self.takes(")"):
            if arguments and not self.takes(","):
                raise Fault("a comma or a closing parenthesis is missing", self.place)
            self.skip_blanks()
            arguments.append(self._argument())
        return arguments

    def _argument(self) -> Argument:
        if self.at('"'):
            text = self._take(_STRING)
            if text is None:
                raise Fault("the closing quote is missing", self.place)
            return unescape(text[1])
        if number := self._take(_NUMBER):
            return float(number[0])
        if option := self._take(_OPTION):
            return Option(option[1], option[2] == "true")
        return self.call()

    def path(self) -> tuple[str, ...]:
        self.skip_blanks()
        segments = []
        while found := self._take(_SEGMENT):
            segments.append(unescape(found[1]) if found[2] is None else found[2].strip())
        return tuple(segment for segment in segments if segment)


def unescape(text: str) -> str:
    r"""Take the backslashes from `\"`, `\'` and `\\`; any other one stays, so `"\d"` is `"\\d"`."""
    return _ESCAPE.sub(lambda found: found[1] if found[1] in "\"'\\" else found[0], text)
