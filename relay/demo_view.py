"""What the demo shows. Pure."""

from collections.abc import Sequence
from typing import TypedDict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from relay.jsontext import JsonObject
from relay.sender import Summary

LINES = 10
"""So many log entries are on the screen."""


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
    table = Table(
        "time", "event_type", "status", "flow_name", "host", "service", "tags", box=None, pad_edge=False
    )
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


def outcome(summary: Summary, arrived: int) -> str:
    """How a fixed set of events fared, in one line."""
    accepted = sum(summary.types.values())
    sent = accepted + sum(summary.faults.values())
    return (
        f"{sent} events sent, {accepted} accepted (each on disk before the answer; "
        f"half within {1000 * summary.percentile(50):.1f} ms), {arrived} arrived."
    )


def screen(
    how_to_post: str, counts: dict[str, int], summary: Summary, logs: Sequence[Attributes]
) -> RenderableType:
    """The live view.

    Args:
        how_to_post: a command that posts an event by hand.
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
        Text(f"Post by hand:  {how_to_post}", no_wrap=True, overflow="fold"),
        Text(),
        numbers,
        Text(f"answered after {latency}, on disk by then"),
        Text(),
        log_table(logs),
    )
