"""Holds the sandbox against answers that were recorded from Datadog itself."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import orjson
import pytest

from datadog_assets.dates import epoch_ms, iso
from datadog_assets.preprocess import preprocess

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recordings beside this checkout")


def recorded(name: str, path: str) -> list[Any]:
    if not RECORDED.is_dir():
        return []
    exchanges = [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]
    return [pytest.param(exchange, id=f"{exchange['method']} {exchange['seq']}") for exchange in exchanges
            if exchange["path"].startswith(path)]  # fmt: skip


def ask(client: httpx2.Client, exchange: dict[str, Any], **changed: Any) -> httpx2.Response:
    body = exchange["request"] if exchange["request"] is None else exchange["request"] | changed
    query = [(name, value) for name, value in exchange["query"] if name != "page[cursor]"]
    return client.request(exchange["method"], exchange["path"], params=query, json=body)


@pytest.mark.parametrize("exchange", recorded("logs_submit", "/api/v2/logs"))
def test_what_datadog_took_is_taken_alike(client: httpx2.Client, exchange: dict[str, Any]) -> None:
    answer = client.post(exchange["path"], json=exchange["request"])
    assert (answer.status_code, answer.json()) == (exchange["status"], exchange["response"])


@pytest.mark.parametrize("exchange", recorded("validate", "/api/v1/validate"))
def test_a_valid_key_is_answered_alike(client: httpx2.Client, exchange: dict[str, Any]) -> None:
    answer = client.get(exchange["path"])
    assert (answer.status_code, answer.json()) == (exchange["status"], exchange["response"])


@pytest.mark.parametrize("exchange", recorded("logs_search", "/api/v2/logs/events"))
def test_a_search_is_answered_in_the_same_shape(client: httpx2.Client, exchange: dict[str, Any]) -> None:
    expected = exchange["response"]
    # as many logs as make a next page where Datadog had one
    count = 3 if "meta" in expected else 0
    entry = {"message": '{"message":"m","n":1.0}', "hostname": "h", "ddsource": "sinatra", "ddtags": "env:x"}
    client.post("/api/v2/logs", json=[entry] * count)

    page = {"page": {"limit": 2}} if exchange["request"] else {}
    answer = ask(client, exchange, **page)
    assert answer.status_code == exchange["status"]
    assert set(answer.json()) == set(expected)
    for log in answer.json()["data"]:
        for theirs in expected["data"]:
            assert set(log) == set(theirs)
            assert log["type"] == theirs["type"]
            assert set(theirs["attributes"]) <= set(log["attributes"])
            for name, value in theirs["attributes"].items():
                assert type(log["attributes"][name]) is type(value)
    if "meta" in expected:
        assert set(answer.json()["meta"]["page"]) == {"after"}
        assert link(answer.json()) == link(expected)


def link(answer: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The path and the parameters of the next page's address; cursors differ."""
    parts = urlsplit(answer["links"]["next"])
    return parts.path, {**dict(parse_qsl(parts.query)), "page[cursor]": ""}


@pytest.mark.parametrize("exchange", recorded("logs_search", "/api/v2/logs/events"))
def test_timestamps_are_written_as_datadog_writes_them(exchange: dict[str, Any]) -> None:
    for log in exchange["response"]["data"]:
        written = log["attributes"]["timestamp"]
        assert iso(epoch_ms(written, 0) or 0) == written


@pytest.mark.parametrize("exchange", recorded("logs_search", "/api/v1/logs-queries/list"))
def test_a_json_message_is_read_as_datadog_read_it(exchange: dict[str, Any]) -> None:
    for log in exchange["response"]["logs"]:
        content = log["content"]
        entry = {
            "message": orjson.dumps(
                {"timestamp": content["attributes"]["timestamp"], "message": content["message"]}
            ).decode(),
            "hostname": content["host"],
            "ddsource": next(tag for tag in content["tags"] if ":" in tag).removeprefix("source:"),
            "ddtags": "test,go,list",
        }
        read = preprocess(entry, [], 0)
        assert read["attributes"] == content["attributes"]
        assert (read["message"], read["host"]) == (content["message"], content["host"])
        assert set(read["tags"]) == set(content["tags"])
        assert iso(read["timestamp"]) == content["timestamp"]
