"""The commands of `relay dead-letters`."""

# ruff: noqa: PLC0415  # `--help` and wrong usage must not wait for a spool to load

import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from relay import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from relay.dead_letters import Wanted
    from relay.spool import DeadLetters

app = typer.Typer(
    help="Look at records that Datadog refused; send them again, or throw them away.\n\n"
    "A record becomes a dead letter when Datadog refuses it by itself (400, or 413). It is kept with"
    " Datadog's answer, counts against RELAY_SPOOL_MAX_BYTES, and is not sent again by itself. These commands"
    " work on the spool of RELAY_SPOOL; a relay that runs on it notices within a second.",
)

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Of letters, as list shows them.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Only with this in the reason, such as 413.")]
Flow = Annotated[str, typer.Option(metavar="NAME", help="Only of the flow of this name or id.")]
Older = Annotated[str, typer.Option(metavar="AGE", help="Only buried longer ago than 90s, 30m, 12h, 7d.")]
Newer = Annotated[str, typer.Option(metavar="AGE", help="Only buried not so long ago.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
EnvFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Lines of NAME=value; the environment wins over them."),
]
Spool = Annotated[str, typer.Option(metavar="ENGINE:PATH", help="As RELAY_SPOOL.")]


@app.command(name="list")
def list_(
    reason: Reason = "",
    flow: Flow = "",
    older_than: Older = "",
    newer_than: Newer = "",
    output: Annotated[str, typer.Option(metavar="text|json", help="json: an object a line.")] = "text",
    spool: Spool = "",
    env_file: EnvFile = None,
) -> None:
    """List dead letters, oldest first.

    \b
    All of one flow:      relay dead-letters list --flow "Offboard employee"
    Of the last hour:     relay dead-letters list --newer-than 1h
    """
    if output not in {"text", "json"}:
        raise typer.BadParameter(f"{output} is none of text, json.", param_hint="--output")
    from relay import dead_letters

    wanted = _wanted(None, reason, flow, older_than, newer_than)
    with _letters(spool, env_file) as letters:
        found = wanted.choose(letters.all(), time.time())
        if output == "json":
            for letter in found:
                print(orjson.dumps(dead_letters.whole(letter)).decode())
        else:
            print(dead_letters.table(found))


@app.command()
def show(
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Of letters, as list shows them.")],
    spool: Spool = "",
    env_file: EnvFile = None,
) -> None:
    """Show letters whole, as JSON: the entry, the reason, and Datadog's answer."""
    from relay import dead_letters

    wanted = dead_letters.Wanted(frozenset(ids))
    with _letters(spool, env_file) as letters:
        found = {letter.id: letter for letter in wanted.choose(letters.all(), 0.0)}
    for letter in found.values():
        print(orjson.dumps(dead_letters.whole(letter), option=orjson.OPT_INDENT_2).decode())
    if missing := [id_ for id_ in ids if id_ not in found]:
        print(f"relay: There is no dead letter {', '.join(map(str, missing))}.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def retry(
    ids: Ids = None,
    reason: Reason = "",
    flow: Flow = "",
    older_than: Older = "",
    newer_than: Newer = "",
    everything: All = False,
    spool: Spool = "",
    env_file: EnvFile = None,
) -> None:
    """Send letters again: they wait in the spool, in their old place.

    What is too old for Datadog to take it under its own date is sent under a new one, with the old one in the
    attribute relay.original.timestamp. What Datadog refuses again becomes a dead letter again.

    \b
    After the cause is gone:   relay dead-letters retry --all
    """
    wanted = _chosen(_wanted(ids, reason, flow, older_than, newer_than), everything=everything)
    with _letters(spool, env_file) as letters:
        changed = letters.retry(_ids(letters, wanted))
    print(f"{changed} dead letters wait to be sent again.")


@app.command()
def drop(
    ids: Ids = None,
    reason: Reason = "",
    flow: Flow = "",
    older_than: Older = "",
    newer_than: Newer = "",
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    spool: Spool = "",
    env_file: EnvFile = None,
) -> None:
    """Throw letters away for good. They are counted in the metric relay_dead_letters_dropped_total.

    \b
    Keep a copy first:   relay dead-letters list --output json > letters.jsonl
    """
    wanted = _chosen(_wanted(ids, reason, flow, older_than, newer_than), everything=everything)
    with _letters(spool, env_file) as letters:
        found = _ids(letters, wanted)
        if found and not yes and not _agreed(len(found)):
            print("relay: Nothing was dropped. With --yes nobody is asked.", file=sys.stderr)
            raise typer.Exit(1)
        changed = letters.drop(found)
    print(f"{changed} dead letters dropped.")


def _wanted(ids: list[int] | None, reason: str, flow: str, older: str, newer: str) -> "Wanted":
    from relay.dead_letters import Wanted

    return Wanted(
        frozenset(ids or ()), reason, flow, _age("--older-than", older), _age("--newer-than", newer)
    )


def _chosen(wanted: "Wanted", *, everything: bool) -> "Wanted":
    """Refuse to change all letters unless that was said."""
    from relay.dead_letters import Wanted

    if wanted == Wanted() and not everything:
        raise typer.BadParameter("Say which: IDs, --reason, --flow, --older-than, --newer-than, or --all.")
    return wanted


def _age(flag: str, text: str) -> float | None:
    from relay.dead_letters import seconds

    age = seconds(text) if text else None
    if text and age is None:
        raise typer.BadParameter(f"{text} is no age such as 90s, 30m, 12h or 7d.", param_hint=flag)
    return age


def _ids(letters: "DeadLetters", wanted: "Wanted") -> list[int]:
    return [letter.id for letter in wanted.choose(letters.all(), time.time())]


def _agreed(number: int) -> bool:
    return sys.stdin.isatty() and typer.confirm(f"Drop {number} dead letters for good?", err=True)


@contextmanager
def _letters(spool: str, env_file: Path | None) -> "Iterator[DeadLetters]":
    from relay.spool import open_letters

    flags = {"RELAY_SPOOL": spool} if spool else {}
    with closing(open_letters(settings.load(env_file, flags).spool)) as letters:
        yield letters
