"""The text of a grok parser taken apart: rules, and each rule into plain text and references.

https://docs.datadoghq.com/logs/log_configuration/parsing/#overview
"""

import re
from dataclasses import dataclass

from datadog_assets.grok._references import Reference, read_reference
from datadog_assets.grok.errors import Fault, GrokSyntaxError

_RULE = re.compile(r"\s*(\S+)\s+(.*\S)\s*")
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Part:
    """A piece of a rule: regular expression as it was written, or a reference; and where it begins."""

    content: str | Reference
    place: int


@dataclass(frozen=True)
class Rule:
    """A line `name pattern`."""

    name: str
    line: str
    parts: tuple[Part, ...]

    def fault(self, reason: str, place: int) -> GrokSyntaxError:
        """Give the error that says what is wrong at a place of the line."""
        return GrokSyntaxError(self.name, self.line, place, reason)


def read_rules(text: str) -> list[Rule]:
    """Read one rule a line; empty lines and those that begin with `#` say nothing.

    Datadog's page has names begin with a letter or a digit; its own pipelines have `_` there too. Blanks
    between name and pattern, and at the end of the line, are not of the pattern.

    Raises:
        GrokSyntaxError: a line is no rule, or two have one name.
    """
    rules: dict[str, Rule] = {}
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        rule = _read_rule(line.rstrip())
        if rule.name in rules:
            raise rule.fault("an earlier rule has this name", line.index(rule.name))
        rules[rule.name] = rule
    return list(rules.values())


def _read_rule(line: str) -> Rule:
    found = _RULE.fullmatch(line)
    if found is None:
        raise GrokSyntaxError("", line, len(line), "a rule is a name, a blank and a pattern")
    if not _NAME.fullmatch(found[1]):
        reason = "the name of a rule is of letters, digits, _ and ."
        raise GrokSyntaxError(found[1], line, found.start(1), reason)
    try:
        return Rule(found[1], line, tuple(_parts(line, found.start(2), found.end(2))))
    except Fault as fault:
        raise GrokSyntaxError(found[1], line, fault.place, fault.reason) from None


def _parts(line: str, place: int, end: int) -> list[Part]:
    parts = []
    while place < end:
        start = line.find("%{", place, end)
        if start != place:
            stop = start if start >= 0 else end
            parts.append(Part(line[place:stop], place))
            place = stop
        else:
            reference, stop = read_reference(line, start)
            parts.append(Part(reference, start))
            place = stop
    return parts
