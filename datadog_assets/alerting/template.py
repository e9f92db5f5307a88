"""The template of a message, taken apart: text, variables, blocks, comments, raw blocks.

https://docs.datadoghq.com/monitors/notify/variables/

A fault does not stop the reading: it is kept with its place, and the rest is read as well as can be. What
becomes of the lines on which blocks begin and end is not documented; they vanish, as in Handlebars, whose
syntax this is.
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from datadog_assets.alerting.placed import Misplaced

DEEPEST = 50
"""Blocks within blocks; more is a fault."""

_ARGUMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|((?:\[[^\]]*\]|[^\s"'\[\]])+))""")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_UNREADABLE = "between these braces is nothing, or a quote or bracket that is never closed"
_RAW = re.compile(r"\{\{\{\{\s*([^{}/][^{}]*)\}\}\}\}")


class TemplateError(Misplaced):
    """A message that is no proper template: the reason, the position, and a caret under the place."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is said as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A variable or a function, between braces.

    Attributes:
        source: the whole, with its braces.
        words: the name, then the arguments without their quotes.
        is_raw: in triple braces, which escape nothing.
        position: in the template.
    """

    source: str
    words: tuple[str, ...]
    is_raw: bool
    position: int


@dataclass(slots=True)
class Block:
    """What is said only if a condition holds.

    Attributes:
        words: the condition, then its arguments without their quotes.
        is_negated: it has to be false.
        position: in the template.
        body: what is said then.
        otherwise: what is said else.
    """

    words: tuple[str, ...]
    is_negated: bool
    position: int
    body: list["Node"] = field(default_factory=list)
    otherwise: list["Node"] | None = None


Node: TypeAlias = Text | Tag | Block


@dataclass(frozen=True, slots=True)
class Template:
    """A message taken apart, with all that is wrong with it."""

    source: str
    nodes: tuple[Node, ...]
    faults: tuple[TemplateError, ...]


def parse(source: str) -> Template:
    """Take a message apart; never raises."""
    reader = _Reader(source)
    reader.read()
    return Template(source, tuple(reader.nodes), tuple(reader.faults))


