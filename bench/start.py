"""How long the commands take to start, from the call to the end; `relay serve`, until it takes events."""

import asyncio
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from figure import Bound, Figure, Reference
from relays import AWAY, run_relay
from rounds import Measure, in_turn
from size import Size

MOST = 0.35
"""Seconds until a command has said what it can do."""

COMMANDS = {
    "relay.help": ("-m", "relay", "--help"),
    "relay.version": ("-m", "relay", "--version"),
    "assets.help": ("-m", "datadog_assets", "--help"),
}
_PASS = "-c pass"
_SERVE = "-m relay serve"


async def seconds(arguments: tuple[str, ...]) -> float:
    """Run `python ARGUMENTS` to its end.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, "COLUMNS": "100"}
    )
    await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - began


async def until_ready() -> float:
    """Run `relay serve` until it takes events."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=".") as folder:
        began = time.perf_counter()
        async with run_relay(Path(folder, "spool.db"), AWAY, core=None):
            return time.perf_counter() - began


async def measure(size: Size) -> list[Figure]:
    """Measure each beside an interpreter that does nothing."""
    measures: dict[str, Measure[float]] = {_PASS: partial(seconds, ("-c", "pass")), _SERVE: until_ready}
    measures |= {" ".join(arguments): partial(seconds, arguments) for arguments in COMMANDS.values()}
    found = (await in_turn(size, measures)).samples
    beside = Reference("python -c pass", found[_PASS])
    figures = [
        Figure(
            f"start.{name}",
            f"python {' '.join(arguments)}",
            "s",
            found[" ".join(arguments)],
            beside,
            Bound(MOST),
        )
        for name, arguments in COMMANDS.items()
    ]
    ready = Figure("start.serve", "relay serve takes events after", "s", found[_SERVE], beside)
    return [*figures, ready]
