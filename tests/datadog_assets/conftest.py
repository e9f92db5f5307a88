"""A sandbox on a real socket, served by a thread of its own, at a time that stands still."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox

KEYS = {"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}


@contextmanager
def served(sandbox: Sandbox) -> Iterator[str]:
    url = ""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        nonlocal url
        async with run_sandbox(sandbox) as url:
            ready.set()
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture
def now() -> float:
    """2026-03-04T05:06:07Z."""
    return 1_772_600_767.0


@pytest.fixture
def keep() -> int:
    """How many logs the sandbox keeps; a test may give its own."""
    return 100_000


@pytest.fixture
def sandbox(now: float, keep: int) -> Sandbox:
    return Sandbox(api_keys={"k"}, app_keys={"a"}, keep=keep, clock=lambda: now)


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    with served(sandbox) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    """Sends both keys with every request, unless told otherwise."""
    with httpx2.Client(base_url=url, headers=KEYS) as client:
        yield client


@pytest.fixture(scope="module")
def shared_client() -> Iterator[httpx2.Client]:
    """One for all examples of a property: they do not look at what is stored."""
    with (
        served(Sandbox(api_keys={"k"}, app_keys={"a"}, keep=10)) as url,
        httpx2.Client(base_url=url, headers=KEYS) as client,
    ):
        yield client


@pytest.fixture
def api(sandbox: Sandbox) -> TestClient:
    """As `client`, without a socket between."""
    return TestClient(sandbox.app, headers=KEYS)
