import base64
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

URL = "/api/v2/logs/events/search"
MINUTE = 60_000


def submit(client: httpx2.Client, *entries: Mapping[str, object]) -> None:
    assert client.post("/api/v2/logs", json=entries).status_code == 202


def found(client: httpx2.Client, **search: object) -> list[str]:
    answer = client.post(URL, json=search)
    assert answer.status_code == 200, answer.text
    return [log["attributes"]["message"] for log in answer.json()["data"]]


def test_a_log_is_answered_in_full(client: httpx2.Client) -> None:
    submit(
        client,
        {
            "message": '{"message":"failed","timestamp":1772600700123,"n":1}',
            "ddsource": "okta-workflows-els",
            "ddtags": "env:prod",
            "service": "okta",
            "status": "error",
            "hostname": "h",
        },
    )
    (log,) = client.post(URL).json()["data"]
    assert log == {
        "id": log["id"],
        "type": "log",
        "attributes": {
            "status": "error",
            "timestamp": "2026-03-04T05:05:00.123Z",
            "host": "h",
            "service": "okta",
            "message": "failed",
            "tags": ["source:okta-workflows-els", "env:prod"],
            "attributes": {"timestamp": 1772600700123, "n": 1, "hostname": "h"},
        },
    }


def test_what_a_log_does_not_have_is_not_there(client: httpx2.Client) -> None:
    submit(client, {"message": "bare"})
    (log,) = client.post(URL).json()["data"]
    assert set(log["attributes"]) == {"status", "timestamp", "message", "tags"}


def test_the_newest_come_first_unless_asked_otherwise(client: httpx2.Client, now: float) -> None:
    ms = int(now * 1000)
    submit(client, *({"message": str(n), "timestamp": ms - n} for n in (2, 0, 1)))
    submit(client, {"message": "again 1", "timestamp": ms - 1})
    assert found(client) == ["0", "again 1", "1", "2"]
    assert found(client, sort="-timestamp") == ["0", "again 1", "1", "2"]
    assert found(client, sort="timestamp") == ["2", "1", "again 1", "0"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, ["now", "5m ago"]),
        ("now-1h", None, ["now", "5m ago", "30m ago"]),
        ("now-1d", "now-6m", ["30m ago", "17h ago"]),
        ("now-1h", "now+2h", ["in 1h", "now", "5m ago", "30m ago"]),
        ("now-300s", None, ["now", "5m ago"]),
        ("now", "now", ["now"]),
        ("2026-03-04T04:30:00Z", "2026-03-04T05:02:00+00:00", ["5m ago", "30m ago"]),
        (1_772_600_767_000 - 5 * MINUTE, 1_772_600_767_000, ["now", "5m ago"]),
        ("1772600467000", "1772600767000", ["now", "5m ago"]),
    ],
)
def test_the_time_range_is_15_minutes_or_what_is_asked(
    client: httpx2.Client, now: float, start: Any, end: Any, expected: list[str]
) -> None:
    ages = {"in 1h": -60, "now": 0, "5m ago": 5, "30m ago": 30, "17h ago": 17 * 60}
    submit(client, *({"message": m, "timestamp": int(now * 1000) - a * MINUTE} for m, a in ages.items()))
    times = {"from": start, "to": end}
    assert found(client, filter={name: time for name, time in times.items() if time is not None}) == expected


