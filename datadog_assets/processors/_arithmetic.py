"""The formulas of the arithmetic processor.

https://docs.datadoghq.com/logs/log_configuration/processors/arithmetic_processor/
"""

import math
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?(?![\w.-]))"
    # a dash between letters belongs to the name: `end-time - start-time`
    r"|(?P<sign>[()+*/]|-)|(?P<name>[^\s()+*/-][^\s()+*/]*))",
    re.ASCII,
)
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "negate": lambda _, value: -value,
}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "negate": 3}


class _Name(NamedTuple):
    path: str


_Step = float | _Name | str
"""A number, the path to one, or an operator on the last two."""


def evaluate(expression: str, number: Callable[[str], float | int | None]) -> float | None:
    """Compute a formula; `number` gives what lies at a path. None if that fails, or makes no number."""
    stack: list[float] = []
    for step in _steps(expression) or ("+",):
        if isinstance(step, str):
            if len(stack) < 2:
                return None
            right, left = stack.pop(), stack.pop()
            try:
                stack.append(_OPERATORS[step](left, right))
            except (ZeroDivisionError, OverflowError):
                return None
            continue
        found = number(step.path) if isinstance(step, _Name) else step
        if found is None:
            return None
        stack.append(float(found))
    return round(float(stack[0]), 9) if len(stack) == 1 and math.isfinite(stack[0]) else None


@lru_cache(maxsize=1000)
def _steps(expression: str) -> tuple[_Step, ...]:
    """Order a formula by rank, each operator behind its operands; () if it is none."""
    steps: list[_Step] = []
    waiting: list[str] = []
    position, after_operand = 0, False
    rest = expression.rstrip()
    while position < len(rest):
        token = _TOKEN.match(rest, position)
        if token is None:
            return ()
        position = token.end()
        sign = token["sign"]
        if sign is None:
            if after_operand:
                return ()
            steps.append(float(token["number"]) if token["number"] else _Name(token["name"]))
            after_operand = True
        elif not _take(sign, after_operand, steps, waiting):
            return ()
        else:
            after_operand = sign == ")"
    if not after_operand or "(" in waiting:
        return ()
    return (*steps, *reversed(waiting))


def _take(sign: str, after_operand: bool, steps: list[_Step], waiting: list[str]) -> bool:
    """Put a sign where it belongs; False if it cannot stand here."""
    if sign == "(":
        waiting.append(sign)
        return not after_operand
    if sign == "-" and not after_operand:
        steps.append(0.0)
        waiting.append("negate")
        return True
    if not after_operand:
        return False
    while waiting and waiting[-1] != "(" and (sign == ")" or _RANK[waiting[-1]] >= _RANK[sign]):
        steps.append(waiting.pop())
    if sign == ")":
        return bool(waiting) and waiting.pop() == "("
    waiting.append(sign)
    return True
