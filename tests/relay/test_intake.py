"""One request to Datadog's intake: what is sent, and what each answer or fault of the way there means."""

import asyncio
import gzip
import subprocess
import sys
import zlib
from collections.abc import Sequence

import httpx2
import pytest
from fakes import Talk, listening

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.server import run_sandbox
from relay import __version__
from relay.intake import PATH, Delivered, Held, Intake, Rejected, Retry, Split, Verdict, judge

ENTRIES = [b'{"message":"one"}', b'{"message":"two"}']
TOO_LARGE = '{"errors":[{"status":"413","title":"Request Entity Too Large","detail":"Request too large"}]}'


def test_only_202_is_delivered() -> None:
    delivered = [status for status in range(100, 600) if judge(status, {}, "{}") == Delivered()]
    assert delivered == [202]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 512])
def test_a_fault_of_datadogs_is_tried_again(status: int) -> None:
    assert judge(status, {}, "<html>") == Retry(f"HTTP {status}")


@pytest.mark.parametrize("status", [200, 204, 301, 307, 404, 405])
def test_an_answer_that_speaks_of_the_way_there_is_tried_again(status: int) -> None:
    assert judge(status, {}, "") == Retry(f"HTTP {status}")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_holds_the_records(status: int) -> None:
    assert judge(status, {}, '{"errors":["Forbidden"]}') == Held(f"HTTP {status}")


def test_413_asks_for_smaller_parts_and_400_rejects_and_both_keep_the_answer() -> None:
    assert judge(413, {}, TOO_LARGE) == Split("HTTP 413", TOO_LARGE)
    assert judge(400, {}, "bad") == Rejected("HTTP 400", "bad")


def test_of_a_long_answer_the_beginning_is_read_and_kept() -> None:
    said = answer("400 Bad Request", "x" * 5_000_000)
    assert send_to(Answering(said)) == Rejected("HTTP 400", "x" * 1_000)


