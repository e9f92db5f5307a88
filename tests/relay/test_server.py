"""The relay on either server, with and without TLS."""

import asyncio
import ssl
from pathlib import Path

import httpx2
import orjson
import pytest
from running import HEADERS, NOWHERE, certificate_files, environment, relay_process, sandbox, until

from datadog_assets.sandbox.server import run_sandbox
from relay import check, okta_sample
from relay.settings import read

EVENT = orjson.dumps(next(okta_sample.events(seed=3)))


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_either_server_takes_events_and_ends_with_0(tmp_path: Path, server: str) -> None:
    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_SERVER=server) as relay,
        ):
            assert (await relay.post(EVENT)).status_code == 202
            assert (await relay.post(b" " * 6_000_000)).status_code == 413
            await until(lambda: datadog.stats.logs_accepted == 1)
            assert await relay.end() == 0

    asyncio.run(main())


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_either_server_takes_events_over_tls(tmp_path: Path, server: str) -> None:
    certificate, key = certificate_files(tmp_path)
    tls = {"RELAY_TLS_CERT": str(certificate), "RELAY_TLS_KEY": str(key), "RELAY_SERVER": server}

    async def main() -> None:
        datadog = sandbox()
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, **tls) as relay,
            httpx2.AsyncClient(verify=trusting, headers=HEADERS) as client,
        ):
            assert relay.url.startswith("https://")
            assert (await client.post(relay.url, content=EVENT)).status_code == 202
            await until(lambda: datadog.stats.logs_accepted == 1)
            here = relay.url.removeprefix("https://").removesuffix("/okta/events")
            settings = read({**environment(tmp_path, logs_url), **tls, "RELAY_BIND": here})
            assert await check.is_alive(settings)

    asyncio.run(main())


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
@pytest.mark.parametrize(("line", "status"), [(b"PUT /okta/events", 405), (b"POST /nowhere", 404)])
def test_who_asks_for_what_is_not_there_keeps_the_connection(
    tmp_path: Path, server: str, line: bytes, status: int
) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_SERVER=server) as relay:
            reader, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(relay.url).port)
            writer.write(line + b" HTTP/1.1\r\nHost: relay\r\nContent-Length: 4\r\n\r\n{}")
            assert (await relay.get("/livez")).status_code == 200  # the first half has been seen by now
            writer.write(b"  ")
            assert (await reader.readline()).startswith(b"HTTP/1.1 %d " % status)
            await reader.readuntil(b"}}")
            writer.write(b"GET /livez HTTP/1.1\r\nHost: relay\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()

    asyncio.run(main())
