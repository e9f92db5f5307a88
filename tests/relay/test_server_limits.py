"""What strangers send to either server: it is bounded, and the others go on being served."""

import asyncio
import contextlib
import logging
import re
import resource
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from running import HEADERS, NOWHERE, certificate_files, relay_process, until
from starlette.types import Receive, Scope, Send

from relay import server
from relay.limits import Limits

pytestmark = pytest.mark.parametrize("name", ["hypercorn", "uvicorn"])

GET = b"GET /e HTTP/1.1\r\nHost: relay\r\n\r\n"
POST = b"POST /e HTTP/1.1\r\nHost: relay\r\n"
SLOW = POST + b"Content-Length: 9\r\n\r\n{"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Served:
    """A server in this process, with an app that reads the body and answers 202.

    Attributes:
        port: where it listens.
        bodies: what arrived whole.
        answer: the body of each answer.
        begun: how many requests the app has had.
        clients: are closed at the end.
    """

    port: int
    tls: ssl.SSLContext | None = None
    bodies: list[bytes] = field(default_factory=list)
    answer: bytes = b"{}"
    begun: int = 0
    clients: list[asyncio.StreamWriter] = field(default_factory=list)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        self.begun += 1
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        length = str(len(self.answer)).encode()
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.answer})

    async def connect(self, send: bytes = b"", *, plain: bool = False) -> Stream:
        tls = None if plain else self.tls
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls)
        self.clients.append(writer)
        writer.write(send)
        return reader, writer


@contextlib.asynccontextmanager
async def serving(
    name: str, limits: Limits | None = None, files: tuple[Path, Path] | None = None
) -> AsyncIterator[Served]:
    context = server.tls_context(str(files[0]), str(files[1])) if files else None
    listening = server.Listening(server.bind("127.0.0.1", 0), context, 1.0, limits or Limits())
    served = Served(listening.socket.getsockname()[1], trusting() if files else None)
    stop = asyncio.Event()
    running = asyncio.create_task(server.run(name, served.app, listening, stop))
    try:
        async with asyncio.timeout(60):
            yield served
    finally:
        stop.set()
        await asyncio.wait_for(running, 30)
        for client in served.clients:
            client.transport.abort()
        await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []


