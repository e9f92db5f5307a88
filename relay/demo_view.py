"""What the demo shows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from relay.jsontext import JsonObject
from relay.sender import Summary

NOTICES = 3
"""So many notifications the live view shows."""

_OTHER_LINES = 17 + NOTICES
"""Lines of the screen beside the log entries, with the commands folded on a narrow one."""


class Attributes(TypedDict):
    """A log entry as Datadog's log search returns it; its `attributes` are the event's."""

    timestamp: str
    status: str
    host: str
    service: str
    message: str
    tags: list[str]
    attributes: JsonObject


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification.

    Attributes:
        at: when, as ISO 8601.
        title, text: what it says.
        told: who is told, each with the reason.
    """

    at: str
    title: str
    text: str
    told: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Way:
    """From a failed flow to who was told of it.

    Attributes:
        event: the attributes of the log: the event's, and what the pipeline added.
        status, trace_id: the log's own, of the pipeline.
        monitor, state: its name, and how it is.
        notice: what it told.
    """

    event: Mapping[str, object]
    status: str
    trace_id: str | None
    monitor: str
    state: str
    notice: Notice


def way(steps: Way) -> RenderableType:
    """A failed flow's way, a step a line."""
    event, error = steps.event, steps.event.get("error")
    kind = error.get("kind") if isinstance(error, dict) else None
    lines = {
        "event": "{event_type} of {flow_name}, execution {execution_id}".format_map(event),
        "log": f"status {steps.status}, error.kind {kind}, trace id {steps.trace_id}",
        "monitor": f"{steps.monitor}: {steps.state}",
        "says": steps.notice.text.partition("\n")[0],
        "told": "; ".join(f"{handle}, by {because}" for handle, because in steps.notice.told) or "nobody",
    }
    return Group(
        Text("How a failed flow comes to be told of:"),
        *(Text(f"  {name:<9}{text}") for name, text in lines.items()),
    )


def log_table(logs: Sequence[Attributes]) -> Table:
    """Log entries as Datadog holds them, an entry a line."""
    widths = {"time": 12, "event_type": 13, "status": 6, "flow_name": 0, "host": 0, "service": 0, "tags": 0}
    columns = [Column(name, no_wrap=True, min_width=width) for name, width in widths.items()]
    table = Table(*columns, box=None, pad_edge=False)
    for log in logs:
        event = log["attributes"]
        tags = " ".join(tag for tag in log["tags"] if not tag.startswith(("source:", "service:")))
        table.add_row(
            log["timestamp"][11:23],
            str(event.get("event_type", "")),
            log["status"],
            str(event.get("flow_name", log["message"])),
            log["host"],
            log["service"],
            tags,
        )
    return table


def room_for_logs(height: int) -> int:
    """How many log entries a screen of so many lines has room for; a few at least."""
    return max(height - _OTHER_LINES, 5)


def outcome(summary: Summary, arrived: int) -> str:
    """How a fixed set of events fared, in one line."""
    accepted = sum(summary.types.values())
    sent = accepted + sum(summary.faults.values())
    return (
        f"{sent} events sent, {accepted} accepted (each on disk before the answer; "
        f"half within {1000 * summary.percentile(50):.1f} ms), {arrived} arrived."
    )


def screen(
    by_hand: Sequence[str],
    made: int,
    counts: dict[str, int],
    summary: Summary,
    logs: Sequence[Attributes],
    notices: Sequence[Notice],
) -> RenderableType:
    """The live view.

    Args:
        by_hand: commands that post an event, with a line end where they may be broken.
        made: how many resources the bundled pack made in the sandbox.
        counts: what to count, with its number.
        summary: of the events that the demo sends itself.
        logs: the last entries, newest first.
        notices: the last notifications, newest first.
    """
    numbers = Text("   ").join(
        Text.assemble((f"{number:,}", "bold"), f" {what}") for what, number in counts.items()
    )
    latency = ", ".join(f"p{percent} {1000 * summary.percentile(percent):.1f} ms" for percent in (50, 99))
    return Group(
        Text(
            "Okta events -> relay -> Datadog's place (a sandbox on this machine). Ctrl-C ends.", style="bold"
        ),
        Text(f"The bundled pack is applied: {made} pipelines, monitors and notification rules."),
        Text("Post by hand, from another terminal:"),
        *(Text(command, overflow="fold") for command in by_hand),
        Text(),
        numbers,
        Text(f"answered after {latency}, on disk by then"),
        Text(),
        Text("Notifications:" if notices else "No notification yet."),
        *(_line(notice) for notice in notices),
        Text(),
        log_table(logs),
    )


def _line(notice: Notice) -> Text:
    told = " ".join(handle for handle, _ in notice.told) or "nobody"
    text = f"  {notice.at[11:23]}  {told}: {notice.title}"  # whom first, for a narrow screen cuts the end
    return Text(text, no_wrap=True, overflow="ellipsis")
