"""Several processes that receive: to whoever sends or looks on they are one relay, whichever of them dies."""

import asyncio
import os
import signal
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path

import httpx2
import orjson
import pytest
from load import Answers, post_all
from running import (
    API_KEY,
    HEADERS,
    NOWHERE,
    TOKEN,
    RelayProcess,
    certificate_files,
    environment,
    relay_process,
    sandbox,
    until,
)

import relay.serve
from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from relay import cli, okta_sample
from relay.errors import Died
from relay.forwarder import Forwarder
from relay.metrics import Metrics
from relay.serve import serve, serve_until_signal
from relay.settings import read
from relay.workers import pool, worker_process

either_server = pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])


def bodies(number: int, seed: int = 7) -> list[bytes]:
    return [*islice(endless(seed), number)]


def endless(seed: int = 7) -> Iterator[bytes]:
    return map(orjson.dumps, okta_sample.events(seed=seed))


def arrived(datadog: Sandbox) -> Counter[bytes]:
    return Counter(log["message"].encode() for log in datadog.logs)


def workers(relay: RelayProcess | int) -> list[int]:
    pid = relay if isinstance(relay, int) else relay.server.process.pid
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for task in tasks for child in task.read_text().split())


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def told(relay: RelayProcess, text: str) -> int:
    return sum(text in line for line in relay.server.lines)