def test_an_answer_is_text_whatever_it_says_of_its_charset() -> None:
    said = answer("400 Bad Request", "+2AA-", "Content-Type: text/plain; charset=utf-7")
    assert send_to(Answering(said)) == Rejected("HTTP 400", "+2AA-")


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"X-RateLimit-Reset": "12"}, 12.0),
        ({"retry-after": "7", "x-ratelimit-reset": "12"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "x-ratelimit-reset": "12"}, 12.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_a_wait_that_datadog_asks_for_in_seconds_is_told(
    headers: dict[str, str], after: float | None
) -> None:
    as_sent = httpx2.Headers([(name.encode(), value.encode()) for name, value in headers.items()])
    assert judge(429, as_sent, "") == Retry("HTTP 429", after)


class Answering:
    """Talks to each connection by a script: reads a request, then answers these bytes and closes.

    Attributes:
        requests: head and body of each request.
    """

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self._answers = list(answers)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in head.lower().splitlines() if line.startswith("content-length:"))
        self.requests.append((head, await reader.readexactly(int(length.split(":")[1]))))
        writer.write(self._answers.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def answer(status: str, body: str = "{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", body]
    return "\r\n".join(lines).encode()


def send(url: str, entries: Sequence[bytes] = ENTRIES, key: str = "secret-key") -> Verdict:
    async def main() -> Verdict:
        async with Intake(url, lambda: key, 1) as intake:
            return await intake.send(entries)

    return asyncio.run(main())


def send_to(talk: Talk, entries: Sequence[bytes] = ENTRIES) -> Verdict:
    async def main() -> Verdict:
        async with listening(talk) as url, Intake(url, lambda: "secret-key", 1) as intake:
            return await intake.send(entries)

    return asyncio.run(main())


@pytest.mark.parametrize("missing", [[], ["isal"]])
def test_the_payload_is_packed_by_isal_and_by_zlib_where_that_is_not_installed(missing: list[str]) -> None:
    program = f"""
import sys
sys.modules |= dict.fromkeys({missing}, None)  # which makes their import fail
from relay import intake
print(intake.compress.__module__)
sys.stdout.flush()
sys.stdout.buffer.write(intake._compress([b"1", b"2,3"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    module, _, packed = done.stdout.partition(b"\n")
    assert module == (b"zlib" if missing else b"isal.isal_zlib")
    assert gzip.decompress(packed) == b"[1,2,3]"


def test_a_request_carries_the_payload_in_gzip_the_key_and_who_sends_it() -> None:
    server = Answering(answer("202 Accepted"))
    assert send_to(server) == Delivered()
    ((head, body),) = server.requests
    first, *rest = head.strip().splitlines()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    assert first == f"POST {PATH} HTTP/1.1"
    assert headers["dd-api-key"] == "secret-key"
    assert headers["content-type"] == "application/json"
    assert headers["content-encoding"] == "gzip"
    assert headers["dd-evp-origin"] == "okta-datadog-relay"
    assert headers["dd-evp-origin-version"] == __version__
    assert headers["user-agent"] == f"okta-datadog-relay/{__version__}"
    assert gzip.decompress(body) == b'[{"message":"one"},{"message":"two"}]'
    assert zlib.decompress(body, wbits=31) == gzip.decompress(body)


def test_a_slash_at_the_end_of_the_url_does_not_matter() -> None:
    async def main() -> Verdict:
        async with listening(server) as url, Intake(f"{url}/", lambda: "k", 1) as intake:
            return await intake.send(ENTRIES)

    server = Answering(answer("202 Accepted"))
    assert asyncio.run(main()) == Delivered()
    assert server.requests[0][0].startswith(f"POST {PATH} ")


def test_the_key_is_asked_for_at_each_request() -> None:
    keys = iter(["old-key", "new-key"])

    async def main() -> None:
        async with listening(server) as url, Intake(url, lambda: next(keys), 1) as intake:
            assert await intake.send(ENTRIES) == Held("HTTP 403")
            assert await intake.send(ENTRIES) == Delivered()

    server = Answering(answer("403 Forbidden"), answer("202 Accepted"))
    asyncio.run(main())
    assert ["old-key" in head for head, _ in server.requests] == [True, False]
    assert ["new-key" in head for head, _ in server.requests] == [False, True]


def test_a_500_in_html_is_tried_again() -> None:
    page = answer("500 Internal Server Error", "<html>oops</html>", "Content-Type: text/html")
    assert send_to(Answering(page)) == Retry("HTTP 500")


def test_a_429_tells_how_long_to_wait() -> None:
    slow = answer("429 Too Many Requests", "", "X-RateLimit-Reset: 3")
    assert send_to(Answering(slow)) == Retry("HTTP 429", 3.0)


def test_a_redirect_is_not_followed_for_it_would_take_the_key_along() -> None:
    moved = answer("307 Temporary Redirect", "", "Location: http://127.0.0.1:1/elsewhere")
    assert send_to(Answering(moved)) == Retry("HTTP 307")


def test_a_refused_connection_is_tried_again() -> None:
    verdict = send("http://127.0.0.1:1")
    assert isinstance(verdict, Retry)
    assert verdict.reason.startswith("ConnectError")


def test_a_name_that_is_not_found_is_tried_again() -> None:
    assert isinstance(send("http://intake.invalid"), Retry)


def test_a_202_whose_body_breaks_off_is_delivered_all_the_same() -> None:
    said = b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{"
    assert send_to(Answering(said)) == Delivered()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 202 Acc"])
def test_a_connection_that_ends_in_the_middle_is_tried_again(said: bytes) -> None:
    verdict = send_to(Answering(said))
    assert isinstance(verdict, Retry)
    assert verdict.reason.startswith("RemoteProtocolError")


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read a little and hang up with a TCP reset, for most is left unread."""
    await reader.readexactly(10)
    writer.transport.abort()


def test_a_reset_while_sending_is_tried_again() -> None:
    noise = [b'"' + bytes(str(number) * 500, "ascii") + b'"' for number in range(900)]
    assert isinstance(send_to(reset, noise), Retry)


def test_a_server_that_speaks_no_http_is_tried_again() -> None:
    assert isinstance(send_to(Answering(b"220 mail.example ESMTP\r\n")), Retry)


def test_no_reason_shows_the_key() -> None:
    for server in (Answering(b""), Answering(answer("403 Forbidden")), Answering(answer("500 Oops"))):
        assert "secret-key" not in repr(send_to(server))


def test_datadog_takes_what_is_sent() -> None:
    async def main() -> None:
        sandbox = Sandbox(api_keys={"k"}, app_keys={"a"})
        async with run_sandbox(sandbox) as url:
            async with Intake(url, lambda: "k", 2) as intake:
                assert await intake.send(ENTRIES) == Delivered()
                assert isinstance(await intake.send([b'"' + b"x" * 5_100_000 + b'"']), Split)
                assert isinstance(await intake.send([b"no json"]), Rejected)
            async with Intake(url, lambda: "wrong", 2) as intake:
                assert await intake.send(ENTRIES) == Held("HTTP 403")
        assert [log["message"] for log in sandbox.logs] == ["one", "two"]

    asyncio.run(main())
