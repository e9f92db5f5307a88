"""A rule with its references filled in: one regular expression, and what is made of its groups."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from datadog_assets.grok._filters import Filter, filter_of
from datadog_assets.grok._java_regex import Translator
from datadog_assets.grok._matchers import Convert, matcher_of
from datadog_assets.grok._references import Reference
from datadog_assets.grok._rules import Part, Rule
from datadog_assets.grok.errors import Fault

_LONGEST = 500_000
"""Characters of a rule filled in; rules that refer to each other twice and again would have no end."""
_DEEPEST = 100


@dataclass(frozen=True)
class Capture:
    """A group of the regular expression, and the attribute that it is for; no path is the root."""

    group: str
    path: tuple[str, ...]
    convert: Convert | None
    filters: tuple[Filter, ...]

    def value(self, text: str, now: datetime) -> object:
        """Make the attribute's value of what the group has matched; None if there is none."""
        value: object = self.convert(text, now) if self.convert else text
        for each in self.filters:
            if value is None:
                return None
            value = each(value)
        return value


@dataclass(frozen=True)
class Expansion:
    """What has become of a rule."""

    pattern: str
    captures: tuple[Capture, ...]
    place_of: Callable[[int], int]


def expand(rule: Rule, rules: Mapping[str, Rule]) -> Expansion:
    """Fill in the references of a rule.

    Args:
        rule: the rule.
        rules: those that it may refer to.

    Raises:
        GrokSyntaxError: one of them is wrong.
    """
    expander = _Expander(rules)
    expander.rule(rule)
    translator = expander.translator
    translator.finish()
    named = [Capture(group, (name,), None, ()) for group, name in translator.names.items()]
    # first, as in Datadog's own results: a key that keyvalue finds replaces a group of its name
    return Expansion(translator.pattern, (*named, *expander.captures), translator.place_of)


class _Expander:
    """Puts the regular expression together from left to right."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.translator = Translator()
        self.captures: list[Capture] = []
        self._rules = rules
        self._open: list[str] = []

    def rule(self, rule: Rule) -> None:
        self._open.append(rule.name)
        for part in rule.parts:
            if len(self._open) == 1:
                self.translator.mark(part.place)
            try:
                self._part(part)
            except Fault as fault:
                at_reference = isinstance(part.content, Reference)
                place = fault.place if at_reference else part.place + fault.place
                raise rule.fault(fault.reason, place) from None
            if len(self.translator) > _LONGEST:
                raise rule.fault("with its references filled in, the rule is too long", part.place)
        self._open.pop()

    def _part(self, part: Part) -> None:
        if isinstance(part.content, str):
            self.translator.java(part.content, part.place if len(self._open) == 1 else None)
        else:
            self._reference(part.content)

    def _reference(self, reference: Reference) -> None:
        filters = tuple(filter_of(call) for call in reference.filters)
        group = f"g{len(self.captures)}"
        opening = f"(?P<{group}>" if reference.extracts else "(?:"
        rule = self._rules.get(reference.matcher.name)
        matcher = matcher_of(reference.matcher) if rule is None or rule.name in self._open else None
        rule = None if matcher else rule  # a rule that has a matcher's name, and uses it
        if rule is None and matcher is None:
            raise Fault(f"unknown matcher or support rule {reference.matcher.name}", reference.matcher.place)
        if reference.extracts:
            convert = matcher.convert if matcher else None
            self.captures.append(Capture(group, reference.path, convert, filters))
        self.translator.ready(opening)
        if rule:
            self._enter(rule, reference)
        elif matcher:
            self._matcher(matcher.pattern, reference, is_java=matcher.is_java)
        self.translator.ready(")")

    def _enter(self, rule: Rule, reference: Reference) -> None:
        if reference.matcher.arguments:
            raise Fault(f"the rule {rule.name} takes no arguments", reference.matcher.place)
        if rule.name in self._open:
            raise Fault(f"the rule {rule.name} refers to itself", reference.matcher.place)
        if len(self._open) > _DEEPEST:
            raise Fault("too many rules in one another", reference.matcher.place)
        self.rule(rule)

    def _matcher(self, pattern: str, reference: Reference, *, is_java: bool) -> None:
        if not is_java:
            self.translator.ready(pattern)
            return
        try:
            self.translator.enclosed(pattern)
        except Fault as fault:
            raise Fault(fault.reason, reference.matcher.place) from None
