"""Real processes for tests: `relay serve` on a free port, and how to ask it things."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import trustme
from process import Server, run_server

from datadog_assets.sandbox.app import Sandbox

TOKEN = "test-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
API_KEY = "test-api-key"
NOWHERE = "http://127.0.0.1:1"


def sandbox() -> Sandbox:
    return Sandbox(api_keys={API_KEY}, app_keys={"test-app-key"})


def certificate_files(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody trusts, and its key."""
    made = trustme.CA().issue_cert("127.0.0.1")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made.cert_chain_pems[0].write_to_path(certificate)
    made.private_key_pem.write_to_path(key)
    return certificate, key


@dataclass(frozen=True, slots=True)
class RelayProcess:
    """A `relay serve` that takes events."""

    server: Server

    @property
    def url(self) -> str:
        return self.server.url

    async def get(self, path: str) -> httpx2.Response:
        async with httpx2.AsyncClient() as client:
            return await client.get(self.url.replace("/okta/events", path))

    async def post(self, body: bytes | str) -> httpx2.Response:
        async with httpx2.AsyncClient(headers=HEADERS) as client:
            return await client.post(self.url, content=body)

    async def metric(self, name: str, label: str = "") -> float:
        """A metric, summed over its labels, or of one: `outcome="changed"`."""
        text = (await self.get("/metrics")).text
        found = re.findall(rf"^{name}(?:{{([^}}]*)}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for given, value in found if label in given)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.server.process.send_signal(number)
        return await self.server.process.wait()


def environment(spool: Path, logs_url: str, **more: str) -> dict[str, str]:
    """What `relay serve` needs."""
    return {
        "DD_API_KEY": API_KEY,
        "DD_API_URL": logs_url,
        "DD_LOGS_URL": logs_url,
        "RELAY_BATCH_WAIT": "0.1",
        "RELAY_BIND": "127.0.0.1:0",
        "RELAY_SPOOL": f"sqlite:{spool}",
        "RELAY_TOKEN": TOKEN,
        **more,
    }


@asynccontextmanager
async def relay_process(
    spool: Path, logs_url: str, arguments: Sequence[str] = (), **more: str
) -> AsyncIterator[RelayProcess]:
    """Run `relay serve` while the block runs; if it still runs at the end, it gets SIGTERM."""
    async with run_server(
        ["-m", "relay", "serve", *arguments], environment(spool, logs_url, **more)
    ) as server:
        yield RelayProcess(server)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that must happen; the bound is only there to end a test that failed."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.02)
