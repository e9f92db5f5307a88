"""A plan as Markdown, for a comment on a pull request."""

from collections.abc import Collection, Iterable, Sequence
from html import escape

from datadog_assets.plan.changes import Change, Plan
from datadog_assets.render.lines import counted, lines, told, word
from datadog_assets.render.masking import masked
from datadog_assets.render.printable import printable

LONGEST = 65_536
"""Characters that a comment on GitHub holds. https://github.com/orgs/community/discussions/27190"""

LONGEST_LIST = 12_000
"""Characters for all problems, and for all notes; with both, most of the room is left for the changes."""

LONGEST_NAME = 200
CUT = "\n\n_{left} of {total} changes are not shown: a comment on GitHub holds no more._"
SIGNS = {"~": "!"}
"""What GitHub colours as changed in a block of `diff`; the other signs are its own."""


def as_markdown(plan: Plan, secrets: Collection[str]) -> str:
    """Show a plan in a comment: a heading with the counts, and each change to unfold.

    What does not fit into a comment is left out, and that is said. Everything from the YAML or Datadog
    stands in code: so nobody is notified by an `@` in it, and no sign of it is taken for Markdown.

    Args:
        plan: what to show.
        secrets: are not shown.

    Returns:
        At most `LONGEST` characters, without a newline at the end.
    """
    plan = masked(plan, secrets)
    found = "### Datadog" + (f": {counted(plan)}" if plan.changes or plan.problems else " is as declared")
    if plan.problems:
        found += "\n\n**It cannot be applied:**\n\n" + _block("text", map(told, plan.problems), LONGEST_LIST)
    if plan.notes:
        found += "\n\nNotes:\n\n" + _block("text", map(told, plan.notes), LONGEST_LIST)
    return found + _changes(plan.changes, LONGEST - len(found))


def _changes(changes: Sequence[Change], room: int) -> str:
    total = len(changes)
    room -= len(CUT.format(left=total, total=total))
    found = ""
    for done, change in enumerate(changes):
        shown = f"\n\n{_change(change, room - len(found))}"
        if len(found) + len(shown) > room:
            return found + CUT.format(left=total - done, total=total)
        found += shown
    return found


def _change(change: Change, room: int) -> str:
    name = printable(change.name)
    name = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "..."
    head = f"<details>\n<summary>{change.verb} {word(change.kind)} <code>{escape(name)}</code></summary>\n\n"
    tail = "\n\n</details>"
    about = [f"# {printable(change.reason)}"] if change.reason else []
    body = [*about, *(f"{SIGNS.get(line.sign, line.sign)} {line.text}" for line in lines(change))]
    body += [f"# rehearsed: {printable(effect)}" for effect in change.effects]
    return head + _block("diff", body, room - len(head) - len(tail)) + tail


def _block(language: str, lines: Iterable[str], room: int) -> str:
    """Give lines as a block of code of at most so many characters, if there is room for an empty one.

    No line is made of backticks alone, each beginning with a sign or a resource: so none ends the block.
    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    lines = list(lines)
    room -= len(f"```{language}\n... and {len(lines)} lines more\n```")
    fits: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            fits.append(f"... and {len(lines) - len(fits)} lines more")
            break
        fits.append(line)
    return "\n".join([f"```{language}", *fits, "```"])
