"""What a connection makes of servers that the sandbox is too honest to be, and of the environment."""

import gzip
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from calling import Time, answering, api_for, http

from datadog_assets.api.connection import Limits
from datadog_assets.api.errors import ApiError, Unreachable
from datadog_assets.environment import Access, WrongEnvironment

ONCE = Limits(attempts=1)
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _none_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def time() -> Time:
    return Time()


def got(url: str, time: Time, limits: Limits = ONCE) -> object:
    with api_for(Access(url, "k", "a"), time, limits) as api:
        return api.get("/api/v1/monitor", permission="monitors_read")


def told(url: str, time: Time, limits: Limits = ONCE) -> str:
    with pytest.raises(ApiError) as caught:
        got(url, time, limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "Server disconnected without sending a response"),
        (b"no HTTP\r\n\r\n", "illegal status line: bytearray(b'no HTTP')"),
        (http("200 OK", b"[1]")[:-1], "peer closed connection without sending complete message body (received 2 bytes, expected 3)"),
        (http("200 OK", b"not gzip", "Content-Encoding: gzip"), "Error -3 while decompressing data: incorrect header check"),
    ],
)  # fmt: skip
def test_a_broken_answer_is_told_and_tried_again(time: Time, answer: bytes, reason: str) -> None:
    with answering(answer, http("200 OK", b"[]")) as (url, heads):
        assert got(url, time, Limits(attempts=2)) == []
    assert time.told == [f"GET /api/v1/monitor got no whole answer: {reason}. Next attempt in 0.5 s."]
    assert len(heads) == 2


def test_a_compressed_answer_is_read(time: Time) -> None:
    body = gzip.compress(b'["x"]')
    with answering(http("200 OK", body, "Content-Encoding: gzip")) as (url, _):
        assert got(url, time) == ["x"]


def test_a_small_answer_that_unpacks_to_a_huge_one_is_an_error(time: Time) -> None:
    body = gzip.compress(b" " * 3_000_000)
    with answering(http("200 OK", body, "Content-Encoding: gzip")) as (url, _):
        assert told(url, time, Limits(body_bytes=2_000_000)) == (
            "GET /api/v1/monitor was answered with more than 2 MB."
        )


def test_an_answer_that_trickles_in_has_an_end(time: Time) -> None:
    class Hurrying(Time):
        def __call__(self) -> float:
            self.now += 50
            return self.now

    pieces = [http("200 OK", b" " * 100_000)[: -100_000 + 1], *[b" " * 20_000] * 5]
    with answering(pieces) as (url, _):
        text = told(url, Hurrying(), Limits(attempts=1, attempt_seconds=90))
    assert text == "GET /api/v1/monitor got no whole answer within 90 s."


def test_both_keys_are_sent_in_headers_and_nothing_else_of_them(time: Time) -> None:
    with answering(http("200 OK", b"[]")) as (url, heads):
        got(url, time)
    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "get /api/v1/monitor http/1.1"
    assert {"dd-api-key: k", "dd-application-key: a", "accept: application/json"} <= set(lines)


def test_a_204_is_an_answer_without_json(time: Time) -> None:
    with answering(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") as (url, _):
        assert got(url, time) is None


def test_a_deletion_may_be_answered_with_nothing(time: Time) -> None:
    with (
        answering(http("200 OK")) as (url, _),
        api_for(Access(url, "k", "a"), time, ONCE) as api,
    ):
        api.delete("/api/v1/monitor/1", permission="monitors_write", gone=lambda error: False)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"\xef\xbb\xbf<p>x</p>", b'{"errors": ["\xc3"]}', b"\x1b[31mred", b"[" * 5000, b"null",
     b'{"errors": null}', b'{"errors": {"name": ["required"]}}'],
)  # fmt: skip
def test_a_refusal_of_any_shape_is_one_printable_line(time: Time, body: bytes) -> None:
    with answering(http("400 Bad Request", body)) as (url, _):
        text = told(url, time)
    assert text.isprintable()
    assert text.startswith("GET /api/v1/monitor was answered 400: ")


def test_this_machine_is_reached_whatever_proxy_is_set(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with answering(http("200 OK", b"[]")) as (url, _):
        assert got(url, time) == []
        assert got(url.replace("127.0.0.1", "localhost"), time) == []


def test_any_other_host_is_reached_through_the_proxy(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(http("200 OK", b"[]")) as (url, heads):
        monkeypatch.setenv("HTTP_PROXY", url)
        assert got("http://datadog.example", time) == []
    assert heads[0].startswith(b"GET http://datadog.example/api/v1/monitor HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("status", "attempts"), [("407 Proxy Authentication Required", 1), ("503 Service Unavailable", 2)]
)
def test_what_a_proxy_refuses_is_told_as_such(
    time: Time, monkeypatch: pytest.MonkeyPatch, status: str, attempts: int
) -> None:
    with answering(http(status)) as (url, heads):
        monkeypatch.setenv("HTTPS_PROXY", url)
        text = told("https://datadog.example", time, Limits(attempts=2))
    assert text.startswith(
        f"GET /api/v1/monitor was not sent: the proxy says {status}."
        " Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."
    )
    assert len(heads) == attempts


def test_a_certificate_that_nobody_trusts_is_told_at_once(
    time: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    right = tmp_path / "right.pem"
    authority.cert_pem.write_to_path(str(right))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with answering(http("200 OK", b"[]"), tls=context) as (plain, _):
        url = plain.replace("http:", "https:")
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        text = told(url, time, Limits())
        monkeypatch.setenv("SSL_CERT_FILE", str(right))
        assert got(url, time) == []
    assert text.startswith(f"GET /api/v1/monitor was not sent: the certificate of {url} is not trusted (")
    assert text.endswith(" If a proxy opens the traffic, let SSL_CERT_FILE name its certificate.")
    assert time.waits == []


def test_a_host_that_takes_no_connection_is_told(time: Time) -> None:
    # its queue is full with one connection that nobody takes
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        text = told(url, time, Limits(attempts=1, connect_seconds=0.05))
        for one in waiting:
            one.close()
    assert text == f"GET /api/v1/monitor found no connection to {url} within 0.05 s."


@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS_PROXY", "http://proxy:port"), ("SSL_CERT_FILE", "letters.txt")]
)
def test_an_environment_that_was_not_checked_ends_in_one_line_too(
    time: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.txt").write_text("no certificate")
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongEnvironment, match=f"{name}.*: one of them cannot be used: ") as caught:
        api_for(Access("http://datadog.example", "k", "a"), time)
    assert len(caught.value.faults) == 1


def test_a_path_that_is_none_is_an_error_of_the_call(time: Time) -> None:
    with api_for(Access("http://127.0.0.1:1", "k", "a"), time) as api, pytest.raises(ApiError) as caught:
        api.get("/api/v1/monitor/\x00", permission="monitors_read")
    assert type(caught.value) is Unreachable
    assert "cannot be sent: " in str(caught.value)