@asynccontextmanager
async def alone(relay: RelayProcess | int, pid: int) -> AsyncIterator[None]:
    """Only this worker can accept while the block runs."""
    others = [other for other in workers(relay) if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


@asynccontextmanager
async def a_sender_to_each(relay: RelayProcess) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """For each worker a client whose only connection it has."""
    base = relay.url.removesuffix("/okta/events")
    async with AsyncExitStack() as stack:
        clients = []
        for pid in workers(relay):
            client = await stack.enter_async_context(
                httpx2.AsyncClient(base_url=base, headers=HEADERS, limits=httpx2.Limits(max_connections=1))
            )
            async with alone(relay, pid):
                assert (await client.get("/livez")).status_code == 200
            clients.append(client)
        yield clients


async def begin_request(events_url: str, length: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that a worker has begun to read, and whose body is still to come."""
    url = httpx2.URL(events_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = (
        "POST /okta/events HTTP/1.1",
        "Host: relay",
        f"Authorization: {TOKEN}",
        f"Content-Length: {length}",
        "Expect: 100-continue",
        "",
        "",
    )
    writer.write("\r\n".join(lines).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    return reader, writer


async def post_on_each_connection(
    relay: RelayProcess, sent: Iterable[bytes], answers: Answers, *, again: bool = False
) -> int:
    """Post events over 8 connections, if so wished others for those that break; tells how many broke."""
    left = iter(sent)

    async def post() -> int:
        try:
            await post_all(relay.url, left, connections=1, headers=HEADERS, answers=answers)
        except ConnectionError:
            return 1 + (await post() if again else 0)
        return 0

    return sum(await asyncio.gather(*(post() for _ in range(8))))


def sockets(pid: int) -> int:
    return sum(str(file.readlink()).startswith("socket:") for file in Path(f"/proc/{pid}/fd").iterdir())


@either_server
def test_whichever_worker_an_event_comes_to_it_arrives_once_and_each_tells_the_sum_of_all_counts(
    tmp_path: Path, server: str
) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = bodies(30)
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, ["--workers", "3"], RELAY_SERVER=server) as relay,
        ):
            assert len(workers(relay)) == 3
            assert told(relay, "Taking events on") == 1
            async with a_sender_to_each(relay) as senders:
                for event in sent:
                    for sender in senders:
                        assert (await sender.post("/okta/events", content=event)).status_code == 202
                assert (await senders[0].post("/okta/events", content=b"[")).status_code == 400
                for sender in senders:
                    lines = (await sender.get("/metrics")).text.splitlines()
                    assert "relay_requests_total 90.0" in lines
                    assert "relay_events_repeated_total 60.0" in lines
                    assert "relay_accept_seconds_count 90.0" in lines
                    assert 'relay_requests_refused_total{code="malformed_json"} 1.0' in lines
                    assert "relay_spool_writable 1.0" in lines
                    assert (await sender.get("/readyz")).json() == {"status": "ready"}
            await until(lambda: datadog.stats.logs_accepted == 30)
            assert await relay.end() == 0
        assert arrived(datadog) == Counter(sent)

    asyncio.run(main())


def test_under_load_each_event_arrives_once_and_is_counted_once(tmp_path: Path) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = bodies(1_000)
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_WORKERS="2") as relay,
        ):
            answers = await post_all(relay.url, [*sent, *sent], connections=32, headers=HEADERS)
            assert answers.statuses == {202: 2_000}
            assert await relay.metric("relay_requests_total") == 2_000
            assert await relay.metric("relay_events_repeated_total") == 1_000
            await until(lambda: datadog.stats.logs_accepted >= 1_000)
        assert arrived(datadog) == Counter(sent)

    asyncio.run(main())


def test_a_worker_that_is_killed_under_load_costs_no_answered_event_and_another_takes_its_place(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        datadog = sandbox()
        sent = bodies(1_500)
        answers = Answers()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_WORKERS="2") as relay,
        ):
            posting = asyncio.create_task(post_on_each_connection(relay, sent, answers, again=True))
            await until(lambda: len(answers.accepted) > 300)
            kept, killed = sorted(workers(relay), key=sockets)
            os.kill(killed, signal.SIGKILL)
            broken = await posting
            assert 0 < broken <= 8
            assert len(answers.accepted) == len(sent) - broken
            await until(lambda: len(workers(relay)) == 2 and killed not in workers(relay))
            [fresh] = set(workers(relay)) - {kept}
            async with alone(relay, fresh):
                assert (await relay.post(bodies(1, seed=8)[0])).status_code == 202
            await until(lambda: not Counter(answers.accepted) - arrived(datadog))
            await until(lambda: told(relay, "was ended by SIGKILL. Another takes its place") == 1)
            assert await relay.end() == 0
        assert max(arrived(datadog).values()) == 1

    asyncio.run(main())


def test_a_worker_that_dies_again_and_again_is_told_once_and_the_other_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2") as relay:
            first, kept = workers(relay)
            dead = {first}
            os.kill(first, signal.SIGKILL)
            for _ in range(2):
                await until(lambda: bool(set(workers(relay)) - dead - {kept}))
                [fresh] = set(workers(relay)) - dead - {kept}
                os.kill(fresh, signal.SIGKILL)
                dead.add(fresh)
                async with asyncio.timeout(60):
                    assert (await relay.post(bodies(1)[0])).status_code == 202
            assert told(relay, "Another takes its place") == 1
            assert await relay.end() == 0

    asyncio.run(main())


def test_a_worker_that_gets_sigterm_ends_its_request_and_another_takes_its_place(tmp_path: Path) -> None:
    [event] = bodies(1)

    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2") as relay:
            first, kept = workers(relay)
            async with alone(relay, first):
                reader, writer = await begin_request(relay.url, len(event))
            os.kill(first, signal.SIGTERM)
            writer.write(event)
            assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
            await until(lambda: len(workers(relay)) == 2 and first not in workers(relay))
            assert kept in workers(relay)
            await until(lambda: told(relay, "ended with exit code 0. Another takes its place") == 1)
            assert await relay.metric("relay_requests_total") == 1
            writer.close()

    asyncio.run(main())


def test_if_the_main_process_is_killed_its_workers_end_and_what_was_answered_202_is_kept(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        datadog = sandbox()
        answers = Answers()
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2") as relay:
            pids = workers(relay)
            posting = asyncio.create_task(post_on_each_connection(relay, endless(), answers))
            await until(lambda: len(answers.accepted) > 300)
            assert await relay.end(signal.SIGKILL) == -signal.SIGKILL
            await until(lambda: not any(map(runs, pids)), seconds=10)
            assert await posting == 8
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_WORKERS="2"),
        ):
            await until(lambda: not Counter(answers.accepted) - arrived(datadog))

    asyncio.run(main())


@pytest.mark.parametrize(("server", "number"), [("hypercorn", signal.SIGTERM), ("uvicorn", signal.SIGINT)])
def test_a_signal_that_all_get_ends_the_requests_under_way_then_the_workers_then_the_relay_with_0(
    tmp_path: Path, server: str, number: signal.Signals
) -> None:
    sent = endless()
    event = next(sent)

    async def main() -> None:
        datadog = sandbox()
        answers = Answers()
        async with run_sandbox(datadog) as logs_url:
            async with relay_process(
                tmp_path / "spool.db", logs_url, RELAY_WORKERS="2", RELAY_SERVER=server
            ) as relay:
                pids = workers(relay)
                reader, writer = await begin_request(relay.url, len(event))
                posting = asyncio.create_task(post_on_each_connection(relay, sent, answers))
                await until(lambda: len(answers.accepted) > 100)
                for pid in pids if number is signal.SIGINT else []:
                    os.kill(pid, signal.SIGHUP)
                    os.kill(pid, signal.SIGINT)
                relay.server.process.send_signal(number)
                await until(lambda: told(relay, "Stopping.") == 1)
                writer.write(event)
                assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
                assert await relay.server.process.wait() == 0
                assert not any(map(runs, pids))
                assert await posting == 8
                assert told(relay, "Another takes its place") == 0
                assert told(relay, "Traceback") == 0
                writer.close()
            async with relay_process(tmp_path / "spool.db", logs_url):
                await until(lambda: not Counter([event, *answers.accepted]) - arrived(datadog))

    asyncio.run(main())


@asynccontextmanager
async def relay_here(spool: Path) -> AsyncIterator[str]:
    """A relay whose main process is this one; gives the URL for events."""
    settings = read({**environment(spool, NOWHERE), "RELAY_WORKERS": "2"}, serving=True)
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    running = asyncio.create_task(serve(settings, Metrics(), stop, url.set_result))
    try:
        yield await url
    finally:
        stop.set()
        await running


def test_neither_a_sender_that_never_ends_nor_a_worker_that_hangs_keeps_the_relay_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay.serve, "DRAIN_SECONDS", 0.2)
    monkeypatch.setattr(pool, "_LAST_SECONDS", 0.2)

    async def main() -> None:
        async with relay_here(tmp_path / "spool.db") as url:
            hanging, sound = pids = workers(os.getpid())
            async with alone(os.getpid(), sound):
                _, writer = await begin_request(url, 9)
            os.kill(hanging, signal.SIGSTOP)
        assert not any(map(runs, pids))
        writer.close()

    asyncio.run(main())


def test_when_another_has_taken_a_workers_place_for_good_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool, "_WELL_SECONDS", 0.01)
    caplog.set_level("INFO", "relay.workers")

    async def main() -> None:
        async with relay_here(tmp_path / "spool.db"):
            os.kill(workers(os.getpid())[0], signal.SIGKILL)
            await until(lambda: len(caplog.messages) == 2)

    asyncio.run(main())
    number = caplog.messages[0].split()[1]
    assert caplog.messages == [
        f"Worker {number} was ended by SIGKILL. Another takes its place; the others go on.",
        f"Worker {number} is at work again.",
    ]


def test_the_forwarders_death_ends_the_workers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = asyncio.Event()

    async def run(self: Forwarder, stop: asyncio.Event, seconds: float) -> None:
        await broken.wait()
        raise KeyError("a fault")

    monkeypatch.setattr(Forwarder, "run", run)
    pids = []

    async def main() -> None:
        async with relay_here(tmp_path / "spool.db"):
            pids.extend(workers(os.getpid()))
            broken.set()

    with pytest.raises(Died, match=r"^The forwarder failed: KeyError: 'a fault'$"):
        asyncio.run(main())
    assert len(pids) == 2
    assert not any(map(runs, pids))


def test_a_second_sigterm_ends_all_at_once_with_0(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2") as relay:
            pids = workers(relay)
            _, writer = await begin_request(relay.url, 9)
            relay.server.process.terminate()
            await until(lambda: told(relay, "Stopping.") == 1)
            assert await relay.end() == 0
            await until(lambda: not any(map(runs, pids)), seconds=5)
            assert told(relay, "Stopped.") == 0
            writer.close()

    asyncio.run(main())


def test_sighup_changes_the_token_and_the_file_for_all_workers_and_those_that_come_later(
    tmp_path: Path,
) -> None:
    token, env_file = tmp_path / "token", tmp_path / "relay.env"
    token.write_text("old-token")
    env_file.write_text("DD_TAGS=team:old\n")
    fresh = iter(bodies(1_000))

    async def status(sender: httpx2.AsyncClient, given: str) -> int:
        header = {"Authorization": given}
        return (await sender.post("/okta/events", content=next(fresh), headers=header)).status_code

    async def main() -> None:
        datadog = sandbox()
        async with (
            run_sandbox(datadog) as logs_url,
            relay_process(
                tmp_path / "spool.db",
                logs_url,
                ["--env-file", str(env_file), "--workers", "2"],
                RELAY_TOKEN="",
                RELAY_TOKEN_FILE=str(token),
            ) as relay,
        ):
            async with a_sender_to_each(relay) as senders:
                assert [await status(sender, "old-token") for sender in senders] == [202, 202]
                token.write_text("new-token")
                env_file.write_text("DD_TAGS=team:new\n")
                relay.server.process.send_signal(signal.SIGHUP)
                await until(lambda: told(relay, "Changed: tags, tokens.") == 1)
                for sender in senders:
                    async with asyncio.timeout(60):
                        while await status(sender, "new-token") != 202:
                            pass
                    assert await status(sender, "old-token") == 403
            first, kept = workers(relay)
            os.kill(first, signal.SIGKILL)
            await until(lambda: len(workers(relay)) == 2 and first not in workers(relay))
            async with a_sender_to_each(relay) as senders:
                assert [await status(sender, "old-token") for sender in senders] == [403, 403]
                assert [await status(sender, "new-token") for sender in senders] == [202, 202]
            await until(lambda: datadog.stats.logs_accepted == 6)
            assert kept in workers(relay)
        tags = Counter(tag for log in datadog.logs for tag in log["tags"] if tag.startswith("team:"))
        assert tags == {"team:old": 2, "team:new": 4}

    asyncio.run(main())


def test_sighup_renews_the_certificate_of_all_workers(tmp_path: Path) -> None:
    certificate, key = certificate_files(tmp_path)
    tls = {"RELAY_TLS_CERT": str(certificate), "RELAY_TLS_KEY": str(key)}

    def shown(relay: RelayProcess) -> bytes:
        url = httpx2.URL(relay.url)
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection((url.host, url.port or 0)) as plain,
            trusting.wrap_socket(plain) as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True) or b""

    async def shown_by_each(relay: RelayProcess) -> set[bytes]:
        found = set()
        for pid in workers(relay):
            async with alone(relay, pid):
                found.add(await asyncio.to_thread(shown, relay))
        return found

    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2", **tls) as relay:
            assert relay.url.startswith("https://")
            before = await shown_by_each(relay)
            assert len(before) == 1
            certificate_files(tmp_path)
            relay.server.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(60):
                while len(after := await shown_by_each(relay)) > 1 or after == before:
                    pass
            key.write_text("no key")
            relay.server.process.send_signal(signal.SIGHUP)
            await until(lambda: told(relay, "The certificate is left as it is") == 1)
            assert await shown_by_each(relay) == after
            assert told(relay, "The certificate is left as it is") == 1

    asyncio.run(main())


def test_a_full_spool_is_told_to_each_sender_by_whichever_worker(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(
            tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2", RELAY_SPOOL_MAX_BYTES="1kB"
        ) as relay:
            small, large = b'{"event_type":"FLOW_START"}', orjson.dumps({"text": "x" * 2_000})
            async with a_sender_to_each(relay) as senders:
                for sender in senders:
                    answer = await sender.post("/okta/events", content=large)
                    assert answer.status_code == 503
                    assert answer.headers["Retry-After"] == "10"
                    assert answer.json()["error"] == {
                        "code": "spool_full",
                        "message": "The spool holds its limit of 1,000 bytes.",
                    }
                together = await asyncio.gather(
                    *(senders[0].post("/okta/events", content=each) for each in (small, large))
                )
                assert [answer.status_code for answer in together] == [202, 503]
                for sender in senders:
                    lines = (await sender.get("/metrics")).text.splitlines()
                    assert 'relay_requests_refused_total{code="spool_full"} 3.0' in lines

    asyncio.run(main())


def test_each_worker_tells_that_the_relay_as_a_whole_is_not_ready(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            run_sandbox(sandbox()) as logs_url,
            relay_process(tmp_path / "spool.db", logs_url, RELAY_WORKERS="2", DD_API_KEY="revoked") as relay,
        ):
            assert (await relay.post(bodies(1)[0])).status_code == 202
            await until(lambda: told(relay, "HTTP 403") > 0)
            async with a_sender_to_each(relay) as senders:
                for sender in senders:
                    answer = await sender.get("/readyz")
                    assert answer.status_code == 503
                    assert answer.json()["reasons"] == [
                        "Datadog refuses the API key (HTTP 403). Check DD_API_KEY and DD_SITE."
                    ]

    asyncio.run(main())


def test_no_secret_is_on_a_workers_command_line_and_all_log_in_one_format(tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(
            tmp_path / "spool.db", NOWHERE, RELAY_WORKERS="2", RELAY_LOG_FORMAT="json"
        ) as relay:
            for pid in workers(relay):
                line = Path(f"/proc/{pid}/cmdline").read_text()
                assert TOKEN not in line
                assert API_KEY not in line
            assert await relay.end() == 0
            assert all(orjson.loads(line)["message"] for line in relay.server.lines)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (["/bin/false"], "Worker 1 ended with exit code 1 before it took events."),
        (["/nowhere"], "Worker 1 could not be started (No such file or directory) before it took events."),
    ],
)
def test_a_worker_that_cannot_begin_ends_the_relay_with_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], fault: str
) -> None:
    monkeypatch.setattr(worker_process, "_command", lambda: command)
    settings = read({**environment(tmp_path / "spool.db", NOWHERE), "RELAY_WORKERS": "2"}, serving=True)
    with pytest.raises(Died) as died:
        asyncio.run(serve(settings, Metrics(), asyncio.Event()))
    assert str(died.value) == fault.replace("Worker 1", str(died.value)[:8])


def test_more_workers_than_processors_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(worker_process, "_command", lambda: ["/bin/false"])
    settings = read({**environment(tmp_path / "spool.db", NOWHERE), "RELAY_WORKERS": "2"}, serving=True)
    with pytest.raises(Died):
        asyncio.run(serve_until_signal(settings, lambda: settings))
    assert caplog.messages == [
        "RELAY_WORKERS is 2, more than there are processors (1): the others only take memory."
    ]


@pytest.mark.parametrize("number", ["0", "-1", "65", "two", "1.5"])
def test_a_number_of_workers_that_cannot_be_is_told(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(tmp_path / "spool.db", NOWHERE).items():
        monkeypatch.setenv(name, value)
    assert cli.run(["serve", f"--workers={number}"]) == 1
    assert capsys.readouterr().err == "relay: RELAY_WORKERS: is no whole number from 1 to 64.\n"
