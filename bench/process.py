"""A server in a process of its own, for as long as a block runs, and what it costs."""

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cores


@dataclass(slots=True)
class Server:
    """A process that takes events.

    Attributes:
        url: where it takes them.
        process: the process.
        lines: what it has printed so far, stdout and stderr.
    """

    process: asyncio.subprocess.Process
    url: str = ""
    lines: list[str] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """CPU that it and the processes it started have used, user and system, in all their threads.

        It is read from the kernel's clock of each process (`clock_getcpuclockid(3)`), to the nanosecond and
        with the threads that have ended: /proc/PID/stat counts in ticks of 10 ms, /proc/PID/schedstat one
        thread.
        """
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self._processes())

    def peak_megabytes(self) -> float:
        """The most memory that it, or a process it started, has had resident, in 10^6 bytes."""
        return max(map(_peak_megabytes, self._processes()))

    def _processes(self) -> Iterator[int]:
        pids = [self.process.pid]
        while pids:
            pid = pids.pop()
            yield pid
            for threads_children in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):  # the thread has ended
                    pids += map(int, threads_children.read_text().split())


@asynccontextmanager
async def run_server(
    arguments: Sequence[str],
    env: Mapping[str, str],
    core: int | None = None,
    on_line: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Server]:
    """Run `python ARGUMENTS`, which prints `Taking events on URL` when it is ready; end it with SIGTERM.

    Args:
        arguments: of the interpreter.
        env: what it gets beside this process's own environment, of which no setting of the relay is left.
        core: the only one that it may use; None for those that this thread may.
        on_line: is called with each line that it prints.

    Raises:
        RuntimeError: it ended before it was ready.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "RELAY_"))}
    with cores.on(core):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**kept, **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    server = Server(process)
    ready = asyncio.Event()
    reading = asyncio.create_task(_read(server, ready, on_line))
    try:
        await asyncio.wait(
            {reading, waiting := asyncio.create_task(ready.wait())}, return_when="FIRST_COMPLETED"
        )
        waiting.cancel()
        if not server.url:
            raise RuntimeError(f"ended with {await process.wait()}: {''.join(server.lines)}")
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading


async def _read(server: Server, ready: asyncio.Event, on_line: Callable[[str], None]) -> None:
    assert server.process.stdout is not None
    async for line in server.process.stdout:
        server.lines.append(line.decode())
        on_line(server.lines[-1])
        # with its scheme, for a traceback may show the words where they stand in the code
        if found := re.search(r"Taking events on (https?://\S+)", server.lines[-1]):
            server.url = found[1]
            ready.set()


def _peak_megabytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else 0.0
