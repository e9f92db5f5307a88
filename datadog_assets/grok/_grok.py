"""Grok rules compiled, and texts parsed by them.

https://docs.datadoghq.com/logs/log_configuration/processors/grok_parser/
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from datadog_assets.grok._attributes import Attributes, add, merge, opened
from datadog_assets.grok._expansion import Capture, expand
from datadog_assets.grok._rules import Rule, read_rules

_BLANKS = "".join(map(chr, range(33)))
"""What Java's `trim` takes from both ends."""


@dataclass(frozen=True)
class _Compiled:
    """A match rule ready for use."""

    regex: re.Pattern[str]
    captures: tuple[Capture, ...]


class Grok:
    """The rules of one grok parser.

    A rule is run with Python's `re`, which goes back and tries again, as Datadog's engine does, but without
    its limit: repetitions in one another, such as `(a+)+b`, may take time without end for some texts.

    Args:
        rules: in the order in which they are tried.
    """

    def __init__(self, rules: Sequence[_Compiled]) -> None:
        self._rules = tuple(rules)

    def parse(self, text: str, now: datetime) -> dict[str, object] | None:
        """Give what the first rule that matches the whole text, without blanks around it, extracts.

        None if no rule matches.

        Args:
            text: what is parsed.
            now: for dates that do not say their year or day; with a time zone.
        """
        trimmed = text.strip(_BLANKS)
        for rule in self._rules:
            if found := rule.regex.fullmatch(trimmed):
                return _extracted(rule.captures, found, now)
        return None


@lru_cache(maxsize=512)
def compile_rules(match_rules: str, support_rules: str = "") -> Grok:
    """Compile the rules of a grok parser.

    Args:
        match_rules: one a line, `name pattern`; they may refer to each other too.
        support_rules: rules that the others, and each other, may refer to.

    Raises:
        GrokSyntaxError: Datadog would refuse one of them.
    """
    match = read_rules(match_rules)
    rules = {rule.name: rule for rule in (*match, *read_rules(support_rules))}
    compiled = {name: _compile(rule, rules) for name, rule in rules.items()}
    return Grok([compiled[rule.name] for rule in match])


def _compile(rule: Rule, rules: dict[str, Rule]) -> _Compiled:
    expansion = expand(rule, rules)
    try:
        regex = re.compile(expansion.pattern, re.ASCII | re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        place = expansion.place_of(error.pos or 0) if isinstance(error, re.error) else 0
        reason = error.msg if isinstance(error, re.error) else str(error)
        raise rule.fault(f"bad regular expression: {reason}", place) from None
    return _Compiled(regex, expansion.captures)


def _extracted(captures: Sequence[Capture], found: re.Match[str], now: datetime) -> Attributes:
    attributes: Attributes = {}
    for capture in captures:
        text = found[capture.group]
        if not text:
            continue
        value = opened(capture.value(text, now))
        if value is None or value in ({}, []):
            continue
        if capture.path:
            add(attributes, capture.path, value)
        elif isinstance(value, dict):
            merge(attributes, value)
    return attributes
