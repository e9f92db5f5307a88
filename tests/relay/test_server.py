"""The relay on either server, with and without TLS."""

import asyncio
import ssl
from pathlib import Path

import httpx2
import orjson
import pytest
from running import HEADERS, certificate_files, environment, relay_process, sandbox, until

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
