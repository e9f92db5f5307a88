"""Takes every figure on this machine: the relay's, beside what it is measured against, and the assets'."""

import argparse
import asyncio
import logging
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import arrays
import backlog
import latency
import memory
import one
import plan
import rehearse
import relays
import search
import spool
import start
import workers
from chart import chart
from figure import Figure
from machine import in_words, machine
from results import Results
from size import FULL, QUICK, Size
from table import table

from relay.server import loop_factory


class Group(Protocol):
    """A module that measures what belongs together; the first line of its docstring says what."""

    __doc__: str | None

    async def measure(self, size: Size) -> list[Figure]:
        """Measure."""


GROUPS: dict[str, Group] = {
    "one": one,
    "arrays": arrays,
    "latency": latency,
    "workers": workers,
    "spool": spool,
    "memory": memory,
    "backlog": backlog,
    "plan": plan,
    "search": search,
    "rehearse": rehearse,
    "start": start,
}
"""By the name that begins those of their figures."""

log = logging.getLogger("bench")


def main(arguments: Sequence[str]) -> int:
    """Take the figures and print them; 1 if one could not be taken or a bound is not held."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    log.setLevel(logging.INFO)
    names = options.only or [*GROUPS]
    failed: list[str] = []
    if options.read:
        results = Results.read(options.read).only(names)
        print(f"{in_words(results.machine)}\n")
        for name in names:
            _show(name, results.only([name]).figures)
    else:
        print(f"{in_words(machine())}\n", flush=True)
        figures, failed = _measure(names, quick=options.quick)
        results = Results.of(shlex.join(["python", "bench/run.py", *arguments]), figures)
    if options.json:
        results.write(options.json)
    if options.svg:
        options.svg.write_text(chart(results.figures), encoding="utf-8")
    missed = [] if options.quick else results.missed()
    for what, which in (("Not taken", failed), ("Not held", missed)):
        if which:
            log.error("%s: %s.", what, ", ".join(which))
    return 1 if failed or missed else 0


def _measure(names: Sequence[str], *, quick: bool) -> tuple[list[Figure], list[str]]:
    """Measure groups and show each at once; gives their figures, and the groups that failed."""
    if quick:
        relays.settings["RELAY_BATCH_WAIT"] = "0.05"  # else it waits longer for a last batch than it works
    figures: list[Figure] = []
    failed: list[str] = []
    for name in names:
        log.info("%s", name)
        began = time.monotonic()
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                found = runner.run(GROUPS[name].measure(QUICK if quick else FULL))
        except Exception:
            log.exception("%s could not be measured.", name)  # the others can
            failed.append(name)
            continue
        log.info("  %.0f s", time.monotonic() - began)
        _show(name, found, judges=not quick)
        figures += found
    return figures, failed


def _show(name: str, figures: Sequence[Figure], *, judges: bool = True) -> None:
    if figures:
        print(f"{name}: {_title(name)}\n{table(figures, judges=judges)}\n", flush=True)


def _title(name: str) -> str:
    return (GROUPS[name].__doc__ or "").partition("\n")[0]


def _parser() -> argparse.ArgumentParser:
    groups = "\n".join(f"  {name:<10}{_title(name)}" for name in GROUPS)
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"Ends with 1 if a bound is not held.\n\ngroups:\n{groups}\n\nMore of each: bench/README.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="tiny sizes, one round, no verdict: only to see that it runs")
    add("--only", nargs="+", choices=GROUPS, metavar="NAME", help="these groups alone")
    add("--json", type=Path, metavar="FILE", help="write every sample, and what the machine is")
    add("--svg", type=Path, metavar="FILE", help="draw the figures that tell most")
    add("--read", type=Path, metavar="FILE", help="measure nothing: show what --json once wrote")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
