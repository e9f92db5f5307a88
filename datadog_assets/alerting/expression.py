"""The arithmetic of `{{eval "..."}}`.

https://docs.datadoghq.com/monitors/guide/template-variable-evaluation/
"""

import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

Number: TypeAlias = int | float
Lookup: TypeAlias = Callable[[str], Number]
"""Gives the number of a variable, or raises."""

DEEPEST = 50
"""Parentheses within parentheses."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"|(?P<name>(?:@?[A-Za-z_]\w*|\[[^\]]*\])(?:\.(?:@?\w+|\[[^\]]*\]))*)"
    r"|(?P<sign>[-+*/^%(),]))"
)


class ExpressionError(ValueError):
    """An expression that cannot be evaluated; says why."""


class Unformatted(ExpressionError):
    """A function whose way of writing is not documented."""


class _Float(float):
    """A number that keeps its decimals when it is written, as `float(5)` asks for."""


def _truth(number: Number) -> bool:
    if number not in {0, 1}:
        raise ExpressionError("has no value: to_bool takes 0 and 1")
    return number == 1


_FUNCTIONS: dict[str, Callable[[float], Number]] = {
    "abs": abs,
    "int": math.floor,
    "trunc": math.floor,
    "float": _Float,
    "dec": lambda number: float(Decimal(str(number)) % 1),
    "round": lambda number: math.floor(number + 0.5),
    "ceil": math.ceil,
    "floor": math.floor,
    "sgn": lambda number: (number > 0) - (number < 0),
    "to_bool": _truth,
    **{
        name: getattr(math, name)
        for name in (
            *("exp", "log10", "sin", "sinh", "asin", "asinh", "cos", "cosh", "acos", "acosh"),
            *("tan", "tanh", "atan", "atanh"),
        )
    },
}
_NOT_DOCUMENTED = ("humanize_bytes", "humanize_bits")


def evaluate(expression: str, lookup: Lookup) -> str:
    """Give what an expression evaluates to, written.

    Raises:
        ExpressionError: it is wrong, or has no value; also what `lookup` raises.
        Unformatted: it has one, and how Datadog writes it is not documented.
    """
    reader = _Reader(_tokens(expression), lookup)
    try:
        found = reader.sum()
        reader.end()
        return _written(found)
    except (ArithmeticError, ValueError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"has no value: {error}") from None


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, expression.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise ExpressionError(f"cannot be read from {text[at:].strip()[:20]!r} on")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]], lookup: Lookup) -> None:
        self._tokens = [*tokens, ("end", "the end")]
        self._lookup = lookup
        self._at = 0
        self._depth = 0

    def sum(self) -> Number:
        found = self._product()
        while sign := self._sign("+", "-"):
            found = {"+": operator.add, "-": operator.sub}[sign](found, self._product())
        return found

    def end(self) -> None:
        if self._tokens[self._at][0] != "end":
            raise ExpressionError(f"should end before {self._tokens[self._at][1]!r}")

    def _product(self) -> Number:
        found = self._signed()
        while sign := self._sign("*", "/", "%"):
            with_this = {"*": operator.mul, "/": operator.truediv, "%": operator.mod}[sign]
            found = with_this(found, self._signed())
        return found

    def _signed(self) -> Number:
        self._enter()
        sign = self._sign("-", "+")
        found = self._signed() if sign else self._power()
        self._depth -= 1
        return -found if sign == "-" else found

    def _power(self) -> Number:
        base = self._atom()
        if not self._sign("^"):
            return base
        found: float | complex = float(base) ** float(self._signed())
        if isinstance(found, complex):
            raise ExpressionError("has no value: a root of a negative number")
        return found

    def _atom(self) -> Number:
        group, text = self._tokens[self._at]
        self._at += group != "end"
        if group == "number":
            return float(text) if "." in text else int(text)
        if group == "name":
            return self._function(text) if self._sign("(") else self._lookup(text)
        if text == "(":
            found = self.sum()
            self._must(")")
            return found
        raise ExpressionError(f"needs a number, a variable or a function before {text!r}")

    def _function(self, name: str) -> Number:
        found = [self.sum()]
        while self._sign(","):
            found.append(self.sum())
        self._must(")")
        if name in _NOT_DOCUMENTED:
            raise Unformatted(f"{name} writes a number in a way that is not documented")
        if name == "atan2" and len(found) == 2:
            return math.atan2(*found)
        if name not in _FUNCTIONS or len(found) != 1:
            raise ExpressionError(f"holds no function that is known: {name} of {len(found)}")
        return _FUNCTIONS[name](found[0])

    def _sign(self, *signs: str) -> str:
        group, text = self._tokens[self._at]
        if group != "sign" or text not in signs:
            return ""
        self._at += 1
        return text

    def _must(self, sign: str) -> None:
        if not self._sign(sign):
            raise ExpressionError(f"needs {sign!r} before {self._tokens[self._at][1]!r}")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionError(f"is nested more than {DEEPEST} deep")


def _written(number: Number) -> str:
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, float) and not math.isfinite(number):
        raise ExpressionError("has no value: it is infinite")
    if (
        isinstance(number, float)
        and number.is_integer()
        and not isinstance(number, _Float)
        and abs(number) < 1e15
    ):
        return str(int(number))
    return float.__repr__(number) if isinstance(number, float) else str(number)
