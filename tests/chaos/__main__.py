"""What a person types: `python -m chaos [--quick] [ROW ...]`."""

import argparse
import asyncio
import os
import resource
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from functools import partial

from chaos.rows import ROWS, chosen
from chaos.runner import run_rows
from chaos.trial import HEADING, Outcome, Row

EPILOG = textwrap.dedent(
    """\
    For each row one line is printed as it ends:

      accepted   distinct events that the relay answered 2xx
      delivered  those of them that the stand-in for Datadog kept
      repeated   copies beyond the first
      dead       dead letters (relay_spool_dead_letters)
      lost       accepted - delivered - dead, once everything has come to its end; must be 0
      MB         the most memory of any relay process (VmHWM, 10^6 bytes)

    Ends with 1 if any row failed: something was lost, a status was wrong, a process died ...

    examples:
      python -m chaos --list                 # every row, and what is done in it
      python -m chaos --quick                # each row in a few seconds
      python -m chaos kill power-loss        # two rows, in the long form
      python -m chaos --quick datadog        # every row whose name begins with datadog-
    """
)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code."""
    options = _parser().parse_args(arguments)
    if options.list:
        for row in ROWS:
            print(f"{row.name:<22} {row.done}")
        return 0
    try:
        rows = chosen(options.rows)
    except KeyError as error:
        print(f"chaos: there is no row {error}. See --list.", file=sys.stderr)
        return os.EX_USAGE
    _raise_open_files()
    began = time.monotonic()
    print(HEADING, flush=True)
    jobs = options.jobs or (2 * (os.cpu_count() or 1) if options.quick else 1)
    show = partial(_show, logs=options.logs)
    try:
        outcomes = asyncio.run(_run(rows, quick=options.quick, jobs=jobs, report=show))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("chaos: ended before all rows were done", file=sys.stderr)
        return 1
    failed = [outcome.row for outcome in outcomes if outcome.failed]
    skipped = [outcome.row for outcome in outcomes if outcome.skipped]
    print(
        f"{len(rows)} rows in {time.monotonic() - began:.0f} s; failed: {', '.join(failed) or 'none'}", end=""
    )
    print(f"; skipped: {', '.join(skipped)}" if skipped else "")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaos",
        description="Break everything around a real `relay serve`, and count what became of each event that"
        " it answered 202.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", metavar="ROW", nargs="*", help="a row, or the beginning of a family of rows")
    parser.add_argument("--quick", action="store_true", help="the short form, as for CI: 2 to 3 minutes")
    parser.add_argument("--logs", action="store_true", help="after a failed row, the end of its relay's log")
    parser.add_argument("--list", action="store_true", help="print the rows and end")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="rows at once (quick: twice the CPUs; long: one)"
    )
    return parser


async def _run(
    rows: Sequence[Row], *, quick: bool, jobs: int, report: Callable[[Outcome], None]
) -> list[Outcome]:
    """As `run_rows`; SIGTERM ends it as Ctrl-C does, so that no relay stays behind."""
    this = asyncio.current_task()
    assert this
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    return await run_rows(rows, quick=quick, jobs=jobs, report=report)


def _show(outcome: Outcome, *, logs: bool) -> None:
    print(outcome.line(), flush=True)
    if logs and outcome.failed:
        print("".join(f"    | {line}" for line in outcome.log), flush=True)


def _raise_open_files() -> None:
    """Allow this process, and the relays that it starts, as many open files as the machine does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
