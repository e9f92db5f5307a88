"""A server in a process of its own, for as long as a block runs."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


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
        """CPU that the process has used, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_megabytes(self) -> float:
        """The most memory that the process has had resident, in 10^6 bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 / 1e6 if found else 0.0


@asynccontextmanager
async def run_server(arguments: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Server]:
    """Run `python ARGUMENTS`, which prints `Taking events on URL` when it is ready; end it with SIGTERM.

    Raises:
        RuntimeError: it ended before it was ready.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("DD_", "RELAY_"))},
            **env,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    server = Server(process)
    ready = asyncio.Event()
    reading = asyncio.create_task(_read(server, ready))
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


async def _read(server: Server, ready: asyncio.Event) -> None:
    assert server.process.stdout is not None
    async for line in server.process.stdout:
        server.lines.append(line.decode())
        if found := re.search(r"Taking events on (\S+)", server.lines[-1]):
            server.url = found[1]
            ready.set()
