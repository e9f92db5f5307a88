"""What a person sees while events are sent, and after."""

# ruff: noqa: PLC0415  # rich takes long to load, and shows something to a terminal only

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.sender import Summary

_HINTS = {
    "HTTP 401": "Set RELAY_TOKEN to what the relay has.",
    "HTTP 403": "Set RELAY_TOKEN to what the relay has.",
    "ConnectError": "Does a relay listen on {url}? Start it with relay serve, or set RELAY_BIND or --url.",
}
"""What a fault of this beginning asks for."""


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr, if that is a terminal; gives the function that moves it by one."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def describe(summary: Summary, url: str) -> str:
    """A summary in a few lines, with what to do about faults."""
    accepted = sum(summary.types.values())
    sent = accepted + sum(summary.faults.values())
    rate = sent / summary.seconds if summary.seconds else 0.0
    lines = [f"{accepted} of {sent} events accepted in {summary.seconds:.1f} s ({rate:.0f} a second)"]
    lines += [f"  {number:>7}  {event_type}" for event_type, number in sorted(summary.types.items())]
    if summary.latencies:
        figures = (f"p{percent} {1000 * summary.percentile(percent):.1f} ms" for percent in (50, 95, 99))
        lines.append(f"answered after {', '.join(figures)}, at most {1000 * max(summary.latencies):.1f} ms")
    for fault, number in summary.faults.most_common():
        lines.append(f"  {number:>7}  NOT ACCEPTED: {fault}")
        lines += [
            f"           {hint.format(url=url)}" for sign, hint in _HINTS.items() if fault.startswith(sign)
        ]
    return "\n".join(lines)
