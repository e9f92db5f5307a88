import asyncio
import socket

import httpx2
import pytest

from datadog_assets.errors import CannotListen
from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox


def empty_sandbox() -> Sandbox:
    return Sandbox(api_keys={"k"}, app_keys={"a"})


def test_requests_from_many_connections_at_once_all_arrive() -> None:
    async def main() -> None:
        sandbox = empty_sandbox()
        async with (
            run_sandbox(sandbox) as url,
            httpx2.AsyncClient(base_url=url, headers={"DD-API-KEY": "k"}) as client,
        ):
            entries = [{"message": "x"}] * 10
            answers = await asyncio.gather(*(client.post("/api/v2/logs", json=entries) for _ in range(100)))
            assert {answer.status_code for answer in answers} == {202}
            assert len({log["id"] for log in sandbox.logs}) == 1000

    asyncio.run(main())


def test_a_sandbox_stops_with_its_block_though_a_client_stays_connected() -> None:
    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            async with run_sandbox(empty_sandbox()) as url:
                await client.get(f"{url}/sandbox/stats")
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"{url}/sandbox/stats")

    asyncio.run(main())


def test_an_error_in_the_block_comes_out_as_it_is() -> None:
    async def main() -> None:
        async with run_sandbox(empty_sandbox()):
            raise LookupError("the block's own")

    with pytest.raises(LookupError, match="the block's own"):
        asyncio.run(main())


def test_the_port_can_be_chosen_and_is_free_again_afterwards() -> None:
    async def main(port: int) -> str:
        async with run_sandbox(empty_sandbox(), port=port) as url:
            return url

    url = asyncio.run(main(0))
    assert asyncio.run(main(int(url.rpartition(":")[2]))) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_any_loopback_address_will_do(host: str) -> None:
    async def main() -> None:
        async with run_sandbox(empty_sandbox(), host) as url, httpx2.AsyncClient() as client:
            assert (await client.get(f"{url}/sandbox/stats")).status_code == 200

    asyncio.run(main())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    async def main() -> None:
        async with run_sandbox(empty_sandbox(), host):
            pass

    with pytest.raises(CannotListen, match="loopback addresses only"):
        asyncio.run(main())


def test_a_taken_port_is_refused() -> None:
    async def main(port: int) -> None:
        async with run_sandbox(empty_sandbox(), port=port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            asyncio.run(main(port))
