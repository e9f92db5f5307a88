"""Writes one template for one notification.

https://docs.datadoghq.com/monitors/notify/variables/
"""

import html
from collections.abc import Iterable
from urllib.parse import quote
from zoneinfo import ZoneInfo

from datadog_assets.alerting.conditions import MATCHES, STATES, is_exact_match, is_match
from datadog_assets.alerting.definition import Body
from datadog_assets.alerting.expression import ExpressionError, Unformatted, evaluate
from datadog_assets.alerting.facets import as_text
from datadog_assets.alerting.template import Block, Node, Tag, TemplateError, Text, parse
from datadog_assets.alerting.transition import Transition
from datadog_assets.alerting.variables import Lacking, Variables, moment

_USES = {
    "eval": """{{eval "int(value)"}}""",
    "local_time": "{{local_time 'last_triggered_at' 'Asia/Tokyo'}}",
    "urlencode": """{{urlencode "service.name"}}""",
    "override_priority": "{{override_priority 'P1'}}",
}


class Writer:
    """One template, written for one notification.

    Attributes:
        text: what it says.
        priority: the one that it asks for; None if it asks for none.
        not_rehearsed: the parts that only Datadog can render; they stand in the text as in the template.
        unknown: the variables that the monitor does not have; they are empty.
        faults: what is wrong with it.
    """

    def __init__(self, source: str, transition: Transition, body: Body) -> None:
        self.not_rehearsed: list[str] = []
        self.unknown: list[str] = []
        template = parse(source)
        self.faults = list(template.faults)
        self.priority: str | None = None
        self._source = source
        self._transition = transition
        self._body = body
        self._variables = Variables(transition, body)
        self.text = self._written(template.nodes)

    def _written(self, nodes: Iterable[Node]) -> str:
        return "".join(self._node(node) for node in nodes)

    def _node(self, node: Node) -> str:
        match node:
            case Text():
                return node.text
            case Tag():
                return self._tag(node)
            case Block():
                holds = self._holds(node)
                if holds is None:
                    return ""
                return self._written(node.body if holds is not node.is_negated else node.otherwise or ())

    def _tag(self, tag: Tag) -> str:
        match tag.words:
            case ["eval", expression]:
                return self._eval(tag, expression)
            case ["local_time", time, zone]:
                return self._local_time(tag, time, zone)
            case ["urlencode", path]:
                return self._urlencode(tag, path)
            case ["override_priority", "P1" | "P2" | "P3" | "P4" | "P5" as priority]:
                self.priority = priority
                return ""
            case [path] if path not in _USES:
                return self._variable(tag, path)
        known = _USES.get(tag.words[0])
        return self._fault(
            f"it is used as in {known}" if known else f"{tag.words[0]} is no function that is known",
            tag.position,
        )

    def _variable(self, tag: Tag, path: str) -> str:
        found = self._value(tag, path)
        if found is Lacking.OFFLINE:
            return self._not_rehearsed(tag)
        text = as_text(found)
        return text if tag.is_raw or self._variables.is_built_in(path) else html.escape(text)

    def _value(self, node: Tag | Block, path: str) -> object:
        """Give what a variable stands for; one that the monitor does not have is empty, and noted."""
        found = self._variables.find(path)
        if found is not Lacking.UNKNOWN:
            return found
        self.unknown.append(path)
        if written := self._variables.needs_brackets(path):
            self._fault(f"{path} needs brackets, for its name holds a dot: {written}", node.position)
        return ""

    def _holds(self, block: Block) -> bool | None:
        """Tell whether a block's condition holds; None if it is none."""
        name, *arguments = block.words
        if name in STATES and not arguments:
            return STATES[name](self._transition)
        if name == "is_priority" and len(arguments) == 1:
            return arguments[0] == (self.priority or priority_of(self._body))
        if name in MATCHES and len(arguments) > 1:
            return self._matches(block, name, arguments)
        known = name in STATES or name == "is_priority" or name in MATCHES
        wrong = "does not go with these arguments" if known else "is no condition that is known"
        if name:
            self._fault(f"{name} {wrong}", block.position)
        return None

    def _matches(self, block: Block, name: str, arguments: list[str]) -> bool | None:
        found = self._value(block, arguments[0])
        if found is Lacking.OFFLINE:
            self.not_rehearsed.append(f"{name} {arguments[0]}")
            return None
        return (is_match if name == "is_match" else is_exact_match)(found, arguments[1:])

    def _eval(self, tag: Tag, expression: str) -> str:
        try:
            return evaluate(expression, lambda path: self._number(tag, path))
        except Unformatted:
            return self._not_rehearsed(tag)
        except ExpressionError as error:
            return self._fault(f"the expression {error}", tag.position)

    def _number(self, tag: Tag, path: str) -> int | float:
        found = self._value(tag, path)
        if found is Lacking.OFFLINE:
            raise Unformatted(path)
        try:
            number = float(as_text(found))
        except ValueError:
            raise ExpressionError(f"has no value: {path} is {as_text(found)!r}, and no number") from None
        return int(number) if number.is_integer() else number

    def _local_time(self, tag: Tag, time: str, zone: str) -> str:
        found = self._value(tag, f"{time.removesuffix('_epoch')}_epoch")
        at = moment(found) if isinstance(found, int) else None
        if at is None:
            return ""
        try:
            local = at.astimezone(ZoneInfo(zone))
        except (ValueError, OSError, KeyError, OverflowError):
            return self._fault(f"{zone!r} is no time zone that is known here", tag.position)
        return local.replace(microsecond=0).isoformat(" ")

    def _urlencode(self, tag: Tag, path: str) -> str:
        found = self._value(tag, path)
        return self._not_rehearsed(tag) if found is Lacking.OFFLINE else quote(as_text(found), safe="")

    def _not_rehearsed(self, tag: Tag) -> str:
        self.not_rehearsed.append(tag.source)
        return tag.source

    def _fault(self, reason: str, position: int) -> str:
        self.faults.append(TemplateError(self._source, reason, position))
        return ""


def priority_of(body: Body) -> str | None:
    """Give a monitor's priority as a message writes it: "P1"; None if it has none."""
    found = body.get("priority")
    return f"P{found}" if isinstance(found, int) and found else None
