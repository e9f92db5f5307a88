"""The receiver on a real socket: what it takes, what it refuses, and what it says of both."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import server
from relay.access import Access
from relay.body import MAX_BODY_BYTES
from relay.envelope import Envelope
from relay.metrics import Metrics
from relay.receiver import Policy, create_app
from relay.spool.memory import MemorySpool, open_engine

EVENT = {
    "event_type": "FLOW_FAIL",
    "execution_id": "1d0a",
    "timestamp": "2026-01-02T03:04:05.678Z",
    "org_hostname": "acme.workflows.okta.com",
}
ACCESS = Access((b"old-token", b"new-token"))
LET_IN = {"Authorization": "Bearer new-token"}


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver that listens, and what is behind it."""

    url: str
    client: httpx2.AsyncClient
    spool: MemorySpool
    metrics: Metrics

    async def post(self, content: bytes | str, path: str = "/okta/events", **headers: str) -> httpx2.Response:
        return await self.client.post(
            self.url + path,
            content=content,
            headers={**LET_IN, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    async def records(self) -> list[dict[str, object]]:
        if not self.spool.depth().waiting:
            return []
        return [orjson.loads(record.data) for record in await self.spool.claim(1000, 10**9, wait=0)]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of one's own, on which a request of 9 bytes has begun."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = (
            "POST /okta/events HTTP/1.1",
            "Host: relay",
            "Authorization: new-token",
            "Content-Length: 9",
            "",
            "{",
        )
        writer.write("\r\n".join(lines).encode())
        return reader, writer


async def _nothing_wrong() -> list[str]:
    return []


@asynccontextmanager
async def receiver(
    max_bytes: int = 10**9,
    body_seconds: float = 10.0,
    unready: Callable[[], Awaitable[list[str]]] = _nothing_wrong,
    access: Access = ACCESS,
) -> AsyncIterator[Receiver]:
    spool = await open_engine("", max_bytes=max_bytes)
    metrics = Metrics()
    envelope = Envelope("okta-workflows-els", "okta", tags=("env:production", "service:okta"))
    policy = Policy(access, envelope)
    app = create_app(spool, lambda: policy, metrics.received, unready, metrics.show, body_seconds)
    listening = server.Listening(server.bind("127.0.0.1", 0), drain=0.1)
    url = listening.url
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks, httpx2.AsyncClient() as client:
        tasks.create_task(server.run("hypercorn", app, listening, stop))
        yield Receiver(url, client, spool, metrics)
        stop.set()


def test_an_event_becomes_a_record_of_exactly_five_fields_and_is_answered_202() -> None:
    async def main() -> None:
        async with receiver() as relay:
            answer = await relay.post(orjson.dumps(EVENT))
            assert (answer.status_code, answer.text) == (202, "{}")
            assert await relay.records() == [
                {
                    "ddtags": "env:production,service:okta",
                    "ddsource": "okta-workflows-els",
                    "hostname": "acme.workflows.okta.com",
                    "service": "okta",
                    "message": orjson.dumps(EVENT).decode(),
                }
            ]
            assert relay.metrics.value("relay_events_accepted_total") == 1

    asyncio.run(main())


def test_the_custom_body_wins_over_the_configuration_tag_by_tag() -> None:
    async def main() -> None:
        async with receiver() as relay:
            body = {
                "ddtags": "env:staging,team:identity",
                "service": "flows",
                "message": orjson.dumps(EVENT).decode(),
            }
            await relay.post(orjson.dumps(body))
            [record] = await relay.records()
            assert record["ddtags"] == "service:okta,env:staging,team:identity"
            assert record["service"] == "flows"
            assert record["ddsource"] == "okta-workflows-els"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("packed", "coding"),
    [
        (gzip.compress(orjson.dumps(EVENT), mtime=0), "gzip"),
        (zlib.compress(orjson.dumps(EVENT)), "deflate"),
        (zlib.compress(orjson.dumps(EVENT), wbits=-15), "deflate"),
        (orjson.dumps(EVENT), "identity"),
    ],
)
def test_a_packed_body_is_unpacked(packed: bytes, coding: str) -> None:
    async def main() -> None:
        async with receiver() as relay:
            assert (await relay.post(packed, Content_Encoding=coding)).status_code == 202
            [record] = await relay.records()
            assert record["message"] == orjson.dumps(EVENT).decode()

    asyncio.run(main())