def test_the_query_filters(client: httpx2.Client) -> None:
    submit(client, {"message": "a", "service": "okta"}, {"message": "b"})
    assert found(client, filter={"query": "service:okta"}) == ["a"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("sort", ["timestamp", "-timestamp"])
def test_paging_to_the_end_shows_each_log_once(
    client: httpx2.Client, now: float, method: str, sort: str
) -> None:
    for start in range(0, 2500, 500):
        numbers = range(start, start + 500)
        submit(client, *({"message": f"{n:04}", "timestamp": int(now * 1000) - n // 7} for n in numbers))
    parameters = {"page[limit]": "1000", "sort": sort, "filter[query]": "*"}
    body: dict[str, Any] = {"page": {"limit": 1000}, "sort": sort}
    pages = []
    while True:
        answer = client.post(URL, json=body) if method == "POST" else client.get(URL[:-7], params=parameters)
        pages.append([log["attributes"]["message"] for log in answer.json()["data"]])
        if "meta" not in answer.json():
            break
        parameters["page[cursor]"] = body["page"]["cursor"] = answer.json()["meta"]["page"]["after"]
    assert list(map(len, pages)) == [1000, 1000, 500]
    assert sorted(message for page in pages for message in page) == [f"{n:04}" for n in range(2500)]


def test_logs_that_arrive_while_paging_move_no_page(client: httpx2.Client, now: float) -> None:
    submit(client, *({"message": str(n), "timestamp": int(now * 1000) - n} for n in range(4)))
    first = client.post(URL, json={"page": {"limit": 2}}).json()
    submit(client, {"message": "late", "timestamp": int(now * 1000)})
    assert found(client, page={"limit": 2, "cursor": first["meta"]["page"]["after"]}) == ["2", "3"]


def test_the_link_leads_to_the_next_page(client: httpx2.Client) -> None:
    submit(client, *({"message": f"flow {n}"} for n in range(3)), {"message": "other"})
    search = {"filter": {"query": "flow", "indexes": ["main", "x"], "from": "now-1h"}, "page": {"limit": 2}}
    link = client.post(URL, json=search).json()["links"]["next"]
    answer = client.get(link).json()
    assert [log["attributes"]["message"] for log in answer["data"]] == ["flow 0"]
    assert set(answer) == {"data"}


def test_a_full_last_page_has_no_next(client: httpx2.Client) -> None:
    submit(client, {"message": "a"}, {"message": "b"})
    assert set(client.post(URL, json={"page": {"limit": 2}}).json()) == {"data"}


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"page": {"limit": 1001}}, "page.limit"),
        ({"page": {"limit": 0}}, "page.limit"),
        ({"sort": "host"}, "sort"),
        ({"filter": {"from": "yesterday"}}, "not a time: yesterday"),
        ({"filter": {"to": "now-1y"}}, "not a time: now-1y"),
        ({"filter": {"query": "service:okta ("}}, "filter.query: "),
        ({"page": {"cursor": "?"}}, "cursor"),
        ({"page": {"cursor": "é"}}, "cursor"),
        ({"page": {"cursor": base64.urlsafe_b64encode(b"[1]").decode()}}, "cursor"),
        ({"page": {"cursor": base64.urlsafe_b64encode(b"1").decode()}}, "cursor"),
        ([], "object"),
    ],
)
def test_a_search_that_cannot_be_understood_is_refused_and_told_why(
    client: httpx2.Client, search: object, says: str
) -> None:
    answer = client.post(URL, json=search)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert says in error


def test_a_body_that_is_no_json_is_refused(client: httpx2.Client) -> None:
    assert client.post(URL, content=b"{").status_code == 400


def test_the_get_form_takes_the_last_of_two_and_nothing_odd(client: httpx2.Client) -> None:
    submit(client, {"message": "a"}, {"message": "b"})
    answer = client.get(URL[:-7], params=[("page[limit]", "9"), ("page[limit]", "1"), ("other", "x")])
    assert len(answer.json()["data"]) == 1
    assert client.get(URL[:-7], params=[("page", "1"), ("page[limit]", "1")]).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("POST", URL), ("GET", URL[:-7])])
@pytest.mark.parametrize(
    ("keys", "status", "error"),
    [
        ({}, 401, "Unauthorized"),
        ({"DD-API-KEY": "k"}, 401, "Unauthorized"),
        ({"DD-APPLICATION-KEY": "a"}, 401, "Unauthorized"),
        ({"DD-API-KEY": "k", "DD-APPLICATION-KEY": "x"}, 403, "Forbidden"),
        ({"DD-API-KEY": "x", "DD-APPLICATION-KEY": "a"}, 403, "Forbidden"),
    ],
)
def test_reading_logs_needs_both_keys(
    url: str, method: str, path: str, keys: dict[str, str], status: int, error: str
) -> None:
    answer = httpx2.request(method, url + path, headers=keys)
    assert (answer.status_code, answer.json()) == (status, {"errors": [error]})


@pytest.mark.parametrize(
    ("key", "status", "body"),
    [
        ("k", 200, {"valid": True}),
        ("x", 403, {"errors": ["Forbidden"]}),
        (None, 403, {"errors": ["API key required"]}),
    ],
)
def test_an_api_key_is_valid_or_not(url: str, key: str | None, status: int, body: object) -> None:
    answer = httpx2.get(f"{url}/api/v1/validate", headers={"DD-API-KEY": key} if key else {})
    assert (answer.status_code, answer.json()) == (status, body)
