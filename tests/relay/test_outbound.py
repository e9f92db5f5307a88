"""Clients keep to the proxies and certificates of the environment, but ask no proxy for this machine."""

import asyncio
from pathlib import Path

import pytest
from running import sandbox

from datadog_assets.sandbox.server import run_sandbox
from relay import outbound
from relay.errors import ConfigurationError

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _none_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_sandbox_on_this_machine_is_reached_whatever_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def status() -> int:
        async with run_sandbox(sandbox()) as url, outbound.client() as client:
            return (await client.get(f"{url}/sandbox/stats")).status_code

    assert asyncio.run(status()) == 200


def test_any_other_host_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked() -> bytes:
        lines: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.set_result(await reader.readline())
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
            async with outbound.client() as client:
                await client.get("http://datadog.example/path")
            return await lines

    assert asyncio.run(asked()) == b"GET http://datadog.example/path HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "http://proxy:port"), ("ALL_PROXY", "gopher://proxy"), ("SSL_CERT_FILE", "letters.txt")],
)
def test_what_cannot_work_is_a_fault_of_the_configuration(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.txt").write_text("no certificate")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"{name}.* one of them (cannot work: |is no URL)") as caught:
        outbound.client()
    assert len(caught.value.faults) == 1
