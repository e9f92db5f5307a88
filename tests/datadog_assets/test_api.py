"""The API client against the sandbox, on a real socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from calling import Time, api_for

from datadog_assets.api import Api
from datadog_assets.api.connection import Limits
from datadog_assets.api.errors import ApiError, Forbidden, GaveUp, Unreachable, WrongKey, WrongSite
from datadog_assets.environment import Access
from datadog_assets.resource import Json
from datadog_assets.sandbox.app import Sandbox

PIPELINES = "/api/v1/logs/config/pipelines"
RULES = "/api/v2/monitor/notification_rule"
KEY = "0123456789abcdef0123456789abcdef"
APP_KEY = "0123456789abcdef0123456789abcdef01234567"
MONITOR: Json = {
    "type": "log alert",
    "name": "n",
    "query": 'logs("x").index("*").rollup("count").last("5m") > 1',
}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sandbox(time: Time) -> Sandbox:
    keys = {APP_KEY: {"monitors_read", "monitors_write", "logs_read_config", "logs_write_pipelines",
                      "monitor_config_policy_write", "logs_read_data"}, "reader": {"monitors_read"}}  # fmt: skip
    return Sandbox(api_keys={KEY}, app_keys=keys, clock=time)


@pytest.fixture
def api(url: str, time: Time) -> Iterator[Api]:
    with api_for(Access(url, KEY, APP_KEY), time) as api:
        yield api


def given(url: str, *faults: Json) -> None:
    httpx2.post(f"{url}/sandbox/faults", json=list(faults)).raise_for_status()


def limited(url: str, **limit: object) -> None:
    httpx2.post(f"{url}/sandbox/rate_limits", json=[limit]).raise_for_status()


def monitors(answer: object) -> list[Json]:
    assert isinstance(answer, list)
    return answer


def made(sandbox: Sandbox) -> list[object]:
    return [monitor["name"] for monitor in sandbox.monitors]


def get_monitors(api: Api) -> object:
    return api.get("/api/v1/monitor", permission="monitors_read")


def post_monitor(api: Api, sandbox: Sandbox | None = None) -> object:
    """Make a monitor; with a sandbox, one that was made already is found there."""

    def lookup() -> object | None:
        return next(iter(sandbox.monitors), None) if sandbox else None

    return api.post(
        "/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lookup if sandbox else None
    )


def failure(api: Api) -> ApiError:
    with pytest.raises(ApiError) as caught:
        get_monitors(api)
    return caught.value


def test_every_verb_is_answered_with_json(api: Api, sandbox: Sandbox, url: str) -> None:
    assert api.url == url
    monitor = post_monitor(api)
    assert isinstance(monitor, dict)
    path = f"/api/v1/monitor/{monitor['id']}"
    changed = api.put(path, {"name": "other"}, permission="monitors_write")
    assert isinstance(changed, dict)
    assert changed["name"] == "other"
    listed = api.get("/api/v1/monitor", permission="monitors_read", params={"name": "other"})
    assert [one["id"] for one in monitors(listed)] == [monitor["id"]]
    attributes = {"name": "r", "filter": {"tags": ["a:b"]}, "recipients": ["slack-x"]}
    data: Json = {"type": "monitor-notification-rule", "attributes": attributes}
    rule = api.post(RULES, {"data": data}, permission="monitor_config_policy_write", lookup=None)
    assert isinstance(rule, dict)
    rule_path = f"{RULES}/{rule['data']['id']}"
    body: Json = {"data": {**data, "id": rule["data"]["id"], "attributes": {**attributes, "name": "s"}}}
    assert api.patch(rule_path, body, permission="monitor_config_policy_write")
    assert [one["attributes"]["name"] for one in sandbox.notification_rules] == ["s"]  # type: ignore[index]
    for each, permission in ((path, "monitors_write"), (rule_path, "monitor_config_policy_write")):
        api.delete(each, permission=permission, gone=lambda error: False)
    assert sandbox.monitors == sandbox.notification_rules == []


def test_what_is_gone_already_counts_as_deleted(api: Api) -> None:
    api.delete("/api/v1/monitor/7", permission="monitors_write", gone=lambda error: error.status == 404)
    with pytest.raises(ApiError, match="Monitor not found"):
        api.delete("/api/v1/monitor/7", permission="monitors_write", gone=lambda error: False)


def test_a_deletion_whose_answer_was_lost_is_found_to_be_done(
    api: Api, url: str, sandbox: Sandbox, time: Time
) -> None:
    post_monitor(api)
    given(url, {"method": "DELETE", "close": "after"})
    path = f"/api/v1/monitor/{sandbox.monitors[0]['id']}"
    api.delete(path, permission="monitors_write", gone=lambda error: error.status == 404)
    assert made(sandbox) == []
    assert time.waits == [0.5]


def test_a_refusal_is_one_line_with_datadogs_own_words(api: Api) -> None:
    with pytest.raises(ApiError) as caught:
        api.get("/api/v1/monitor/7", permission="monitors_read")
    assert str(caught.value) == "GET /api/v1/monitor/7 was answered 404: Monitor not found"
    assert caught.value.messages == ("Monitor not found",)
    assert (caught.value.status, caught.value.request) == (404, "GET /api/v1/monitor/7")
    assert type(caught.value) is ApiError


def test_an_empty_refusal_says_so(api: Api, url: str) -> None:
    given(url, {"status": 418, "html": ""})
    assert str(failure(api)) == "GET /api/v1/monitor was answered 418: no reason is given."


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_pages_are_read_to_the_end(api: Api, sandbox: Sandbox, count: int) -> None:
    for number in range(count):
        body: Json = {**MONITOR, "name": f"n{number}"}
        api.post("/api/v1/monitor", body, permission="monitors_write", lookup=None)
    found = api.pages("/api/v1/monitor", permission="monitors_read", size=("page_size", 2), pick=monitors)
    assert [one["name"] for one in found] == made(sandbox)
    assert len([call for call in sandbox.calls if call.method == "GET"]) == count // 2 + 1


def test_a_page_that_fails_is_an_error_and_no_short_list(api: Api, url: str) -> None:
    for number in range(4):
        body: Json = {**MONITOR, "name": f"n{number}"}
        api.post("/api/v1/monitor", body, permission="monitors_write", lookup=None)
    given(url, {"method": "GET", "skip": 1, "status": 400, "body": {"errors": ["Bad page"]}})
    with pytest.raises(ApiError, match="was answered 400: Bad page"):
        api.pages("/api/v1/monitor", permission="monitors_read", size=("page_size", 2), pick=monitors)


def test_the_same_full_page_again_is_an_error(api: Api, url: str) -> None:
    given(url, {"times": None, "status": 200, "body": [{"id": 1}, {"id": 2}]})
    with pytest.raises(ApiError) as caught:
        api.pages("/api/v1/monitor", permission="monitors_read", size=("page_size", 2), pick=monitors)
    assert str(caught.value) == "GET /api/v1/monitor gives page 0 again as page 1: the list has no end."


def test_pages_without_an_end_are_an_error(
    api: Api, url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datadog_assets.api.MOST_PAGES", 2)
    for number in range(3):
        body: Json = {**MONITOR, "name": f"n{number}"}
        api.post("/api/v1/monitor", body, permission="monitors_write", lookup=None)
    with pytest.raises(ApiError) as caught:
        api.pages("/api/v1/monitor", permission="monitors_read", size=("page_size", 1), pick=monitors)
    assert str(caught.value) == "GET /api/v1/monitor gives more than 2 pages: the list has no end."


def test_a_page_of_another_shape_is_an_error(api: Api) -> None:
    def pick(answer: object) -> list[Json]:
        raise LookupError("data")

    with pytest.raises(ApiError) as caught:
        api.pages("/api/v1/monitor", permission="monitors_read", size=("page_size", 2), pick=pick)
    assert str(caught.value) == "GET /api/v1/monitor was answered with JSON that holds no such list."


def test_a_rate_limit_is_waited_for_and_told(api: Api, url: str, time: Time) -> None:
    limited(url, limit=1, period=60, name="logs_pipelines")
    for _ in range(2):
        get_monitors(api)
    assert time.waits == [53]
    assert time.told == ["Datadog asks to wait 53 s (rate limit logs_pipelines)"]


def test_a_limit_that_is_used_up_delays_nothing_until_datadog_refuses(api: Api, url: str, time: Time) -> None:
    limited(url, limit=1, period=60)
    get_monitors(api)
    limited(url, limit=1, period=60)
    get_monitors(api)
    assert time.waits == []


@pytest.mark.parametrize(
    ("headers", "waited", "told"),
    [
        ({"retry-after": "7"}, 7, "Datadog asks to wait 7 s"),
        ({"x-ratelimit-reset": "0"}, 1, "Datadog asks to wait 1 s"),
        (
            {"retry-after": "Wed, 04 Mar 2026 05:06:37 GMT", "date": "Wed, 04 Mar 2026 05:06:07 GMT"},
            30,
            "Datadog asks to wait 30 s",
        ),
        ({}, 0.5, "GET /api/v1/monitor was answered 429: slow. Next attempt in 0.5 s."),
    ],
)
def test_a_429_is_waited_for_as_it_asks(
    api: Api, url: str, time: Time, headers: dict[str, str], waited: float, told: str
) -> None:
    given(url, {"status": 429, "html": "<p>slow</p>", "headers": headers})
    get_monitors(api)
    assert (time.waits, time.told) == ([waited], [told])


def test_a_wait_that_is_too_long_is_not_begun(api: Api, url: str, time: Time) -> None:
    headers = {"x-ratelimit-reset": "3600", "x-ratelimit-name": "all"}
    given(url, {"status": 429, "body": {"errors": ["Too many requests"]}, "headers": headers})
    error = failure(api)
    assert type(error) is GaveUp
    assert str(error) == (
        "GET /api/v1/monitor was answered 429: Too many requests. Datadog asks to wait 3600 s (rate limit all):"
        " run the command again then."
    )
    assert time.waits == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 512])
def test_errors_that_pass_are_tried_again_with_growing_waits(
    api: Api, url: str, time: Time, status: int
) -> None:
    given(url, {"times": 3, "status": status, "body": {}})
    assert get_monitors(api) == []
    assert time.waits == [0.5, 1, 2]


def test_attempts_have_an_end(api: Api, url: str, time: Time, sandbox: Sandbox) -> None:
    given(url, {"times": None, "status": 503, "html": "<title>Sorry</title>"})
    error = failure(api)
    assert type(error) is GaveUp
    assert str(error) == "GET /api/v1/monitor was answered 503: Sorry. Tried 8 times."
    assert time.waits == [0.5, 1, 2, 4, 8, 16, 16]
    assert len(sandbox.calls) == 8


def test_a_call_has_an_end(url: str, time: Time) -> None:
    given(url, {"times": None, "status": 503})
    with api_for(Access(url, KEY, APP_KEY), time, Limits(call_seconds=2)) as api:
        assert str(failure(api)).endswith("was answered 503: no reason is given. Tried 3 times.")
    assert time.waits == [0.5, 1]


def test_a_change_that_may_have_been_carried_out_is_told_as_such(api: Api, url: str) -> None:
    given(url, {"times": None, "status": 500})
    with pytest.raises(GaveUp) as caught:
        api.put("/api/v1/monitor/7", {}, permission="monitors_write")
    assert str(caught.value) == (
        "PUT /api/v1/monitor/7 was answered 500: no reason is given. Tried 8 times."
        " It may have been carried out all the same."
    )


def test_nobody_at_the_address_is_told_after_some_attempts(time: Time) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with api_for(Access(url, KEY, APP_KEY), time) as api, pytest.raises(Unreachable) as caught:
        post_monitor(api)
    assert str(caught.value) == (
        f"POST /api/v1/monitor found no connection to {url}: Connection refused. Tried 8 times."
    )
    assert caught.value.status is None
    assert time.told[0] == (
        f"POST /api/v1/monitor found no connection to {url}: Connection refused. Next attempt in 0.5 s."
    )


@pytest.mark.parametrize("fault", [{"close": "after"}, {"close": "before"}, {"status": 503}, {"status": 408}])
def test_a_post_whose_answer_was_lost_makes_one_resource(
    api: Api, url: str, sandbox: Sandbox, fault: Json
) -> None:
    given(url, {"method": "POST", **fault})
    found = post_monitor(api, sandbox)
    assert isinstance(found, dict)
    assert made(sandbox) == ["n"]
    assert len([call for call in sandbox.calls if call.method == "POST"]) == (
        1 if fault == {"close": "after"} else 2
    )


def test_a_post_that_was_surely_not_carried_out_is_not_looked_up(
    api: Api, url: str, sandbox: Sandbox
) -> None:
    def lookup() -> object | None:
        raise AssertionError("nothing to look up")

    given(url, {"method": "POST", "status": 429})
    api.post("/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lookup)
    assert made(sandbox) == ["n"]


def test_a_post_that_arrives_late_is_found_when_its_repetition_is_refused(
    api: Api, url: str, sandbox: Sandbox
) -> None:
    given(url, {"method": "POST", "close": "after"})
    answers = iter([None, {"id": 1}])
    # the first look is too early, and Datadog refuses to make the same monitor twice
    found = api.post("/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lambda: next(answers))
    assert found == {"id": 1}
    assert made(sandbox) == ["n"]


def test_a_post_that_was_refused_in_the_end_says_what_is_not_known(api: Api, url: str) -> None:
    refusal: Json = {"status": 400, "body": {"errors": ["Bad"]}}
    given(url, {"method": "POST", "status": 500}, {"method": "POST", **refusal})
    with pytest.raises(ApiError) as caught:
        api.post("/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lambda: None)
    assert str(caught.value) == (
        "POST /api/v1/monitor was answered 400: Bad. It may have been carried out all the same."
    )


def test_a_post_that_cannot_be_looked_up_is_not_sent_again(api: Api, url: str, sandbox: Sandbox) -> None:
    given(
        url, {"method": "POST", "close": "after"}, {"method": "GET", "status": 400, "body": {"error": "no"}}
    )
    with pytest.raises(ApiError) as caught:
        api.post("/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lambda: get_monitors(api))
    assert str(caught.value) == (
        "POST /api/v1/monitor got no answer, may have been carried out, and could not be looked up:"
        " GET /api/v1/monitor was answered 400: no"
    )
    assert made(sandbox) == ["n"]


def test_a_failed_last_look_leaves_the_error_that_is_known(api: Api, url: str) -> None:
    given(url, {"status": 200, "html": "ok"}, {"method": "GET", "status": 400})
    with pytest.raises(ApiError) as caught:
        api.post("/api/v1/monitor", MONITOR, permission="monitors_write", lookup=lambda: get_monitors(api))
    assert str(caught.value) == (
        "POST /api/v1/monitor was answered 200 with something that is not JSON: ok."
        " It may have been carried out all the same."
    )


def test_a_harmless_post_is_just_repeated(api: Api, url: str, sandbox: Sandbox) -> None:
    given(url, {"method": "POST", "close": "before", "times": 2})
    post_monitor(api)
    assert made(sandbox) == ["n"]


def test_a_slow_answer_is_not_waited_for_endlessly(url: str, time: Time) -> None:
    given(url, {"delay": 5, "times": None})
    with api_for(Access(url, KEY, APP_KEY), time, Limits(attempts=2, silent_seconds=0.05)) as api:
        error = failure(api)
    assert type(error) is Unreachable
    assert str(error) == "GET /api/v1/monitor got no answer within 0.05 s. Tried 2 times."


def test_a_body_over_the_limit_is_an_error(url: str, time: Time) -> None:
    given(url, {"status": 200, "body": ["x" * 2_000_000]})
    with api_for(Access(url, KEY, APP_KEY), time, Limits(body_bytes=1_000_000)) as api:
        assert str(failure(api)) == "GET /api/v1/monitor was answered with more than 1 MB."


def test_a_body_that_no_json_can_hold_is_not_sent(api: Api, sandbox: Sandbox) -> None:
    with pytest.raises(ApiError) as caught:
        api.put("/api/v1/monitor/1", {"n": float("inf")}, permission="monitors_write")
    assert str(caught.value) == (
        "PUT /api/v1/monitor/1 cannot be sent: JSON has no infinity, and nothing that is not a number."
    )
    assert sandbox.calls == []


def test_a_missing_permission_is_named(url: str, time: Time) -> None:
    with api_for(Access(url, KEY, "reader"), time) as api:
        get_monitors(api)
        with pytest.raises(Forbidden) as caught:
            api.get(PIPELINES, permission="logs_read_config")
    assert str(caught.value) == (
        f"GET {PIPELINES} was answered 403: the permission logs_read_config is missing. A role of the"
        " application key's owner needs it and, if the key has scopes, so do they."
    )
    assert caught.value.messages == ("Forbidden",)


def test_a_wrong_application_key_is_told_from_a_missing_permission(url: str, time: Time) -> None:
    given(url, {"path": "/api/v2/validate_keys", "status": 403, "body": {"errors": ["Forbidden"]}})
    with api_for(Access(url, KEY, "wrong"), time) as api:
        error = failure(api)
    assert type(error) is WrongKey
    assert str(error) == (
        "GET /api/v1/monitor was answered 403: the API key is valid, but the application key is not."
        " Set DD_APP_KEY to one of the same organization."
    )


def test_a_missing_permission_is_told_from_a_wrong_application_key(url: str, time: Time) -> None:
    given(url, {"path": "/api/v2/validate_keys", "status": 200, "body": {"status": "ok"}})
    with api_for(Access(url, KEY, "none"), time) as api:
        error = failure(api)
    assert type(error) is Forbidden
    assert "Or else" not in str(error)


def test_where_the_application_key_cannot_be_checked_both_are_told(url: str, time: Time) -> None:
    given(url, {"path": "/api/v2/validate_keys", "status": 404})
    with api_for(Access(url, KEY, "wrong"), time) as api:
        assert str(failure(api)).endswith("so do they. Or else DD_APP_KEY is wrong.")
        given(url, {"path": "/api/v1/monitor", "status": 401, "body": {"errors": ["Unauthorized"]}})
        assert type(failure(api)) is WrongKey


def test_a_wrong_api_key_or_site_is_told(url: str, time: Time) -> None:
    with api_for(Access(url, "wrong", APP_KEY), time) as api:
        error = failure(api)
    assert type(error) is WrongKey
    assert str(error) == (
        f"GET /api/v1/monitor was answered 403: the API key is not known at {url}."
        " Either DD_API_KEY is wrong, or DD_SITE is not the site of its organization."
    )


def test_the_keys_are_asked_about_once(url: str, time: Time, sandbox: Sandbox) -> None:
    with api_for(Access(url, "wrong", APP_KEY), time) as api:
        for _ in range(3):
            failure(api)
    assert [call.path for call in sandbox.calls].count("/api/v1/validate") == 1


@pytest.mark.parametrize(
    "validate", [{"status": 403, "html": "<p>proxy</p>"}, {"close": "before"}, {"status": 500}]
)
def test_where_nothing_can_be_found_out_everything_is_told(url: str, time: Time, validate: Json) -> None:
    words = {"errors": [{"title": "Forbidden", "detail": "Not from here"}]}
    given(
        url,
        {"path": "/api/v1/monitor", "status": 403, "body": words},
        {"path": "/api/v1/validate", **validate},
    )
    with api_for(Access(url, KEY, APP_KEY), time) as api:
        assert str(failure(api)) == (
            "GET /api/v1/monitor was answered 403, Forbidden: Not from here: the permission monitors_read is"
            " missing. A role of the application key's owner needs it and, if the key has scopes, so do they."
            " Or else DD_API_KEY, DD_APP_KEY or DD_SITE is wrong."
        )


def test_keys_are_read_again_from_their_files_after_a_refusal(
    url: str, time: Time, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "api").write_text(KEY)
    (tmp_path / "app").write_text(f"{APP_KEY}\n")
    access = Access(url, "old", "old", str(tmp_path / "api"), str(tmp_path / "app"))
    with api_for(access, time) as api:
        assert get_monitors(api) == []
        assert [call.status for call in sandbox.calls] == [403, 200]
        (tmp_path / "api").write_text("wrong")
        assert get_monitors(api) == []  # only a refusal makes it read again
        given(url, {"path": "/api/v1/monitor", "status": 403})
        assert type(failure(api)) is WrongKey
    assert [call.status for call in sandbox.calls][3:] == [403, 403, 403]


def test_a_page_for_people_is_not_taken_for_the_api(api: Api, url: str) -> None:
    given(url, {"status": 200, "html": "<html><title>Datadog: Log\nIn</title>"})
    error = failure(api)
    assert type(error) is WrongSite
    assert str(error) == (
        "GET /api/v1/monitor was answered 200 with a web page: Datadog: Log In. That is not Datadog's API:"
        f" check DD_SITE and DD_API_URL (now {url}), and whether a proxy answers in its place."
    )


def test_a_redirect_is_not_followed(api: Api, url: str, sandbox: Sandbox) -> None:
    given(url, {"status": 302, "headers": {"location": f"{url}/account/login"}})
    error = failure(api)
    assert type(error) is WrongSite
    assert str(error) == (
        f"GET /api/v1/monitor was answered 302 with a redirect to {url}/account/login. That is not Datadog's"
        f" API: check DD_SITE and DD_API_URL (now {url}), and whether a proxy answers in its place."
    )
    assert len(sandbox.calls) == 1


@pytest.mark.parametrize("text", ["", "{", '{"a":', "[" * 100_000])
def test_a_success_that_is_not_json_is_an_error(api: Api, url: str, text: str) -> None:
    given(url, {"status": 200, "html": text})
    assert str(failure(api)).startswith(
        "GET /api/v1/monitor was answered 200 with something that is not JSON"
    )


def test_no_key_is_shown_anywhere(api: Api, url: str, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    words = f"no such key: {KEY}, {APP_KEY}"
    body: Json = {"body": {"errors": [words]}}
    given(url, {"status": 503, **body}, {"status": 400, **body})
    error = failure(api)
    assert str(error) == "GET /api/v1/monitor was answered 400: no such key: ..., ..."
    shown = [*time.told, *error.messages, repr(error), repr(api), repr(vars(api)), caplog.text]
    assert time.told
    assert not [text for text in shown if KEY in text]
