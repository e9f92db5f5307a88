import asyncio
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.faults import Call

PIPELINES = "/api/v1/logs/config/pipelines"
KEYS = {"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}


class Time:
    """Stands still but for those who sleep and those who set it."""

    def __init__(self) -> None:
        self.now = 1_772_600_765.5  # 5.5 s into a minute

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sandbox(time: Time) -> Sandbox:
    return Sandbox(api_keys={"k"}, app_keys={"a"}, clock=time, sleep=time.sleep)


def arm(api: TestClient | httpx2.Client, *faults: dict[str, Any]) -> None:
    answer = api.post("/sandbox/faults", json=list(faults))
    assert (answer.status_code, answer.text) == (200, "{}")


def limit(api: TestClient, *limits: dict[str, Any]) -> None:
    assert api.post("/sandbox/rate_limits", json=list(limits)).status_code == 200


def statuses(api: TestClient, count: int, method: str = "GET", path: str = PIPELINES) -> list[int]:
    return [api.request(method, path).status_code for _ in range(count)]


def test_a_fault_meets_as_many_calls_as_it_says_and_skips_the_first(api: TestClient) -> None:
    arm(api, {"path": PIPELINES, "skip": 1, "times": 2, "status": 503})
    assert statuses(api, 5) == [200, 503, 503, 200, 200]


def test_a_fault_without_an_end_ends_with_the_next_list(api: TestClient) -> None:
    arm(api, {"times": None, "status": 500})
    assert statuses(api, 3) == [500, 500, 500]
    arm(api)
    assert statuses(api, 2) == [200, 200]


def test_only_calls_that_fit_are_met(api: TestClient) -> None:
    arm(api, {"method": "POST", "path": PIPELINES, "status": 502})
    assert statuses(api, 1) == [200]
    assert statuses(api, 1, path="/api/v1/monitor") == [200]
    assert api.post(PIPELINES, json={"name": "p"}).status_code == 502
    assert api.post(PIPELINES, json={"name": "p"}).status_code == 200
    assert len(api.get(PIPELINES).json()) == 1


def test_the_first_fault_that_acts_hides_the_others(api: TestClient) -> None:
    arm(api, {"status": 502}, {"status": 503})
    assert statuses(api, 3) == [502, 503, 200]


def test_an_answer_may_have_any_body_and_headers(api: TestClient) -> None:
    arm(
        api,
        {"status": 429, "body": {"errors": ["slow down"]}, "headers": {"retry-after": "7"}},
        {"status": 512, "html": "<p>edge</p>"},
    )
    first, second = api.get(PIPELINES), api.get(PIPELINES)
    assert (first.status_code, first.json()) == (429, {"errors": ["slow down"]})
    assert first.headers["retry-after"] == "7"
    assert (second.status_code, second.text) == (512, "<p>edge</p>")
    assert second.headers["content-type"].startswith("text/html")


def test_a_delay_is_waited_and_then_the_call_is_carried_out(api: TestClient, time: Time) -> None:
    before = time.now
    arm(api, {"delay": 30})
    assert statuses(api, 2) == [200, 200]
    assert time.now == before + 30


@pytest.mark.parametrize(("close", "names"), [("before", []), ("after", ["p"])])
def test_a_connection_is_closed_before_or_after_the_change(
    client: httpx2.Client, sandbox: Sandbox, close: str, names: list[str]
) -> None:
    arm(client, {"close": close})
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(PIPELINES, json={"name": "p"})
    assert [pipeline["name"] for pipeline in client.get(PIPELINES).json()] == names
    assert sandbox.calls == [Call("POST", PIPELINES, None), Call("GET", PIPELINES, 200)]


def test_all_calls_are_listed_but_those_to_the_sandbox_itself(api: TestClient, sandbox: Sandbox) -> None:
    arm(api, {"status": 500, "skip": 1})
    api.get(PIPELINES)
    api.post(PIPELINES, json={"name": "p"})
    api.get("/nowhere")
    assert api.get("/sandbox/requests").json() == [
        {"method": "GET", "path": PIPELINES, "status": 200},
        {"method": "POST", "path": PIPELINES, "status": 500},
        {"method": "GET", "path": "/nowhere", "status": 404},
    ]
    assert len(sandbox.calls) == 3


def test_a_limit_counts_down_and_starts_anew_with_the_next_period(api: TestClient, time: Time) -> None:
    limit(api, {"path": PIPELINES, "limit": 2, "period": 60, "name": "pipelines"})

    def left() -> tuple[int, dict[str, str]]:
        answer = api.get(PIPELINES)
        headers = {
            name[12:]: text for name, text in answer.headers.items() if name.startswith("x-ratelimit-")
        }
        return answer.status_code, headers

    common = {"limit": "2", "name": "pipelines", "period": "60"}
    assert left() == (200, common | {"remaining": "1", "reset": "55"})
    assert left() == (200, common | {"remaining": "0", "reset": "55"})
    time.now += 10
    assert left() == (429, common | {"remaining": "0", "reset": "45"})
    assert api.get(PIPELINES).json() == {"errors": ["Too many requests"]}
    time.now += 45
    assert left() == (200, common | {"remaining": "1", "reset": "60"})


def test_a_call_over_the_limit_is_not_carried_out(api: TestClient) -> None:
    limit(api, {"method": "POST", "limit": 1, "period": 10})
    assert [api.post(PIPELINES, json={"name": "p"}).status_code for _ in range(2)] == [200, 429]
    assert len(api.get(PIPELINES).json()) == 1
    limit(api)
    assert "x-ratelimit-limit" not in api.post(PIPELINES, json={"name": "p"}).headers


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("faults", "{", "Invalid JSON"),
        ("faults", "{}", "Input should be a valid array"),
        ("faults", '[{"times": 0}]', "0.times: "),
        ("faults", '[{"status": 99}]', "0.status: "),
        ("faults", '[{"headers": {"a b": "c"}}]', "0.headers.a b"),
        ("faults", '[{"unknown": 1}]', "0.unknown: Extra inputs are not permitted"),
        ("faults", '[{"status": 500, "close": "before"}]', "either a status or a closed connection"),
        ("rate_limits", "[{}]", "0.limit: Field required"),
        ("rate_limits", '[{"limit": 1, "period": 0}]', "0.period: "),
    ],
)
def test_a_wrong_list_is_refused_and_the_one_before_stays(
    api: TestClient, path: str, body: str, reason: str
) -> None:
    arm(api, {"status": 500})
    answer = api.post(f"/sandbox/{path}", content=body)
    assert answer.status_code == 400
    assert reason in answer.json()["errors"][0]
    assert statuses(api, 1) == [500]


