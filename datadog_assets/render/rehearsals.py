"""Rehearsals as text, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence

from datadog_assets.dates import iso
from datadog_assets.log import Log
from datadog_assets.rehearse.explain import Explanation, differences
from datadog_assets.rehearse.outcome import Outcome, of_monitors
from datadog_assets.rehearse.outcome import left as not_said
from datadog_assets.rehearse.pipelines import Step
from datadog_assets.rehearse.watch import Notification
from datadog_assets.render.printable import printable, quoted

GREEN, RED, YELLOW = "32", "31", "33"
"""Of ECMA-48."""

MOST_TOLD = 20
"""Of a rehearsal that failed, so many notifications are shown."""


def as_text(outcomes: Sequence[Outcome], left: Mapping[str, str], *, colour: bool = False) -> str:
    """Show how rehearsals went.

    Args:
        outcomes: in order.
        left: monitors that cannot be rehearsed, by name, and why.
        colour: with escape sequences.

    Returns:
        Lines, without a newline at the end.
    """
    return "\n".join(_painted(code, line) if colour else line for code, line in _lines(outcomes, left))


def explained(found: Explanation, *, colour: bool = False) -> str:
    """Show what became of one log: before, each step, after, and who would be told."""
    return "\n".join(_painted(code, line) if colour else line for code, line in _explained(found))


def _lines(outcomes: Sequence[Outcome], left: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for outcome in outcomes:
        if not outcome.faults:
            yield GREEN, printable(f"passed  {outcome.name}")
            continue
        yield RED, printable(f"FAILED  {outcome.name} ({outcome.mark})")
        for fault in outcome.faults:
            yield "", printable(f"        {fault}")
        for hint in outcome.hints:
            yield "", printable(f"        hint: {hint}")
        for one in outcome.notifications[:MOST_TOLD]:
            yield "", printable(f"        told: {headline(one)}")
        if (more := len(outcome.notifications) - MOST_TOLD) > 0:
            yield "", f"        told: {more} more; --output json shows all"
    yield from _unwatched(left)
    reasons = [reason for outcome in outcomes for one in outcome.arrivals for reason in one.left]
    reasons += not_said([one for outcome in outcomes for one in outcome.notifications])
    for reason in dict.fromkeys(reasons):
        yield YELLOW, printable(f"not rehearsed: {reason}")
    failed = sum(1 for outcome in outcomes if outcome.faults)
    yield (RED if failed else GREEN), f"{len(outcomes) - failed} of {len(outcomes)} rehearsals passed."


def _explained(found: Explanation) -> Iterator[tuple[str, str]]:
    log = found.before
    yield "", "The log, before any pipeline:"
    reserved = {name: log.get(name) for name in ("status", "service", "source", "host", "trace_id")}
    yield "", f"  date: {iso(log['timestamp'])}"
    for name, value in (*reserved.items(), ("tags", log["tags"])):
        if value:
            yield "", printable(f"  {name}: {quoted(value)}")
    for step in found.steps:
        yield from _step(step)
    if differences(found.before, found.after):
        yield "", "Afterwards, all in all:"
        yield from _changes(found.before, found.after, "  ")
    yield (
        "",
        "Told at once, had no other log come before:" if found.notifications else "Nobody is told at once.",
    )
    for one in found.notifications:
        yield RED, printable(f"  {headline(one)}")
        for line in one.rendered.text.splitlines():
            yield "", printable(f"    | {line}")
    for warning in found.warnings:
        yield YELLOW, printable(f"warning: {warning}")
    yield from _unwatched(found.unwatched)
    for reason in found.left:
        yield YELLOW, printable(f"not rehearsed: {reason}")


def _step(step: Step) -> Iterator[tuple[str, str]]:
    if not step.processor:
        yield "", printable(f"Pipeline {' > '.join(map(quoted, step.pipeline))}: {step.outcome}")
    elif step.outcome == "changes":
        yield "", printable(f"  {step.processor}")
        yield from _changes(step.before, step.after, "    ")


def _unwatched(left: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name the monitors that are not rehearsed: those with the same reason on one line."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in left.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield YELLOW, printable(f"not rehearsed: {reason} ({of_monitors(names)})")


def _changes(before: Log, after: Log, indent: str) -> Iterator[tuple[str, str]]:
    for one in differences(before, after):
        if one.before is None:
            yield GREEN, printable(f"{indent}+ {one.path}: {quoted(one.after)}")
        elif one.after is None:
            yield RED, printable(f"{indent}- {one.path}: {quoted(one.before)}")
        else:
            yield YELLOW, printable(f"{indent}~ {one.path}: {quoted(one.before)} -> {quoted(one.after)}")


def headline(one: Notification) -> str:
    """Give a notification on one line: when, its title, and who is told."""
    told = ", ".join(told.handle for told in one.told) or "nobody"
    return f"{iso(one.transition.at)} {one.rendered.title} to {told}"


def _painted(code: str, line: str) -> str:
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
