"""`${name}` in the YAML: where values come from, and how they are put in."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from datadog_assets.load.yaml_nodes import scalar
from datadog_assets.model import Model

Text = str | int | float | bool
MOST_CHARACTERS = 100_000
_TOKEN = re.compile(r"\$\$\{|\$\{(?P<inner>[^{}]*)\}|\$\{")
_INNER = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<has_default>:-(?P<default>.*))?", re.DOTALL)


class Definition(Model):
    """A variable: what it is for, and where its value comes from."""

    description: str | None = Field(default=None, description="What it is for.")
    env: str | None = Field(default=None, description="The environment variable that it is read from.")
    default: Text | list[Text] | None = Field(
        default=None, description="Its value if nothing else gives one."
    )
    secret: bool = Field(default=False, description="Whether its value is never shown (false).")


class CannotExpand(Exception):
    """A text refers to what has no value; the text of the error is the end of a line."""


class NoValue(CannotExpand):
    """A variable is declared, and nobody gave it a value."""


@dataclass(slots=True)
class Variables:
    """All variables of a load.

    Attributes:
        definitions: by name.
        given: values by name, from the command line; they win.
        environment: what definitions may be read from; it wins over defaults.
    """

    definitions: Mapping[str, Definition]
    given: Mapping[str, str]
    environment: Mapping[str, str]
    _open: list[str] = field(default_factory=list)
    _known: dict[str, object] = field(default_factory=dict)

    def expand(self, text: str, *, is_plain: bool) -> object:
        """Give a text with every variable's value put in.

        Args:
            text: may hold `${name}`, `${name:-default}` and, for a literal `${`, `$${`.
            is_plain: it is written without quotes: if it is one variable and nothing else, the value may be
                a number, true, false or a list.

        Raises:
            CannotExpand: a variable is not known, has no value, goes round in a circle, or is not closed.
        """
        found = _TOKEN.fullmatch(text)
        if is_plain and found and found["inner"] is not None:
            value = self._of(found["inner"])
            return _typed(value) if isinstance(value, str) else value
        expanded = _TOKEN.sub(self._token, text)
        if len(expanded) > MOST_CHARACTERS:
            raise CannotExpand(f"comes to more than {MOST_CHARACTERS:,} characters with its variables put in")
        return expanded

    def value(self, name: str) -> object:
        """Give a variable's value: a text where it comes from outside, else as it is written.

        Raises:
            CannotExpand: as `expand`.
        """
        if name not in self.definitions:
            raise CannotExpand(f"refers to the variable {name}, which is not declared{self._hint(name)}")
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise CannotExpand(f"refers to variables that go round in a circle: {circle}")
        definition = self.definitions[name]
        outside = self.given.get(name, "") or self.environment.get(definition.env or "", "")
        if outside:
            return outside
        if definition.default is None:
            raise NoValue(f"refers to the variable {name}, which has no value: {self._advice(name)}")
        if name not in self._known:  # else variables that use each other twice would take for ever
            self._open.append(name)
            try:
                self._known[name] = self._expanded(definition.default)
            finally:
                self._open.pop()
        return self._known[name]

    def secrets(self) -> frozenset[str]:
        """Give the values that are never to be shown."""
        found = set()
        for name, definition in self.definitions.items():
            if definition.secret:
                try:
                    value = self.value(name)
                except CannotExpand:
                    continue  # told where it is used
                found |= set(map(str, value)) if isinstance(value, list) else {str(value)}
        return frozenset(one for one in found if one)

    def _expanded(self, default: object) -> object:
        if isinstance(default, list):
            return [self.expand(one, is_plain=False) if isinstance(one, str) else one for one in default]
        return self.expand(default, is_plain=True) if isinstance(default, str) else default

    def _token(self, found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        if found["inner"] is None:
            raise CannotExpand("holds ${ that no } closes; $${ stands for a literal ${")
        value = self._of(found["inner"])
        if isinstance(value, list):
            return ", ".join(map(_written, value))
        return _written(value)

    def _of(self, inner: str) -> object:
        parts = _INNER.fullmatch(inner)
        if not parts:
            raise CannotExpand(f"holds ${{{inner}}}, which names no variable; $${{ stands for a literal ${{")
        if parts["has_default"]:
            try:
                return self.value(parts["name"])
            except CannotExpand:
                return parts["default"]
        return self.value(parts["name"])

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.definitions, 1)
        known = ", ".join(self.definitions)
        return f"; did you mean {near[0]}?" if near else f"; there are: {known}" if known else ""

    def _advice(self, name: str) -> str:
        env = self.definitions[name].env
        return f"set {env}, or give --var {name}=..." if env else f"give --var {name}=..."


def _typed(text: str) -> object:
    try:
        return scalar(text) if text else text
    except ValueError:
        return text


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
