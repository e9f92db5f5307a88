"""What the demo shows. Pure."""

from collections.abc import Sequence
from typing import TypedDict

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from relay.jsontext import JsonObject
from relay.sender import Summary

_OTHER_LINES = 15
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
) -> RenderableType:
    """The live view.

    Args:
        by_hand: commands that post an event.
        made: how many resources the bundled pack made in the sandbox.
        counts: what to count, with its number.
        summary: of the events that the demo sends itself.
        logs: the last entries, newest first.
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
        *(Text(f"  {command}", overflow="fold") for command in by_hand),
        Text(),
        numbers,
        Text(f"answered after {latency}, on disk by then"),
        Text(),
        log_table(logs),
    )