@pytest.mark.parametrize("body", ["", "  \r\n", "[]"])
def test_a_body_without_events_is_answered_202_counted_as_a_test_and_not_forwarded(body: str) -> None:
    async def main() -> None:
        async with receiver() as relay:
            assert (await relay.post(body)).status_code == 202
            assert relay.metrics.value("relay_test_requests_total") == 1
            assert await relay.records() == []

    asyncio.run(main())


@pytest.mark.parametrize("body", [b'{"hello":"world"}', b"{}", b'[{"event_type":"FLOW_TELEPORT"}]'])
def test_an_object_that_is_no_known_event_is_forwarded_as_it_is_and_tagged(body: bytes) -> None:
    async def main() -> None:
        async with receiver() as relay:
            assert (await relay.post(body)).status_code == 202
            [record] = await relay.records()
            assert record["message"] == body.decode().strip("[]")
            assert record["ddtags"] == "env:production,service:okta,relay.unrecognized:true"
            assert relay.metrics.value("relay_events_accepted_total") == 1

    asyncio.run(main())


def test_tags_in_the_url_go_with_each_entry() -> None:
    async def main() -> None:
        async with receiver() as relay:
            body = orjson.dumps([{"message": "a", "ddtags": "x:y"}, {"message": "b"}])
            await relay.post(body, "/api/v2/logs?ddtags=env:staging,team:identity")
            first, second = await relay.records()
            assert first["ddtags"] == "env:staging,team:identity,x:y"
            assert second["ddtags"] == "env:staging,team:identity"

    asyncio.run(main())


def test_an_empty_list_of_entries_is_taken_and_is_no_test_of_oktas() -> None:
    async def main() -> None:
        async with receiver() as relay:
            assert (await relay.post(b"[]", "/api/v2/logs")).status_code == 202
            assert relay.metrics.value("relay_test_requests_total") == 0

    asyncio.run(main())


def test_entries_in_datadogs_own_form_stay_as_they_are_and_get_what_they_lack() -> None:
    async def main() -> None:
        async with receiver() as relay:
            whole = {
                "message": "a",
                "ddtags": "x:y",
                "ddsource": "s",
                "service": "v",
                "hostname": "h",
                "status": "warn",
            }
            answer = await relay.post(orjson.dumps([whole, {"message": "b", "more": 1}]), "/api/v2/logs")
            assert (answer.status_code, answer.text) == (202, "{}")
            first, second = await relay.records()
            assert first == whole
            assert second == {
                "message": "b",
                "more": 1,
                "ddtags": "env:production,service:okta",
                "ddsource": "okta-workflows-els",
                "service": "okta",
            }

    asyncio.run(main())


