"""A plan as text, for a terminal."""

from collections.abc import Collection, Iterator

from datadog_assets.plan.changes import Change, Plan, Verb
from datadog_assets.render.lines import counted, lines, told, word
from datadog_assets.render.masking import masked
from datadog_assets.render.printable import printable, quoted

SIGNS = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.DELETE: "-", Verb.MOVE: ">"}
COLOURS = {"+": "32", "-": "31", "~": "33", ">": "36", "!": "31"}
"""Of ECMA-48, by sign: green, red, yellow, cyan; a problem is red."""


def as_text(plan: Plan, secrets: Collection[str], *, colour: bool = False) -> str:
    """Show a plan to a person.

    Of an update, every difference is shown; of a create and a delete only the name, as the whole is in the
    YAML and in Datadog.

    Args:
        plan: what to show.
        secrets: are not shown.
        colour: with escape sequences.

    Returns:
        Lines, without a newline at the end.
    """
    plan = masked(plan, secrets)
    shown = [_coloured(sign, line) if colour else line for sign, line in _lines(plan)]
    return "\n".join(shown)


def _lines(plan: Plan) -> Iterator[tuple[str, str]]:
    """Give the lines, each with the sign that colours it."""
    for change in plan.changes:
        yield SIGNS[change.verb], f"{SIGNS[change.verb]} {_headline(change)}"
        if change.verb is Verb.UPDATE:
            for line in lines(change):
                sign = "" if line.sign == "~" else f"{line.sign} "
                yield line.sign, f"    {sign}{line.text}"
        for effect in change.effects:
            yield "", printable(f"    rehearsed: {effect}")
    for note in plan.notes:
        yield "", f"note: {told(note)}"
    for problem in plan.problems:
        yield "!", f"problem: {told(problem)}"
    if plan.changes or plan.problems:
        yield "", f"Plan: {counted(plan)}."
    else:
        yield "", "No change: Datadog is as declared."
    if plan.problems:
        yield (
            "!",
            f"It cannot be applied: {len(plan.problems)} problem{'s' * (len(plan.problems) > 1)}, see above.",
        )


def _headline(change: Change) -> str:
    text = f"{change.verb} {word(change.kind)} {quoted(change.name)}"
    where = [f"id {change.live_id}"] if change.live_id else []
    where += [str(change.mark)] if change.mark else []
    text += f" ({', '.join(where)})" if where else ""
    return printable(f"{text}: {change.reason}" if change.reason else text)


def _coloured(sign: str, line: str) -> str:
    return f"\x1b[{COLOURS[sign]}m{line}\x1b[0m" if sign in COLOURS else line
