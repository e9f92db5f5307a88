"""What a notification says, and whom its message tells.

https://docs.datadoghq.com/monitors/notify/ and https://docs.datadoghq.com/monitors/notify/variables/
"""

from collections.abc import Iterable
from dataclasses import dataclass

from datadog_assets.alerting.definition import Body, object_at
from datadog_assets.alerting.handles import handles
from datadog_assets.alerting.template import TemplateError
from datadog_assets.alerting.transition import Kind, Status, Transition
from datadog_assets.alerting.writer import Writer, priority_of

_WORDS = {
    Status.ALERT: "Triggered",
    Status.WARN: "Warn",
    Status.NO_DATA: "No Data",
    Status.OK: "Recovered",
}
"""https://docs.datadoghq.com/integrations/webhooks/#variables, `$ALERT_TRANSITION`"""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One notification, as far as it can be known offline.

    Attributes:
        title: with what happened, and to which group.
        text: the message. What is not rehearsed stands in it as it does in the template.
        handles: those in the text, with their @, each once.
        priority: "P1" to "P5"; None if there is none.
        not_rehearsed: the parts of the template that only Datadog can render, each once.
        unknown: the variables that the monitor does not have, each once: they are empty.
        faults: what is wrong with the template, each with its place.
    """

    title: str
    text: str
    handles: tuple[str, ...]
    priority: str | None
    not_rehearsed: tuple[str, ...]
    unknown: tuple[str, ...]
    faults: tuple[TemplateError, ...]


def render(message: str, transition: Transition, body: Body) -> Rendered:
    """Write a notification; never raises.

    Told again, the message comes with the `escalation_message` behind it: whether Datadog leaves the message
    out then is not clear from its page.

    Args:
        message: the monitor's, a template.
        transition: what is told.
        body: the monitor's, as Datadog's API takes it: its name, query, options and priority.
    """
    options = object_at(body, "options")
    title = Writer(str(body.get("name", "")), transition, body)
    texts = [Writer(message, transition, body)]
    escalation = options.get("escalation_message")
    if transition.kind == Kind.RENOTIFY and isinstance(escalation, str) and escalation:
        texts.append(Writer(escalation, transition, body))
    text = "\n\n".join(written for one in texts if (written := one.text.strip()))
    writers = [title, *texts]
    return Rendered(
        title=f"[{_happened(transition, options.get('include_tags') is not False)}] {title.text}",
        text=text,
        handles=handles(text),
        priority=next((one.priority for one in reversed(texts) if one.priority), priority_of(body)),
        not_rehearsed=_once(one.not_rehearsed for one in writers),
        unknown=_once(one.unknown for one in writers),
        faults=tuple(fault for one in writers for fault in one.faults),
    )


def _happened(transition: Transition, with_tags: bool) -> str:
    word = ("Re-" if transition.kind == Kind.RENOTIFY else "") + _WORDS[transition.status_to]
    tags = ",".join(f"{key}:{value}" for key, value in transition.group.items())
    return f"{word} on {{{tags}}}" if tags and with_tags else word


def _once(lists: Iterable[list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for each in lists for one in each))