def test_a_client_that_goes_away_while_sending_is_no_error(sandbox: Sandbox) -> None:
    arm(TestClient(sandbox.app), {"status": 503})
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PIPELINES, "headers": [], "query_string": b""}
    asyncio.run(sandbox.app(scope, receive, send))
    assert sent[0]["status"] == 503


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
some_call = st.fixed_dictionaries(
    {"path": st.sampled_from(["/", "/api", "x"])},
    optional={
        "method": st.sampled_from(["GET", "POST"]),
        "skip": st.integers(0, 1),
        "times": st.none() | st.integers(1, 2),
        "status": st.integers(200, 599),
        "html": st.text(),
        "headers": st.dictionaries(st.text(), st.text(), max_size=2),
        "body": st.text() | st.integers(-9, 9),
    },
)


@settings(deadline=None, max_examples=50)
@given(body=json_values | st.lists(some_call, max_size=2))
def test_any_list_of_faults_is_obeyed_or_refused(body: Any) -> None:
    api = TestClient(Sandbox(api_keys={"k"}, app_keys={"a"}).app, headers=KEYS)
    for path in ("faults", "rate_limits"):
        content = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS) if _fits(body) else b"[]"
        assert api.post(f"/sandbox/{path}", content=content).status_code in {200, 400}
    for _ in range(2):
        assert 200 <= api.get(PIPELINES).status_code < 600


def _fits(body: Any) -> bool:
    """Tell whether orjson can write it: its integers have 64 bits."""
    try:
        orjson.dumps(body)
    except TypeError:
        return False
    return True
