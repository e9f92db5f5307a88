"""One `relay serve`, a real process, and how to ask it things over its public endpoints."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from process import Server, run_server

END_SECONDS = 30.0
"""A relay that does not end so long after SIGTERM is killed."""


@dataclass(slots=True)
class Relay:
    """A relay that takes events.

    Attributes:
        server: its process.
        expected_codes: how it may end; empty while nobody has asked it to.
        peak: the most memory seen so far, in 10^6 bytes.
    """

    server: Server
    expected_codes: set[int] = field(default_factory=set)
    peak: float = 0.0

    @property
    def url(self) -> str:
        """Where it takes events."""
        return self.server.url

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.server.process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.server.process.returncode

    def log(self) -> list[str]:
        """The lines that it has logged so far."""
        return list(self.server.lines)

    async def get(self, path: str) -> httpx2.Response:
        """Get another path than that for events."""
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            return await client.get(self.url.replace("/okta/events", path))

    async def status(self, path: str) -> int:
        """The status of a path; 0 if there was no answer."""
        try:
            return (await self.get(path)).status_code
        except httpx2.HTTPError:
            return 0

    async def metric(self, name: str, **labels: str) -> float:
        """A metric, summed over the labels that are not given; 0 if there is none."""
        text = (await self.get("/metrics")).text
        found = re.findall(rf"^{name}(?:{{([^}}]*)}})? (\S+)$", text, re.MULTILINE)
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(value) for given, value in found if all(one in given for one in wanted))

    async def held(self) -> int:
        """Records that are neither delivered nor dead."""
        waiting = await self.metric("relay_spool_waiting_records")
        return int(waiting + await self.metric("relay_spool_claimed_records"))

    async def dead(self) -> int:
        """Dead letters."""
        return int(await self.metric("relay_spool_dead_letters"))

    def open_files(self) -> int:
        """Files and connections that its process has open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def note_peak(self) -> None:
        """Remember how much memory it has needed; a process that is gone tells nothing any more."""
        with contextlib.suppress(OSError):
            self.peak = max(self.peak, self.server.peak_megabytes())

    def send(self, number: signal.Signals) -> None:
        """Send a signal; whoever gets SIGTERM or SIGKILL has to end."""
        self.note_peak()
        if number in {signal.SIGTERM, signal.SIGKILL}:
            self.expected_codes = {0} if number == signal.SIGTERM else {-number}
        # not Process.send_signal: it looks first whether the process has ended, and takes the exit code away
        # from asyncio, which then tells another
        if self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code.

        Raises:
            TimeoutError: it did not end, and was killed.
        """
        self.send(number)
        return await self.wait()

    async def wait(self) -> int:
        """Wait for the end; gives the exit code. Raises as `end` does."""
        try:
            async with asyncio.timeout(END_SECONDS):
                return await self.server.process.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            self.expected_codes = {0}  # this was not asked for
            raise TimeoutError(f"the relay did not end within {END_SECONDS:g} s, and was killed") from None


@asynccontextmanager
async def run_relay(environment: Mapping[str, str]) -> AsyncIterator[Relay]:
    """Run `relay serve` while the block runs; it is surely gone after it.

    Raises:
        RuntimeError: it ended before it was ready.
    """
    async with run_server(["-m", "relay", "serve"], environment) as server:
        relay = Relay(server)
        if not server.url.startswith("http"):  # the words stand in a traceback
            raise RuntimeError(f"ended with {await relay.wait()}: {''.join(server.lines)}")
        try:
            yield relay
        finally:
            if relay.ended is None:
                relay.send(signal.SIGTERM)
                with contextlib.suppress(TimeoutError):
                    await relay.wait()
