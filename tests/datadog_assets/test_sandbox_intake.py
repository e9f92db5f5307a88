import gzip
import resource
import socket
import zlib
from typing import Any

import httpx2
import orjson
import pytest

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.intake import MAX_ENTRY_BYTES, MAX_PAYLOAD_BYTES

HOUR = 3600


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    """The status and the title of a refusal, whose body has the intake's own shape."""
    (error,) = answer.json()["errors"]
    assert set(error) == {"status", "title", "detail"}
    assert error["status"] == str(answer.status_code)
    return answer.status_code, error["title"]


def payload_of(size: int) -> bytes:
    entry = {"message": "x" * 500_000}
    entries = [entry] * (size // 500_020)
    rest = size - len(orjson.dumps([*entries, {"message": ""}]))
    payload = orjson.dumps([*entries, {"message": "x" * rest}])
    assert len(payload) == size
    return payload


def test_entries_in_a_list_are_taken_and_answered_202_with_an_empty_object(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    answer = client.post("/api/v2/logs", json=[{"message": "one"}, {"message": "two"}])
    assert (answer.status_code, answer.json()) == (202, {})
    assert [log["message"] for log in sandbox.logs] == ["one", "two"]


def test_a_single_object_is_one_entry(client: httpx2.Client, sandbox: Sandbox) -> None:
    assert client.post("/api/v2/logs", json={"message": "alone"}).status_code == 202
    assert [log["message"] for log in sandbox.logs] == ["alone"]


def test_an_empty_list_is_taken(client: httpx2.Client, sandbox: Sandbox) -> None:
    assert client.post("/api/v2/logs", json=[]).status_code == 202
    assert sandbox.logs == []


def test_without_a_key_the_answer_is_401(url: str) -> None:
    assert refusal(httpx2.post(f"{url}/api/v2/logs", json=[])) == (401, "Unauthorized")


def test_with_a_wrong_key_the_answer_is_403(url: str, sandbox: Sandbox) -> None:
    answer = httpx2.post(f"{url}/api/v2/logs", json=[{"message": "x"}], headers={"DD-API-KEY": "wrong"})
    assert refusal(answer) == (403, "Forbidden")
    assert sandbox.logs == []


def test_the_key_may_be_a_query_parameter(url: str) -> None:
    assert httpx2.post(f"{url}/api/v2/logs?dd-api-key=k", json=[]).status_code == 202


def test_tags_may_be_a_query_parameter_and_join_the_entrys_own(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v2/logs?ddtags=team:iam,beta", json=[{"message": "x", "ddtags": "env:prod"}])
    assert sandbox.logs[0]["tags"] == ["env:prod", "team:iam", "beta"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"3", b'"text"', b"[1]", b'[{"message":"x"},[]]', b'[{"message":"\xff"}]']
)
def test_what_is_neither_an_object_nor_a_list_of_objects_is_refused_with_400(
    client: httpx2.Client, sandbox: Sandbox, body: bytes
) -> None:
    assert refusal(client.post("/api/v2/logs", content=body)) == (400, "Bad Request")
    assert sandbox.logs == []


def test_a_thousand_entries_are_taken_and_one_more_is_refused(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    assert client.post("/api/v2/logs", json=[{"message": "x"}] * 1000).status_code == 202
    answer = client.post("/api/v2/logs", json=[{"message": "x"}] * 1001)
    assert refusal(answer) == (413, "Request Entity Too Large")
    assert len(sandbox.logs) == sandbox.stats.most_entries == 1000


def test_five_megabytes_are_taken_and_one_byte_more_is_refused(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    assert client.post("/api/v2/logs", content=payload_of(MAX_PAYLOAD_BYTES)).status_code == 202
    answer = client.post("/api/v2/logs", content=payload_of(MAX_PAYLOAD_BYTES + 1))
    assert refusal(answer) == (413, "Request Entity Too Large")
    assert sandbox.stats.largest_payload_bytes == MAX_PAYLOAD_BYTES


def test_a_client_that_goes_on_sending_too_much_still_reads_the_answer(client: httpx2.Client) -> None:
    answer = client.post("/api/v2/logs", content=b"x" * 30_000_000)
    assert refusal(answer) == (413, "Request Entity Too Large")
    assert client.post("/api/v2/logs", json=[]).status_code == 202


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("identity", bytes),
        ("", bytes),
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
    ],
)
def test_a_payload_may_be_encoded(
    client: httpx2.Client, sandbox: Sandbox, encoding: str, encode: Any
) -> None:
    body = encode(b'[{"message":"packed"}]')
    answer = client.post("/api/v2/logs", content=body, headers={"Content-Encoding": encoding})
    assert answer.status_code == 202
    assert sandbox.logs[0]["message"] == "packed"
    assert sandbox.stats.largest_payload_bytes == 22


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"[]"),
        ("gzip", gzip.compress(b"[]", mtime=0)[:-4]),
        ("gzip", gzip.compress(b"[]", mtime=0) + b"more"),
        ("gzip", b""),
        ("deflate", b"[]"),
        ("zstd", b"[]"),
    ],
)
def test_a_broken_or_unknown_encoding_is_refused_with_400(
    client: httpx2.Client, encoding: str, body: bytes
) -> None:
    answer = client.post("/api/v2/logs", content=body, headers={"Content-Encoding": encoding})
    assert refusal(answer) == (400, "Bad Request")