class _Reader:
    def __init__(self, source: str) -> None:
        self.nodes: list[Node] = []
        self.faults: list[TemplateError] = []
        self._source = source
        self._at = 0
        self._open: list[Block] = []

    def read(self) -> None:
        while (begin := self._source.find("{{", self._at)) >= 0:
            self._say(self._source[self._at : begin])
            self._at = begin
            if self._source.startswith("{{{{", begin):
                self._raw_block()
            elif self._source.startswith("{{!", begin):
                self._comment()
            else:
                self._tag("}}}" if self._source.startswith("{{{", begin) else "}}")
        self._say(self._source[self._at :])
        for block in self._open:
            self._fault(f"{block.words[0] or 'this block'} is never closed", block.position)

    def _raw_block(self) -> None:
        """Take what is between `{{{{raw}}}}` and `{{{{/raw}}}}` as it stands."""
        found = _RAW.match(self._source, self._at)
        words = _words(found[1].strip()) if found else ()
        close = "{{{{/" + words[0] + "}}}}" if words else ""
        end = self._source.find(close, found.end()) if found and close else -1
        if found is None or end < 0:
            self._fault("these four braces are never closed", self._at)
            self._literal(4)
            return
        begin = self._at
        self._end_tag(begin, found.end())
        body = Text(self._source[self._at : max(end, self._at)])
        self._add(body if words == ("raw",) else Block(words, False, begin, [body]))
        self._at = end + len(close)
        if self._is_alone(end, self._at):
            self._at = self._line_end(self._at)

    def _comment(self) -> None:
        """Skip `{{!-- ... --}}`, or what begins so and ends with two braces before any others begin."""
        begin = self._at
        dashed = self._source.startswith("{{!--", begin)
        end = self._source.find("--}}", begin + 5) if dashed else -1
        other = self._source.find("{{", begin + 2)
        plain = self._source.find("}}", begin)
        if end >= 0 and (other < 0 or end < other or plain < 0 or other < plain):
            self._end_tag(begin, end + 4)
        elif plain >= 0:
            self._end_tag(begin, plain + 2)
        else:
            self._fault("this comment is never closed", begin)
            self._literal(2)

    def _tag(self, close: str) -> None:
        begin = self._at
        end = self._source.find(close, begin)
        if end < 0:
            self._fault("these braces are never closed", begin)
            self._literal(len(close))
            return
        inner = self._source[begin + len(close) : end].strip()
        end += len(close)
        if inner[:1] in {"#", "^"}:
            self._begin_block(inner, begin, end)
        elif inner[:1] == "/":
            self._end_block(inner[1:].strip(), begin, end)
        elif inner == "else":
            self._else(begin, end)
        else:
            self._variable(inner, begin, end, is_raw=close == "}}}")

    def _variable(self, inner: str, begin: int, end: int, *, is_raw: bool) -> None:
        self._at = end
        words = _words(inner)
        if words:
            self._add(Tag(self._source[begin:end], words, is_raw, begin))
        else:
            self._fault(_UNREADABLE, begin)

    def _begin_block(self, inner: str, begin: int, end: int) -> None:
        self._end_tag(begin, end)
        words = _words(inner[1:].strip())
        if not words:
            self._fault(_UNREADABLE, begin)
        block = Block(words or ("",), inner[0] == "^", begin)
        if len(self._open) >= DEEPEST:
            self._fault(f"blocks are nested more than {DEEPEST} deep", begin)
            return
        self._add(block)
        self._open.append(block)

    def _end_block(self, name: str, begin: int, end: int) -> None:
        self._end_tag(begin, end)
        if name not in {block.words[0] for block in self._open}:
            self._fault(f"{name} is closed here, and not open", begin)
            return
        while (block := self._open.pop()).words[0] != name:
            self._fault(
                f"{block.words[0]} is never closed: {name}, which is around it, ends first", block.position
            )

    def _else(self, begin: int, end: int) -> None:
        self._end_tag(begin, end)
        if not self._open or self._open[-1].otherwise is not None:
            self._fault("this else belongs to no block", begin)
        else:
            self._open[-1].otherwise = []

    def _add(self, node: Node) -> None:
        if not self._open:
            self.nodes.append(node)
            return
        block = self._open[-1]
        (block.body if block.otherwise is None else block.otherwise).append(node)

    def _say(self, text: str) -> None:
        if text:
            self._add(Text(text))

    def _literal(self, length: int) -> None:
        self._say(self._source[self._at : self._at + length])
        self._at += length

    def _fault(self, reason: str, position: int) -> None:
        self.faults.append(TemplateError(self._source, reason, position))

    def _end_tag(self, begin: int, end: int) -> None:
        """Go past what says nothing itself, and past its line if there is nothing else on it."""
        self._at = end
        if self._is_alone(begin, end):
            self._at = self._line_end(end)
            self._unindent()

    def _is_alone(self, begin: int, end: int) -> bool:
        line = self._source[self._source.rfind("\n", 0, begin) + 1 : begin]
        return not line.strip(" \t") and _REST_OF_LINE.match(self._source, end) is not None

    def _line_end(self, position: int) -> int:
        found = _REST_OF_LINE.match(self._source, position)
        return found.end() if found else position

    def _unindent(self) -> None:
        """Take back the blanks before a block that begins a line."""
        nodes = self.nodes
        if self._open:
            nodes = self._open[-1].body if self._open[-1].otherwise is None else self._open[-1].otherwise
        if nodes and isinstance(nodes[-1], Text):
            nodes[-1] = Text(nodes[-1].text.rstrip(" \t"))


def _words(inner: str) -> tuple[str, ...]:
    """Split at blanks, but not within quotes or brackets; nothing if one of these is not closed."""
    words, at = [], 0
    while at < len(inner):
        found = _ARGUMENT.match(inner, at)
        if found is None:
            return ()
        words.append(found[1] or found[2] or found[3] or "")
        at = found.end()
    return tuple(words)