def test_a_sender_from_elsewhere_is_refused_and_behind_a_trusted_proxy_its_own_address_counts() -> None:
    office, here = (ip_network("203.0.113.0/24"),), (ip_network("127.0.0.0/8"),)

    async def main() -> None:
        async with receiver(access=replace(ACCESS, networks=office)) as relay:
            answer = await relay.post(b"{}", **{"X-Forwarded-For": "203.0.113.7"})
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "address_refused"
            assert (await relay.client.get(f"{relay.url}/livez")).status_code == 200
        async with receiver(access=replace(ACCESS, networks=office, proxies=here)) as relay:
            answer = await relay.post(b"{}", **{"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
            assert answer.status_code == 202
            answer = await relay.post(b"{}", **{"X-Forwarded-For": "203.0.113.7, 198.51.100.1"})
            assert answer.status_code == 403

    asyncio.run(main())


def test_a_log_shipper_may_send_the_token_where_it_has_datadogs_key() -> None:
    async def main() -> None:
        async with receiver() as relay:
            for path, status in (("/api/v2/logs", 202), ("/okta/events", 401)):
                answer = await relay.client.post(
                    relay.url + path, json={"message": "a"}, headers={"DD-API-KEY": "old-token"}
                )
                assert answer.status_code == status

    asyncio.run(main())


@pytest.mark.parametrize("value", ["Bearer old-token", "bearer  new-token", "new-token"])
def test_any_of_the_tokens_lets_in_with_or_without_bearer(value: str) -> None:
    async def main() -> None:
        async with receiver() as relay:
            assert (await relay.post(orjson.dumps(EVENT), Authorization=value)).status_code == 202

    asyncio.run(main())


BOMB = gzip.compress(b" " * 50_000_000, mtime=0)
MANY_TIMES_EXTRA = orjson.dumps({"ddtags": "a", "x": "y" * 2_500_000, "message": [{}] * 5_000})
MANY_TIMES_TAGS = orjson.dumps(
    {"ddtags": ",".join(f"{n:0200}" for n in range(100)), "message": [{}] * 10_000}
)
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    ("body", "path", "headers", "status", "code"),
    [
        (b"not json", "/okta/events", {}, 400, "malformed_json"),
        (orjson.dumps(EVENT)[:-5], "/okta/events", {}, 400, "malformed_json"),
        (b'{"a":"\xff\xfe"}', "/okta/events", {}, 400, "malformed_json"),
        (rb'{"a":"\ud800"}', "/okta/events", {}, 400, "malformed_json"),
        (b'{"a":NaN}', "/okta/events", {}, 400, "malformed_json"),
        (DEEP, "/okta/events", {}, 400, "malformed_json"),
        (b'{"a":' + DEEP + b"}", "/okta/events", {}, 400, "malformed_json"),
        (b"42", "/okta/events", {}, 400, "not_an_object"),
        (b'"text"', "/okta/events", {}, 400, "not_an_object"),
        (b'[{"a":1},2]', "/okta/events", {}, 400, "not_an_object"),
        (b'{"a":1}\n3', "/okta/events", {}, 400, "not_an_object"),
        (b" " * 6_000_000, "/okta/events", {}, 413, "body_too_large"),
        (BOMB, "/okta/events", {"Content_Encoding": "gzip"}, 413, "body_too_large"),
        (BOMB[:100], "/okta/events", {"Content_Encoding": "gzip"}, 400, "bad_encoding"),
        (b"{}", "/okta/events", {"Content_Encoding": "deflate"}, 400, "bad_encoding"),
        (b"{}", "/okta/events", {"Content_Encoding": "zstd"}, 415, "unknown_encoding"),
        (b"{}", "/okta/events", {"Authorization": ""}, 401, "token_missing"),
        (b"{}", "/okta/events", {"Authorization": "Bearer wrong"}, 403, "token_wrong"),
        (b" " * 6_000_000, "/okta/events", {"Authorization": "Bearer wrong"}, 403, "token_wrong"),
        (b"{}", "/elsewhere", {}, 404, "not_found"),
        (b"not json", "/api/v2/logs", {}, 400, "malformed_json"),
        (b"42", "/api/v2/logs", {}, 400, "not_an_object"),
        (b'[{"message":"a"},{"service":"b"}]', "/api/v2/logs", {}, 400, "message_missing"),
        (orjson.dumps([{"message": "a"}] * 1001), "/api/v2/logs", {}, 413, "too_many_entries"),
        (orjson.dumps([{}] * 10_001), "/okta/events", {}, 413, "too_many_events"),
        (b"{}\n" * 10_001, "/okta/events", {}, 413, "too_many_events"),
        (b"{}\n" * 1_000_000, "/okta/events", {}, 413, "too_many_events"),
        (MANY_TIMES_EXTRA, "/okta/events", {}, 413, "too_many_events"),
        (MANY_TIMES_TAGS, "/okta/events", {}, 413, "body_too_large"),
    ],
)
def test_bad_input_is_refused_with_a_reason_counted_and_nothing_of_it_stored(
    body: bytes, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    async def main() -> None:
        async with receiver() as relay:
            answer = await relay.post(body, path, **headers)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (status, code)
            assert error["message"]
            assert relay.metrics.value("relay_requests_refused_total") == 1
            assert f'relay_requests_refused_total{{code="{code}"}} 1.0' in relay.metrics.render().decode()
            assert relay.spool.depth().waiting == 0
            assert (await relay.post(orjson.dumps(EVENT))).status_code == 202

    asyncio.run(main())


def test_another_method_is_answered_405_with_the_one_that_is_taken() -> None:
    async def main() -> None:
        async with receiver() as relay:
            answer = await relay.client.get(f"{relay.url}/okta/events", headers=LET_IN)
            assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
            assert answer.headers["allow"] == "POST"

    asyncio.run(main())


def test_a_body_that_does_not_arrive_in_time_is_answered_408() -> None:
    async def main() -> None:
        async with receiver(body_seconds=0.05) as relay:
            reader, writer = await relay.connect()
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"body_too_slow"' in answer
            assert relay.metrics.value("relay_requests_refused_total") == 1

    asyncio.run(main())


def test_a_sender_that_goes_away_in_the_middle_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with receiver() as relay:
            _, writer = await relay.connect()
            writer.close()
            await writer.wait_closed()
            assert (await relay.post(orjson.dumps(EVENT))).status_code == 202
            assert len(await relay.records()) == 1

    asyncio.run(main())


def test_a_full_spool_is_answered_503_with_retry_after_and_nothing_half_stored() -> None:
    async def main() -> None:
        async with receiver(max_bytes=1_000) as relay:
            answer = await relay.post(
                orjson.dumps([{**EVENT, "execution_id": str(number)} for number in range(10)])
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "spool_full")
            assert int(answer.headers["retry-after"]) > 0
            assert relay.spool.depth().waiting == 0

    asyncio.run(main())


def test_readiness_names_what_is_wrong_and_liveness_does_not_care() -> None:
    async def main() -> None:
        async def unready() -> list[str]:
            return ["The disk is gone."]

        async with receiver(unready=unready) as relay:
            answer = await relay.client.get(f"{relay.url}/readyz")
            assert (answer.status_code, answer.json()) == (
                503,
                {"status": "not ready", "reasons": ["The disk is gone."]},
            )
            assert (await relay.client.get(f"{relay.url}/livez")).json() == {"status": "alive"}
        async with receiver() as relay:
            answer = await relay.client.get(f"{relay.url}/readyz")
            assert (answer.status_code, answer.json()) == (200, {"status": "ready"})

    asyncio.run(main())


def test_metrics_are_shown_as_prometheus_reads_them() -> None:
    async def main() -> None:
        async with receiver() as relay:
            await relay.post(orjson.dumps(EVENT))
            answer = await relay.client.get(f"{relay.url}/metrics")
            assert answer.headers["content-type"].startswith("text/plain")
            assert 'relay_events_accepted_total{event_type="FLOW_FAIL"} 1.0' in answer.text

    asyncio.run(main())


def test_arbitrary_bytes_never_make_a_500_and_never_leave_a_half() -> None:
    shapes = st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        ).map(lambda value: repr(value).replace("'", '"').encode(errors="replace")),
        st.tuples(
            st.sampled_from([b'{"message": "', b'{"ddtags":"a","message":', b"[", b"{}\n"]), st.binary()
        ).map(b"".join),
    )
    codings = st.sampled_from(["identity", "gzip", "deflate", "br", ""])
    paths = st.sampled_from(["/okta/events", "/api/v2/logs"])

    async def main() -> None:
        async with receiver() as relay:
            loop = asyncio.get_running_loop()

            @settings(max_examples=300, deadline=None)
            @given(shapes, codings, paths)
            def throw(body: bytes, coding: str, path: str) -> None:
                before = relay.metrics.value("relay_events_accepted_total")
                posting = relay.post(body, path, Content_Encoding=coding)
                answer = asyncio.run_coroutine_threadsafe(posting, loop).result()
                assert answer.status_code in {202, 400, 413, 415}
                accepted = relay.metrics.value("relay_events_accepted_total") - before
                assert accepted == 0 or answer.status_code == 202
                assert relay.spool.depth().waiting == relay.metrics.value(
                    "relay_events_accepted_total"
                ) - relay.metrics.value("relay_events_repeated_total")

            await asyncio.to_thread(throw)

    asyncio.run(main())


def test_a_body_of_the_longest_size_is_taken() -> None:
    async def main() -> None:
        async with receiver() as relay:
            body = b'{"a":"' + b"x" * (MAX_BODY_BYTES - 8) + b'"}'
            assert len(body) == MAX_BODY_BYTES
            assert (await relay.post(body)).status_code == 202
            [record] = await relay.records()
            assert "relay.truncated:true" in str(record["ddtags"])

    asyncio.run(main())


def test_large_bodies_that_come_together_are_all_stored() -> None:
    bodies = [
        orjson.dumps([EVENT | {"execution_id": f"{body}-{n}", "pad": "x" * 1000} for n in range(300)])
        for body in range(4)
    ]

    async def main() -> None:
        async with receiver() as relay:
            answers = await asyncio.gather(*map(relay.post, bodies))
            assert [answer.status_code for answer in answers] == [202] * 4
            assert relay.spool.depth().waiting == 1200

    asyncio.run(main())