def test_the_limit_holds_for_what_a_payload_unpacks_to(client: httpx2.Client) -> None:
    for size, status in ((MAX_PAYLOAD_BYTES, 202), (MAX_PAYLOAD_BYTES + 1, 413)):
        body = gzip.compress(payload_of(size))
        answer = client.post("/api/v2/logs", content=body, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == status


def test_a_gzip_bomb_takes_no_memory(client: httpx2.Client) -> None:
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(10_000_000)
    start, block = (packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = start + block * 99
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = client.post("/api/v2/logs", content=bomb, headers={"Content-Encoding": "gzip"})
    assert refusal(answer) == (413, "Request Entity Too Large")
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 100_000, "of a gigabyte"


def test_an_entry_over_a_megabyte_is_cut_taken_and_marked(client: httpx2.Client, sandbox: Sandbox) -> None:
    short = {"service": "s", "message": "é" * 499_980}
    assert len(orjson.dumps(short)) <= MAX_ENTRY_BYTES
    long = {"service": "s", "message": "é" * 600_000}
    assert client.post("/api/v2/logs", json=[short, long]).status_code == 202

    whole, cut = sandbox.logs
    assert (whole["cut"], cut["cut"]) == (False, True)
    assert whole["message"] == short["message"]
    assert len(orjson.dumps(long | {"message": cut["message"]})) in {MAX_ENTRY_BYTES, MAX_ENTRY_BYTES - 1}
    assert sandbox.stats.entries_cut == 1


def test_json_that_is_cut_is_json_no_more(client: httpx2.Client, sandbox: Sandbox) -> None:
    message = orjson.dumps({"flow_name": "x" * 1_000_000}).decode()
    client.post("/api/v2/logs", json=[{"message": message}])
    assert sandbox.logs[0]["attributes"] == {}


def test_an_entry_that_is_long_elsewhere_than_in_its_message_is_marked_and_left(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v2/logs", json=[{"note": "x" * 1_000_000}])
    assert sandbox.logs[0]["cut"]
    assert sandbox.logs[0]["attributes"] == {"note": "x" * 1_000_000}


@pytest.mark.parametrize(
    ("age", "kept"),
    [(18 * HOUR, True), (18 * HOUR + 1, False), (0, True), (-2 * HOUR, True), (-2 * HOUR - 1, False)],
)
def test_a_log_older_than_18_hours_or_over_2_hours_ahead_is_answered_202_and_dropped(
    client: httpx2.Client, sandbox: Sandbox, now: float, age: int, kept: bool
) -> None:
    message = orjson.dumps({"timestamp": int((now - age) * 1000)}).decode()
    assert client.post("/api/v2/logs", json=[{"message": message}]).status_code == 202
    assert len(sandbox.logs) == sandbox.stats.logs_accepted == kept
    assert sandbox.stats.logs_dropped_by_date == (not kept)


def test_attributes_nested_too_deeply_are_refused_and_the_rest_of_the_request_is_not_kept(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    for depth in (150, 300):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        answer = client.post("/api/v2/logs", content=b'[{"message":"x"},' + deep + b"]")
        assert refusal(answer) == (400, "Bad Request")
    assert sandbox.logs == []


@pytest.mark.parametrize("keep", [3])
def test_only_the_newest_logs_are_kept_and_the_forgotten_are_counted(
    client: httpx2.Client, sandbox: Sandbox
) -> None:
    client.post("/api/v2/logs", json=[{"message": str(number)} for number in range(5)])
    assert [log["message"] for log in sandbox.logs] == ["2", "3", "4"]
    assert (sandbox.stats.logs_accepted, sandbox.stats.logs_forgotten) == (5, 2)


def test_the_stats_tell_what_came(client: httpx2.Client) -> None:
    client.post("/api/v2/logs", json=[{"message": "x"}, {"message": "x", "date": "2001-01-01"}])
    client.post("/api/v2/logs", content=b"[", headers={"DD-API-KEY": "k"})
    client.post("/api/v2/logs", content=b"[]", headers={"DD-API-KEY": "wrong"})
    assert client.get("/sandbox/stats").json() == {
        "requests": 3,
        "refused": {"400": 1, "403": 1},
        "most_entries": 2,
        "largest_payload_bytes": 53,
        "logs_accepted": 1,
        "logs_dropped_by_date": 1,
        "entries_cut": 0,
        "logs_forgotten": 0,
    }


def test_a_client_that_goes_away_while_sending_disturbs_nobody(
    url: str, client: httpx2.Client, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(
            b"POST /api/v2/logs HTTP/1.1\r\nHost: x\r\nDD-API-KEY: k\r\nContent-Length: 99\r\n\r\n[{"
        )
    assert client.post("/api/v2/logs", json=[{"message": "x"}]).status_code == 202
    assert len(sandbox.logs) == 1
    assert capfd.readouterr().err == ""


def test_an_unknown_path_is_answered_404_as_json(client: httpx2.Client) -> None:
    answer = client.get("/api/v2/nothing")
    assert (answer.status_code, answer.json()) == (404, {"errors": ["Not Found"]})
