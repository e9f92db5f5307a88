"""Which logs a search finds: asked as a user of Datadog's API asks."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox

ENTRY = {
    "message": "Flow Onboard-user failed: step 3 timed out.\nSee step log",
    "status": "error",
    "host": "t.workflows.okta.com",
    "service": "okta",
    "ddsource": "okta-workflows-els",
    "ddtags": "env:prod,team:iam,team:on-call,beta",
    "event_type": "FLOW_FAIL",
    "error": {"kind": "Step Timeout", "retries": 0},
    "duration": 12.5,
    "throttled": False,
    "path": "/a/b",
    "ip": "10.1.2.3",
    "steps": [{"name": "read", "ids": [1, 2]}, {"name": "write"}],
    "empty": "",
}


@pytest.fixture(scope="module")
def stored() -> Iterator[TestClient]:
    """A sandbox that holds the one log."""
    with TestClient(
        Sandbox(api_keys={"k"}, app_keys={"a"}).app, headers={"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}
    ) as client:
        assert client.post("/api/v2/logs", json=ENTRY).status_code == 202
        yield client


def found(client: TestClient, query: str) -> int:
    by_post = client.post("/api/v2/logs/events/search", json={"filter": {"query": query}})
    by_get = client.get("/api/v2/logs/events", params={"filter[query]": query})
    assert (by_post.status_code, by_get.status_code) == (200, 200), by_post.text
    assert by_post.json() == by_get.json()
    return len(by_post.json()["data"])


@pytest.mark.parametrize(
    "query",
    [
        "", "  ", "*", "failed", "FAILED", "onboard", "Onboard-user", "time*", "*ail*", "failed flow",
        '"step 3 timed"', "-delivered", "-fail", "service:okta", "status:error host:t.workflows.okta.com",
        "source:okta-workflows-els", "env:prod", "team:on-call", "team:iam", "tags:beta", "env:*",
        "service:o*a", "-env:dev", "-tags:alpha", "@event_type:FLOW_FAIL", "@event_type:FLOW_*",
        "@error.kind:*Time*", '@error.kind:"Step Timeout"', "@error.retries:0", "@duration:12.5",
        "@throttled:false", "@path:/a/b", "@steps.name:write", "@steps.ids:2", "@error.kind:*",
        "-@gone:*", "-@event_type:FLOW_START", "@error:*",
        "service:okta  @event_type:FLOW_FAIL failed -env:dev",
        "(failed OR delivered) service:okta", "failed AND NOT delivered", "@duration:>12", "onboar?-user",
        "@duration:[12 TO 13]", "status:(warn OR error)", "*:timeout", "CIDR(@ip,10.0.0.0/8)",
    ],
)  # fmt: skip
def test_this_finds_the_log(stored: TestClient, query: str) -> None:
    assert found(stored, query) == 1


@pytest.mark.parametrize(
    "query",
    [
        "-*", "fail", "imed", '"step timed"', '"fail*"', "failed delivered", "-failed", "service:Okta",
        "service:okt", "env:dev", "prod:env", "tags:env", "beta:*", "@event_type:flow_fail",
        "event_type:FLOW_FAIL", "@gone:*", '@event_type:"FLOW_*"', "@steps.name:del*",
        "@error.kind.deep:x", "-@error.kind:*", "service:okta env:dev",
        "delivered OR service:x", "NOT failed", "@duration:>=13", "CIDR(@ip,11.0.0.0/8)", r"fail\*",
    ],
)  # fmt: skip
def test_this_does_not_find_the_log(stored: TestClient, query: str) -> None:
    assert found(stored, query) == 0


@pytest.mark.parametrize(
    ("query", "position"),
    [('"open', 1), ("a:b:c", 4), ("service:", 9), ("@:x", 2), ("a OR (b", 6), ("a OR", 5)],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_is_no_query_is_refused_with_its_place(
    stored: TestClient, method: str, query: str, position: int
) -> None:
    answer: Any = (
        stored.post("/api/v2/logs/events/search", json={"filter": {"query": query}})
        if method == "POST"
        else stored.get("/api/v2/logs/events", params={"filter[query]": query})
    )
    assert (answer.status_code, list(answer.json())) == (400, ["errors"])
    (error,) = answer.json()["errors"]
    assert error.startswith("filter.query: ")
    assert error.endswith(f"(at character {position})")


def test_a_log_without_a_service_has_none_to_find(api: TestClient) -> None:
    assert api.post("/api/v2/logs", json={"message": "m"}).status_code == 202
    assert (found(api, "*"), found(api, "service:*")) == (1, 0)