def trusting(*protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


async def statuses(reader: asyncio.StreamReader) -> list[int]:
    """Of all answers until the server closes the connection."""
    got = b""
    with contextlib.suppress(ConnectionError):  # it closes at once, whatever is still under way
        while part := await reader.read(65536):
            got += part
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", got)]


def is_closed(stream: Stream) -> bool:
    """Whether the server has closed it, as far as is known without reading."""
    return stream[0].at_eof() or stream[0].exception() is not None or stream[1].is_closing()


async def ask(stream: Stream) -> int:
    """Send a request over a connection and read the answer; 0 if the connection is closed."""
    reader, writer = stream
    try:
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        await reader.readexactly(int(found[1]) if found else 0)
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0
    return int(head[9:12])


async def is_served(served: Served) -> bool:
    """Whether a new connection is."""
    stream = await served.connect()
    status = await ask(stream)
    stream[1].close()
    return status == 202


async def until_served(served: Served) -> None:
    async with asyncio.timeout(30):
        while not await is_served(served):  # noqa: ASYNC110  # time is what makes room
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="CL-TE"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", id="TE-CL"),
        pytest.param(POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", id="CL-CL"),
        pytest.param(POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", id="CL-CL-same"),
        pytest.param(POST + b"Content-Length: +2\r\n\r\n{}", id="CL-sign"),
        pytest.param(POST + b"Content-Length : 2\r\n\r\n{}", id="space-before-colon"),
        pytest.param(POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", id="folded"),
        pytest.param(POST + b"X: a\r\n\tb\r\n\r\n", id="folded-with-tab"),
        pytest.param(b"POST /e HTTP/1.1\nHost: relay\n\n", id="bare-LF"),
        pytest.param(POST + b"X: a\nContent-Length: 2\r\n\r\n{}", id="one-bare-LF"),
        pytest.param(POST + b"X: a\rContent-Length: 2\r\n\r\n{}", id="bare-CR"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", id="chunk-0x"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", id="chunk-sign"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", id="chunk-LF"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n", id="chunk-longer"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\n", id="last-chunk-LF"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\n\n", id="trailer-LF"),
    ],
)  # fmt: skip
def test_what_two_programs_could_read_as_different_requests_is_refused_and_nothing_after_it_is_read(
    name: str, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(name) as served:
            reader, writer = await served.connect(sent + GET)
            assert await statuses(reader) == [400]
            assert served.bodies == []
            writer.close()

    asyncio.run(main())
    assert caplog.messages == []


def test_a_chunked_body_is_taken_however_it_is_cut(name: str) -> None:
    async def main() -> None:
        async with serving(name) as served:
            reader, writer = await served.connect(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            for byte in b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n" + POST + b"Connection: close\r\n\r\n":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            assert await statuses(reader) == [202, 202]
            assert served.bodies == [b"{}", b""]
            writer.close()

    asyncio.run(main())


def test_http_2_is_not_spoken(name: str, tmp_path: Path) -> None:
    upgrade = (
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    )

    async def main() -> None:
        async with serving(name, Limits(idle=1)) as served:
            reader, writer = await served.connect(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
            assert await statuses(reader) in ([400], [505])
            writer.close()
            reader, writer = await served.connect(b"GET /e HTTP/1.1\r\nHost: relay\r\n" + upgrade + b"\r\n")
            assert await statuses(reader) == [202]
            writer.close()
        async with serving(name, files=certificate_files(tmp_path)) as served:
            served.tls = trusting("h2", "http/1.1")
            stream = await served.connect()
            assert stream[1].get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            assert await ask(stream) == 202
            stream[1].close()

    asyncio.run(main())


def test_headers_that_come_byte_by_byte_have_their_time_and_others_are_served(name: str) -> None:
    async def main() -> None:
        async with serving(name, Limits(head=1)) as served:
            answered = await served.connect()
            assert await ask(answered) == 202
            slow = [await served.connect(), answered]  # a new connection, and one that had a request before
            with contextlib.suppress(ConnectionError):
                while not all(is_closed(stream) for stream in slow):
                    for _, writer in slow:
                        writer.write(b"A")
                    assert await is_served(served)
                    await asyncio.sleep(0.05)
            for reader, _ in slow:
                assert await statuses(reader) == []

    asyncio.run(main())


def test_headers_without_end_are_cut_off(name: str) -> None:
    async def main() -> None:
        async with serving(name) as served:
            reader, writer = await served.connect(POST)
            with contextlib.suppress(ConnectionError):
                while not is_closed((reader, writer)):
                    writer.write(b"X: " + b"a" * 1000 + b"\r\n")
                    await writer.drain()
                    await asyncio.sleep(0)
            assert await statuses(reader) in ([], [431])
            assert await is_served(served)
            writer.close()

    asyncio.run(main())


def test_an_idle_connection_is_closed_in_time_whether_it_had_a_request_or_not(name: str) -> None:
    async def main() -> None:
        async with serving(name, Limits(idle=1)) as served:
            streams = [await served.connect(), await served.connect()]
            assert await ask(streams[0]) == 202
            for reader, _ in streams:
                assert await statuses(reader) == []

    asyncio.run(main())


@pytest.mark.parametrize("sent", [SLOW, GET * 2000], ids=["body", "answers"])
def test_a_request_has_its_time_however_slowly_it_is_sent_or_its_answer_read(name: str, sent: bytes) -> None:
    async def main() -> None:
        async with serving(name, Limits(request=1, idle=1)) as served:
            served.answer = b"a" * 20_000
            reader, writer = await served.connect(sent)
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: writer.transport.is_closing() or not served_connections(served))
            assert await is_served(served)
            assert len(served.bodies) < 1000
            writer.transport.abort()

    asyncio.run(main())


def served_connections(served: Served) -> int:
    """How many connections the kernel has established to the server, on the server's side."""
    port = f":{served.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(port) and row[3] == "01" for row in rows)


def test_a_tls_handshake_that_does_not_begin_has_its_time(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(name, Limits(head=1), certificate_files(tmp_path)) as served:
            silent = await served.connect(plain=True)
            plain = await served.connect(plain=True)
            plain[1].write(GET)
            for reader, _ in (silent, plain):
                assert await statuses(reader) == []
            assert await is_served(served)

    asyncio.run(main())
    assert caplog.messages == []


@pytest.mark.parametrize("tls", [False, True])
def test_when_there_is_no_room_who_waits_longest_is_closed_and_new_ones_are_served(
    name: str, tls: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(
            name, Limits(connections=10), certificate_files(tmp_path) if tls else None
        ) as served:
            silent = [await served.connect(plain=True) for _ in range(10)]
            asking = await served.connect()
            assert await ask(asking) == 202
            assert await statuses(silent[0][0]) == []
            silent += [await served.connect(plain=True) for _ in range(9)]
            assert await ask(asking) == 202
            for reader, _ in silent[:10]:
                assert await statuses(reader) == []

    asyncio.run(main())
    assert caplog.messages == ["There are 10 connections, as many as may be; who waits longest is closed."]


def test_when_each_connection_has_a_slow_request_the_slowest_ends_for_a_new_one(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(name, Limits(connections=10, crowded=0.5)) as served:
            slow = [await served.connect(SLOW) for _ in range(10)]
            await until(lambda: served.begun == 10)
            await until_served(served)
            assert sum(map(is_closed, slow)) in {1, 2}

    asyncio.run(main())
    assert len(caplog.messages) == 1


def test_there_are_only_so_many_requests_at_once(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(name, Limits(requests=10, crowded=1)) as served:
            slow = [await served.connect(SLOW) for _ in range(10)]
            await until(lambda: served.begun == 10)
            await until_served(served)
            assert any(map(is_closed, slow))

    asyncio.run(main())
    assert set(caplog.messages) <= {"There are 10 requests at once, as many as may be."}


MUCH = 64 * 1024
LONG = POST + b"Content-Length: %d\r\n\r\n" % (MUCH + 1)


async def has_much(served: Served) -> Stream:
    """A connection whose request is not sent to its end, and is all that may be here unanswered."""
    stream = await served.connect(LONG + b"x" * MUCH)
    await until(lambda: served.begun == 1)
    return stream


def test_while_much_is_not_answered_no_other_request_is_read_and_then_they_are(name: str) -> None:
    async def main() -> None:
        async with serving(name, Limits(unanswered=MUCH, pause=3_600.0)) as served:
            waiting, slow = await served.connect(), await served.connect(SLOW)
            await until(lambda: served.begun == 1)
            served.begun = 0
            long = await has_much(served)
            late = await served.connect(GET)
            waiting[1].write(GET)
            slow[1].write(b"}" * 8)
            assert b" 202 " in await slow[0].readline()  # what was begun goes on
            assert served.begun == 1
            long[1].write(b"x")
            for reader, _ in (long, waiting, late):
                assert b" 202 " in await reader.readline()
            assert sorted(map(len, served.bodies)) == [0, 0, 9, MUCH + 1]

    asyncio.run(main())


def test_a_request_that_came_before_the_pause_behind_another_is_read_to_its_end(name: str) -> None:
    async def main() -> None:
        async with serving(name, Limits(unanswered=MUCH, pause=3_600.0)) as served:
            reader, writer = await served.connect(SLOW)
            await until(lambda: served.begun == 1)
            served.begun = 0
            await has_much(served)
            writer.write(b"}" * 8 + SLOW)  # in one piece: both are here before the pause is over
            assert b" 202 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(b"}" * 8)
            assert b" 202 " in await reader.readuntil(b"\r\n\r\n")

    asyncio.run(main())


def test_senders_that_do_not_go_on_hold_up_the_others_only_for_a_while(name: str) -> None:
    async def main() -> None:
        async with serving(name, Limits(unanswered=MUCH, pause=0.01)) as served:
            waiting = await served.connect()
            await has_much(served)
            waiting[1].write(GET)
            late = await served.connect(GET)
            for reader, _ in (waiting, late):
                assert b" 202 " in await reader.readline()

    asyncio.run(main())


def test_a_renewed_certificate_is_used_from_the_next_connection_on(name: str, tmp_path: Path) -> None:
    def serial(stream: Stream) -> bytes:
        return bytes(stream[1].get_extra_info("ssl_object").getpeercert(binary_form=True))

    async def main() -> None:
        files = certificate_files(tmp_path)
        context = server.tls_context(str(files[0]), str(files[1]))
        listening = server.Listening(server.bind("127.0.0.1", 0), context)
        served = Served(listening.socket.getsockname()[1], trusting())
        stop = asyncio.Event()
        running = asyncio.create_task(server.run(name, served.app, listening, stop))
        before = await served.connect()
        assert await ask(before) == 202
        certificate_files(tmp_path)
        context.load_cert_chain(*files)
        after = await served.connect()
        assert await ask(after) == 202
        assert await ask(before) == 202
        assert serial(before) != serial(after)
        for _, writer in (before, after):
            writer.close()
        stop.set()
        await running

    asyncio.run(main())


def test_a_fault_of_one_connection_is_told_and_the_others_go_on(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with serving(name) as served:
            served.answer = None  # type: ignore[assignment]  # the app fails
            reader, writer = await served.connect(GET)
            writer.write_eof()
            assert await statuses(reader) == [500]
            writer.close()
            served.answer = b"{}"
            assert await is_served(served)

    asyncio.run(main())
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_thousands_of_connections_do_not_hinder_a_sender_nor_the_end(name: str, tmp_path: Path) -> None:
    number = min(2_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)

    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_SERVER=name) as relay:
            host, port = relay.url.removeprefix("http://").removesuffix("/okta/events").split(":")
            before = relay.server.peak_megabytes()
            streams = [await asyncio.open_connection(host, int(port)) for _ in range(number)]
            for _, writer in streams[::2]:
                writer.write(b"POST /okta/events HTTP/1.1\r\nHost: re")
            for _, writer in streams[::100]:
                writer.write(b"lay\r\nContent-Length: 9\r\n\r\n{")
            assert (await relay.post(b"{}")).status_code == 202
            assert relay.server.peak_megabytes() - before < 100
            async with asyncio.timeout(60):
                assert await relay.end() == 0
            for _, writer in streams:
                writer.transport.abort()
            assert "Stopped" in relay.server.lines[-1]
            assert [line for line in relay.server.lines if " INFO " not in line] == []

    asyncio.run(main())


@pytest.mark.slow
def test_a_body_that_comes_byte_by_byte_is_answered_408(name: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_SERVER=name) as relay:
            host, port = relay.url.removeprefix("http://").removesuffix("/okta/events").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            token = HEADERS["Authorization"].encode()
            writer.write(b"POST /okta/events HTTP/1.1\r\nHost: relay\r\nAuthorization: " + token)
            writer.write(b"\r\nContent-Length: 1000000\r\n\r\n")
            answer = asyncio.create_task(reader.readuntil(b"\r\n"))
            async with asyncio.timeout(60):
                while not answer.done():
                    writer.write(b" ")
                    await asyncio.sleep(0.1)
            assert b" 408 " in await answer
            writer.close()

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone can limit another process")
def test_a_process_without_file_descriptors_left_goes_on_serving(name: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with relay_process(tmp_path / "spool.db", NOWHERE, RELAY_SERVER=name) as relay:
            pid = relay.server.process.pid
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (hard, hard)
            host, port = relay.url.removeprefix("http://").removesuffix("/okta/events").split(":")
            assert (await relay.post(b"{}")).status_code == 202
            used = len(list(Path(f"/proc/{pid}/fd").iterdir()))  # no disk
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
            streams = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
            async with asyncio.timeout(60):
                assert (await relay.post(b"{}")).status_code == 202
            assert sum("No connection can be accepted" in line for line in relay.server.lines) == 1
            assert "Traceback" not in "".join(relay.server.lines)
            for _, writer in streams:
                writer.transport.abort()

    asyncio.run(main())
