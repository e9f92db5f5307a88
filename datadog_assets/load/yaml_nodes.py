"""YAML text to plain values, each with its line; nothing that a text can hold does harm.

Events come from PyYAML; nodes are made here, for its own composer crashes on deep nesting. Plain scalars are
read as in YAML 1.2: `yes` and `on` are texts, and so are dates.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import yaml

from datadog_assets.resource import Path

MOST_CHARACTERS = 10_000_000
MOST_VALUES = 200_000
"""Each use of an alias counts what it stands for: a few lines of aliases could fill the memory."""
DEEPEST = 60

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq")} | {"!"}


class BadYaml(Exception):
    """The text cannot be read; `line` is where that shows."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        value: of None, bool, int, float, str, list and dict with text keys.
        lines: the line of each value, by its path.
        plain: the paths of texts that are written without quotes, on one line.
        faults: line and text of what is wrong but does not keep the rest from being read.
    """

    value: object
    lines: Mapping[Path, int]
    plain: frozenset[Path]
    faults: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Scalar:
    line: int
    text: str
    is_plain: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    line: int
    items: list["_Node"]


@dataclass(frozen=True, slots=True)
class _Mapping:
    line: int
    pairs: list[tuple["_Node", "_Node"]]


_Node = _Scalar | _Sequence | _Mapping


def read(text: str) -> Document:
    """Read a document; an empty one is None.

    Raises:
        BadYaml: it is no YAML, holds several documents, or is too large or too deep.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadYaml(1, f"holds {len(text):,} characters; {MOST_CHARACTERS:,} fit")
    root = _Composer(text).root()
    builder = _Builder()
    value = builder.value(root, ()) if root else None
    return Document(value, builder.lines, frozenset(builder.plain), tuple(builder.faults))


def scalar(text: str) -> object:
    """Give what a plain scalar stands for: null, true, false, a number, or its text.

    Raises:
        ValueError: it is a number that JSON does not know.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        if len(text) > 18:
            raise ValueError("is a number of more than 18 digits; quotes would make it a text")
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    if _FLOAT.fullmatch(text) or _NO_NUMBER.fullmatch(text):
        raise ValueError("is no number that JSON knows; quotes would make it a text")
    return text


class _Composer:
    """Makes nodes of PyYAML's events."""

    def __init__(self, text: str) -> None:
        self._events = _events(text)
        self._anchors: dict[str, _Node | None] = {}

    def root(self) -> _Node | None:
        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise BadYaml(_line(event), "a second document begins; one fits in a file")
                root = self._node(self._next(), 0)
        is_nothing = isinstance(root, _Scalar) and root.is_plain and not root.text
        return None if is_nothing else root

    def _next(self) -> yaml.NodeEvent:
        return cast("yaml.NodeEvent", next(self._events))  # or the end of a list or mapping, which is no node

    def _node(self, event: yaml.NodeEvent, depth: int) -> _Node:
        if depth > DEEPEST:
            raise BadYaml(_line(event), f"is nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _TAGS:
            raise BadYaml(_line(event), f"has the tag {tag}; no tags are needed here")
        if event.anchor:
            self._anchors[event.anchor] = None
        node = self._content(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: yaml.NodeEvent, depth: int) -> _Node:
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return _Scalar(line, event.value, event.style in (None, "") and event.tag is None)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(one := self._next(), yaml.SequenceEndEvent):
                items.append(self._node(one, depth + 1))
            return _Sequence(line, items)
        pairs = []
        while not isinstance(one := self._next(), yaml.MappingEndEvent):
            pairs.append((self._node(one, depth + 1), self._node(self._next(), depth + 1)))
        return _Mapping(line, pairs)

    def _aliased(self, event: yaml.AliasEvent) -> _Node:
        if event.anchor not in self._anchors:
            raise BadYaml(_line(event), f"refers to *{event.anchor}, which no &{event.anchor} defines above")
        node = self._anchors[event.anchor]
        if node is None:
            raise BadYaml(_line(event), f"refers to *{event.anchor} inside of &{event.anchor} itself")
        return node


class _Builder:
    """Makes values of nodes, and counts them."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.plain: set[Path] = set()
        self.faults: list[tuple[int, str]] = []
        self._count = 0

    def value(self, node: _Node, path: Path) -> object:
        self._count += 1
        if self._count > MOST_VALUES:
            raise BadYaml(node.line, f"holds, with its aliases, more than {MOST_VALUES:,} values")
        self.lines.setdefault(path, node.line)
        match node:
            case _Scalar():
                return self._scalar(node, path)
            case _Sequence():
                return [self.value(item, (*path, position)) for position, item in enumerate(node.items)]
            case _Mapping():
                return self._mapping(node, path)

    def _scalar(self, node: _Scalar, path: Path) -> object:
        if not node.is_plain:
            return node.text
        try:
            value = scalar(node.text)
        except ValueError as error:
            self.faults.append((node.line, str(error)))
            return node.text
        if isinstance(value, str):
            self.plain.add(path)
        return value

    def _mapping(self, node: _Mapping, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        told: dict[str, int] = {}
        merged: list[_Node] = []
        for key, inner in node.pairs:
            if not isinstance(key, _Scalar):
                self.faults.append((key.line, "has a list or a mapping for a key; a text is needed"))
            elif key.text == "<<" and key.is_plain:
                merged.append(inner)
            elif key.text in told:
                text = f"has the key {key.text!r} a second time; the first is in line {told[key.text]}"
                self.faults.append((key.line, text))
            else:
                told[key.text] = self.lines[(*path, key.text)] = key.line
                found[key.text] = self.value(inner, (*path, key.text))
        for one in merged:
            self._merge(one, path, found)
        return found

    def _merge(self, node: _Node, path: Path, found: dict[str, object]) -> None:
        """Add what a merge key brings and is not there; the first of several brings it."""
        for one in node.items if isinstance(node, _Sequence) else [node]:
            if not isinstance(one, _Mapping):
                self.faults.append((one.line, "merges (<<) what is no mapping"))
                continue
            for name, value in self._mapping(one, path).items():
                found.setdefault(name, value)


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        parts = [part for part in (error.context, error.problem) if part]
        raise BadYaml(line, f"is no YAML: {', '.join(parts)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadYaml(line, f"holds a sign that YAML does not allow: {error.reason}") from error


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
