"""Grok rules compiled, and texts parsed by them.

https://docs.datadoghq.com/logs/log_configuration/processors/grok_parser/
"""

# ruff: noqa: PLC0415  # what reads and compiles rules takes long to load, and most pipelines have none

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from datadog_assets.grok._attributes import Attributes, add, merge, opened

if TYPE_CHECKING:
    import regex

    from datadog_assets.grok._expansion import Capture
    from datadog_assets.grok._rules import Rule

LONGEST = 1.0
"""Seconds that a rule may take for one text. Datadog has such a limit, too, and does not publish it."""

_BLANKS = "".join(map(chr, range(33)))
"""What Java's `trim` takes from both ends."""


@dataclass(frozen=True)
class _Compiled:
    """A match rule ready for use."""

    pattern: "regex.Pattern[str]"
    captures: "tuple[Capture, ...]"


class Grok:
    """The rules of one grok parser.

    Repetitions in one another, such as `(a+)+b`, may take time without end for some texts: a rule that takes
    longer than `LONGEST` is given up, for which reason it is run with `regex`, not with Python's `re`.

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

        Raises:
            TimeoutError: a rule took longer than `LONGEST`.
        """
        trimmed = text.strip(_BLANKS)
        for rule in self._rules:
            if found := rule.pattern.fullmatch(trimmed, timeout=LONGEST):
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
    from datadog_assets.grok._rules import read_rules

    match = read_rules(match_rules)
    rules = {rule.name: rule for rule in (*match, *read_rules(support_rules))}
    compiled = {name: _compile(rule, rules) for name, rule in rules.items()}
    return Grok([compiled[rule.name] for rule in match])


def _compile(rule: "Rule", rules: "dict[str, Rule]") -> _Compiled:
    import regex

    from datadog_assets.grok._expansion import expand

    expansion = expand(rule, rules)
    try:
        compiled = regex.compile(expansion.pattern, regex.ASCII | regex.DOTALL | regex.VERSION0)
    except (regex.error, OverflowError, RecursionError) as error:
        place = expansion.place_of(getattr(error, "pos", None) or 0)
        reason = str(getattr(error, "msg", error))
        raise rule.fault(f"bad regular expression: {reason}", place) from None
    return _Compiled(compiled, expansion.captures)


def _extracted(captures: "Sequence[Capture]", found: "regex.Match[str]", now: datetime) -> Attributes:
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
