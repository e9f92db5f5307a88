"""The sandbox behaves: pipelines process, monitors alert, rules tell, and time goes by."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from datadog_assets import packs
from datadog_assets.load import load_text
from datadog_assets.sandbox.app import Sandbox
from relay import okta_sample

PIPELINES = "/api/v1/logs/config/pipelines"
ORDER = "/api/v1/logs/config/pipeline-order"
MONITORS = "/api/v1/monitor"
RULES = "/api/v2/monitor/notification_rule"
MINUTE, HOUR = 60.0, 3600.0
FAILED = 'logs("@event_type:FLOW_FAIL").index("*").rollup("count").by("@flow_name").last("5m") >= 3'
SILENT = 'logs("service:okta").index("*").rollup("count").last("1h") < 1'


class Clock:
    """A time that moves when it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(now: float) -> Clock:
    return Clock(now)


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(api_keys={"k"}, app_keys={"a"}, clock=clock)


def submit(api: TestClient, *entries: dict[str, Any]) -> None:
    assert api.post("/api/v2/logs", json=entries).status_code == 202


def fail(api: TestClient, *flows: str) -> None:
    submit(api, *({"event_type": "FLOW_FAIL", "flow_name": flow, "service": "okta"} for flow in flows))


def put_tag(api: TestClient, name: str, query: str = "*", **fields: Any) -> str:
    """A pipeline that writes its name behind what is in the attribute `by`; gives its id."""
    processor = {
        "type": "string-builder-processor",
        "template": f"%{{by}}{name}",
        "target": "by",
        "is_replace_missing": True,
        "is_enabled": True,
    }
    body = {"name": name, "is_enabled": True, "filter": {"query": query}, "processors": [processor]} | fields
    answer = api.post(PIPELINES, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def tagged(api: TestClient) -> object:
    """The attribute `by` of a log that arrives now."""
    submit(api, {"message": "m", "service": "okta"})
    (log,) = api.post("/api/v2/logs/events/search", json={"page": {"limit": 1}}).json()["data"]
    return log["attributes"].get("attributes", {}).get("by")


def monitor(api: TestClient, query: str = FAILED, **fields: Any) -> int:
    body = {"name": "m", "type": "log alert", "query": query, "message": "{{value}}", "tags": ["team:iam"]}
    answer = api.post(MONITORS, json=body | fields)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def rule(api: TestClient, name: str, *recipients: str, **fields: Any) -> str:
    attributes = {"name": name, "filter": {"tags": ["team:iam"]}, "recipients": recipients} | fields
    body = {"data": {"type": "monitor-notification-rule", "attributes": attributes}}
    answer = api.post(RULES, json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def state(api: TestClient, number: int) -> object:
    return api.get(f"{MONITORS}/{number}").json()["overall_state"]


def notifications(api: TestClient) -> list[Any]:
    found: list[Any] = api.get("/sandbox/notifications").json()
    return found


def happened(api: TestClient) -> list[tuple[str, str]]:
    """When, and what."""
    return [(one["at"][11:16], one["kind"]) for one in notifications(api)]


# pipelines


def test_a_log_is_stored_as_the_pipelines_leave_it(api: TestClient, sandbox: Sandbox) -> None:
    remapper = {"type": "status-remapper", "sources": ["level"], "is_enabled": True}
    body = {"name": "p", "is_enabled": True, "filter": {"query": "service:okta"}, "processors": [remapper]}
    assert api.post(PIPELINES, json=body).status_code == 200
    submit(api, {"message": '{"level": "crit"}', "service": "okta", "status": "info"})
    assert [(log["status"], log["attributes"]) for log in sandbox.logs] == [("critical", {"level": "crit"})]
    found = api.post("/api/v2/logs/events/search", json={"filter": {"query": "status:critical"}}).json()
    assert len(found["data"]) == 1


def test_pipelines_act_in_their_order_also_after_it_changed(api: TestClient) -> None:
    one, two, three = (put_tag(api, name) for name in ("1", "2", "3"))
    assert tagged(api) == "123"
    assert api.put(ORDER, json={"pipeline_ids": [three, one, two]}).status_code == 200
    assert tagged(api) == "312"


def test_a_pipeline_acts_from_its_creation_until_it_is_changed_or_deleted(api: TestClient) -> None:
    assert tagged(api) is None
    key = put_tag(api, "1")
    assert tagged(api) == "1"
    body = api.get(f"{PIPELINES}/{key}").json()
    assert api.put(f"{PIPELINES}/{key}", json=body | {"filter": {"query": "service:x"}}).status_code == 200
    assert tagged(api) is None
    assert api.put(f"{PIPELINES}/{key}", json=body).status_code == 200
    assert tagged(api) == "1"
    assert api.delete(f"{PIPELINES}/{key}").status_code == 200
    assert tagged(api) is None


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"query": "service:x"}])
def test_a_pipeline_that_is_disabled_or_for_other_logs_does_nothing(
    api: TestClient, fields: dict[str, Any]
) -> None:
    put_tag(api, "1", **fields)
    put_tag(api, "2")
    assert tagged(api) == "2"


def test_a_pipeline_that_cannot_be_rehearsed_does_nothing_and_the_others_go_on(api: TestClient) -> None:
    put_tag(api, "1")
    unknown = {"type": "date-remapper", "sources": [{"no": "text"}], "is_enabled": True}
    put_tag(api, "2", processors=[unknown])
    put_tag(api, "3", query="service:(")
    put_tag(api, "4")
    assert tagged(api) == "14"


def test_the_pipeline_of_a_source_acts_from_the_next_request_on(api: TestClient, sandbox: Sandbox) -> None:
    entry = {"message": '{"levelname": "ERROR"}', "ddsource": "python"}
    submit(api, entry)
    submit(api, entry)
    assert [log["status"] for log in sandbox.logs] == ["info", "error"]


def test_a_log_that_a_pipeline_dates_too_far_back_is_dropped(api: TestClient, sandbox: Sandbox) -> None:
    remapper = {"type": "date-remapper", "sources": ["when"], "is_enabled": True}
    body = {"name": "p", "is_enabled": True, "filter": {"query": "*"}, "processors": [remapper]}
    assert api.post(PIPELINES, json=body).status_code == 200
    submit(api, {"message": "a", "when": "2026-03-01T00:00:00Z"}, {"message": "b"})
    assert [log["message"] for log in sandbox.logs] == ["b"]
    assert sandbox.stats.logs_dropped_by_date == 1


# monitors


def test_a_monitor_has_no_data_until_it_is_evaluated_first(api: TestClient, clock: Clock) -> None:
    number = monitor(api)
    assert state(api, number) == "No Data"
    clock.now += MINUTE
    assert state(api, number) == "OK"
    shown = api.get(f"{MONITORS}/{number}").json()
    assert shown["overall_state_modified"] == "2026-03-04T05:07:07+00:00"


def test_a_monitor_alerts_with_the_log_that_is_too_many_and_recovers_in_its_time(
    api: TestClient, clock: Clock
) -> None:
    number = monitor(api, options={"thresholds": {"critical": 3, "warning": 2}, "on_missing_data": "resolve"})
    fail(api, "a")
    assert state(api, number) == "OK"
    fail(api, "a")
    assert state(api, number) == "Warn"
    clock.now += MINUTE
    fail(api, "a")
    assert state(api, number) == "Alert"
    clock.now += HOUR
    assert state(api, number) == "OK"
    assert happened(api) == [("05:06", "warning"), ("05:07", "alert"), ("05:11", "recovery")]
    assert api.get(f"{MONITORS}/{number}").json()["overall_state_modified"] == "2026-03-04T05:11:07+00:00"


def test_each_group_has_a_state_and_the_worst_is_the_monitors(api: TestClient) -> None:
    number = monitor(api, options={"thresholds": {"critical": 3, "warning": 2}})
    fail(api, "a", "b", "b", "c", "c", "c")
    assert state(api, number) == "Alert"

    def groups(path: str, asked: str) -> object:
        found = api.get(path, params={"group_states": asked}).json()
        shown = found[0] if isinstance(found, list) else found
        return {name: one["status"] for name, one in shown["state"]["groups"].items()}

    every = {"@flow_name:a": "OK", "@flow_name:b": "Warn", "@flow_name:c": "Alert"}
    for path in (MONITORS, f"{MONITORS}/{number}"):
        assert groups(path, "all") == every
        assert groups(path, "alert,warn") == {"@flow_name:b": "Warn", "@flow_name:c": "Alert"}
        assert groups(path, "no data") == {}
    assert "state" not in api.get(f"{MONITORS}/{number}").json()


def test_lists_show_the_state_too(api: TestClient, sandbox: Sandbox) -> None:
    monitor(api)
    fail(api, "a", "a", "a")
    assert [one["overall_state"] for one in api.get(MONITORS).json()] == ["Alert"]
    assert [one["overall_state"] for one in sandbox.monitors] == ["Alert"]


def test_missing_data_is_seen_and_told_at_its_time(api: TestClient, clock: Clock) -> None:
    number = monitor(
        api, options={"thresholds": {"critical": 3}, "on_missing_data": "show_and_notify_no_data"}
    )
    fail(api, "a")
    clock.now += HOUR
    assert state(api, number) == "No Data"
    assert happened(api) == [("05:11", "no data")]


def test_an_alert_that_lasts_is_told_again(api: TestClient, clock: Clock) -> None:
    options = {"thresholds": {"critical": 1}, "renotify_interval": 30, "renotify_statuses": ["alert"]}
    monitor(api, SILENT, options=options)
    clock.now += 70 * MINUTE
    assert happened(api) == [("05:07", "alert"), ("05:37", "renotify"), ("06:07", "renotify")]


def test_what_is_asked_often_is_told_once(api: TestClient, clock: Clock) -> None:
    monitor(api, SILENT)
    for _ in range(30):
        clock.now += 10
        assert happened(api) == ([("05:07", "alert")] if clock.now >= 1_772_600_827 else [])


def test_after_a_long_silence_only_the_last_two_days_are_stepped_through(
    api: TestClient, clock: Clock
) -> None:
    number = monitor(api, options={"thresholds": {"critical": 3}, "on_missing_data": "resolve"})
    fail(api, "a", "a", "a")
    clock.now += 100 * 24 * HOUR
    assert state(api, number) == "OK"
    (_, recovery) = notifications(api)
    assert (recovery["kind"], recovery["at"]) == ("recovery", "2026-06-10T05:06:07.000Z")


def test_a_clock_that_goes_back_breaks_nothing(api: TestClient, clock: Clock) -> None:
    number = monitor(api)
    fail(api, "a", "a", "a")
    clock.now -= HOUR
    fail(api, "a")
    assert state(api, number) == "Alert"


def test_a_monitor_does_not_see_what_came_before_it(api: TestClient) -> None:
    fail(api, "a", "a")
    number = monitor(api)
    fail(api, "a")
    assert state(api, number) == "OK"


def test_a_monitor_that_is_edited_starts_anew_and_its_past_is_settled_before(
    api: TestClient, clock: Clock
) -> None:
    number = monitor(api, options={"thresholds": {"critical": 3}, "on_missing_data": "resolve"})
    fail(api, "a", "a", "a")
    clock.now += 10 * MINUTE
    edited = api.put(f"{MONITORS}/{number}", json={"message": "other"})
    assert edited.json()["overall_state"] == "No Data"
    assert happened(api) == [("05:06", "alert"), ("05:11", "recovery")]
    assert state(api, number) == "No Data"
    fail(api, "a", "a", "a")
    assert state(api, number) == "Alert"
    assert notifications(api)[-1]["text"] == "other"


def test_a_monitor_that_is_deleted_tells_nothing_more(api: TestClient, clock: Clock) -> None:
    number = monitor(api)
    fail(api, "a", "a", "a")
    assert api.delete(f"{MONITORS}/{number}").status_code == 200
    clock.now += HOUR
    fail(api, "a", "a", "a")
    assert happened(api) == [("05:06", "alert")]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "query alert", "query": "avg(last_5m):avg:system.load.1{env:prod} > 5"},
        {"query": 'formula("a").last("5m") > 5', "options": {"variables": []}},
        {"query": 'logs("service:(").index("*").rollup("count").last("5m") > 5'},
    ],
)
def test_a_monitor_that_is_not_rehearsed_stays_without_data(
    api: TestClient, clock: Clock, fields: dict[str, Any]
) -> None:
    number = monitor(api, **fields)
    fail(api, "a")
    clock.now += HOUR
    assert (state(api, number), notifications(api)) == ("No Data", [])


# notifications


def test_a_notification_says_what_happened_and_who_was_told_why(api: TestClient, sandbox: Sandbox) -> None:
    number = monitor(api, name="Failures", message="{{value}} of {{@flow_name.name}}, {{log.link}} @slack-a")
    rule(api, "Everything", "pagerduty-b", "slack-a")
    rule(api, "Of others", "slack-c", filter={"tags": ["team:x"]})
    fail(api, "Offboard", "Offboard", "Offboard")
    assert notifications(api) == sandbox.notifications
    (shown,) = notifications(api)
    assert shown == {
        "at": "2026-03-04T05:06:07.000Z",
        "monitor": {"id": number, "name": "Failures"},
        "group": {"@flow_name": "Offboard"},
        "kind": "alert",
        "title": "[Triggered on {@flow_name:Offboard}] Failures",
        "text": "3 of Offboard, {{log.link}} @slack-a",
        "told": [
            {"handle": "@slack-a", "because": ["the message", "the rule 'Everything'"]},
            {"handle": "@pagerduty-b", "because": ["the rule 'Everything'"]},
        ],
        "not_rehearsed": ["{{log.link}}"],
    }


def test_the_rules_that_count_are_those_of_the_moment(api: TestClient, clock: Clock) -> None:
    monitor(api, SILENT, options={"thresholds": {"critical": 1}, "renotify_interval": 10})
    key = rule(api, "first", "slack-first")
    clock.now += 5 * MINUTE
    body = {"name": "second", "filter": {"tags": ["team:iam"]}, "recipients": ["slack-second"]}
    data = {"type": "monitor-notification-rule", "id": key, "attributes": body}
    assert api.patch(f"{RULES}/{key}", json={"data": data}).status_code == 200
    clock.now += 10 * MINUTE
    assert api.delete(f"{RULES}/{key}").status_code == 204
    clock.now += 10 * MINUTE
    told = [[one["handle"] for one in each["told"]] for each in notifications(api)]
    assert told == [["@slack-first"], ["@slack-second"], []]


def test_the_newest_1000_notifications_are_kept_oldest_first(api: TestClient, clock: Clock) -> None:
    monitor(api, SILENT, options={"thresholds": {"critical": 1}, "renotify_interval": 1,
                                  "renotify_occurrences": 5000})  # fmt: skip
    clock.now += 1200 * MINUTE
    found = notifications(api)
    assert len(found) == 1000
    assert found == sorted(found, key=lambda one: str(one["at"]))
    assert found[-1]["at"] == "2026-03-05T01:06:07.000Z"


# the whole, over HTTP


def apply_pack(client: httpx2.Client) -> None:
    loaded = load_text(packs.OKTA, packs.read(packs.OKTA), {"alert_recipients": "slack-okta"}, {})
    for kind, path in (("pipelines", PIPELINES), ("monitors", MONITORS), ("notification_rules", RULES)):
        for resource in loaded.declared[kind].values():
            data = {"type": "monitor-notification-rule", "attributes": resource.body}
            body = {"data": data} if kind == "notification_rules" else resource.body
            assert client.post(path, json=body).status_code == 200


@pytest.fixture(scope="module")
def packed(shared_client: httpx2.Client) -> httpx2.Client:
    """A sandbox with the bundled pack, for all examples."""
    apply_pack(shared_client)
    return shared_client


def entry(event: object, **fields: Any) -> dict[str, Any]:
    return {
        "ddsource": "okta-workflows-els",
        "service": "okta",
        "ddtags": "env:production",
        "message": orjson.dumps(event).decode(),
    } | fields


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
OWN = st.sampled_from(
    ["message", "ddtags", "ddsource", "service", "status", "date", "host", "dd.trace_id", "error", "okta"]
)
READ = st.sampled_from(
    [
        *("flow_name", "root_execution_id", "execution_id", "duration", "error_type", "error_message"),
        *("okta", "okta.status", "okta.trace_id", "error", "error.kind", "usr", "usr.id", "workflow", "evt"),
        "message",
    ]
)
"""What the pack's pipeline reads and writes."""
TYPES = st.sampled_from(["FLOW_FAIL", "FLOW_THROTTLE", "other"]) | JSON
EVENTS = st.builds(
    lambda event, event_type: entry(event | {"event_type": event_type}),
    st.dictionaries(READ | st.text(), JSON),
    TYPES,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries=st.lists(st.dictionaries(OWN | st.text(), JSON) | EVENTS, max_size=5))
def test_whatever_arrives_with_the_pack_applied_is_taken_and_can_be_read_back(
    packed: httpx2.Client, entries: object
) -> None:
    assert packed.post("/api/v2/logs", content=orjson.dumps(entries)).status_code == 202
    everything = {"filter": {"from": "now-1d", "to": "now+1d"}, "page": {"limit": 10}}
    found = packed.post("/api/v2/logs/events/search", json=everything)
    listed, told = packed.get(MONITORS), packed.get("/sandbox/notifications")
    assert [one.status_code for one in (found, listed, told)] == [200, 200, 200]


def test_entries_as_deep_as_they_may_be_go_through_the_pack(packed: httpx2.Client) -> None:
    deep: Any = "x"
    for _ in range(90):
        deep = {"a": [deep]} if len(str(deep)) % 2 else {"a": deep}
    for one in (entry({"event_type": "FLOW_FAIL", "error": deep}), entry({"message": deep}), {"usr": deep}):
        answer = packed.post("/api/v2/logs", json=[one])
        assert answer.status_code in {202, 400}


def test_a_failed_flow_goes_all_the_way_to_who_is_told(client: httpx2.Client, clock: Clock) -> None:
    apply_pack(client)
    events = okta_sample.events(seed=1, now=lambda: datetime.fromtimestamp(clock.now, UTC))
    event = next(one for one in events if one["event_type"] == "FLOW_FAIL")
    for _ in range(5):
        assert client.post("/api/v2/logs", json=[entry(event)]).status_code == 202
    failed = {"filter": {"query": "status:error @okta.status:error"}}
    assert len(client.post("/api/v2/logs/events/search", json=failed).json()["data"]) == 5
    states = {one["name"]: one["overall_state"] for one in client.get(MONITORS).json()}
    assert states["Okta Workflows: flow failures"] == "Alert"
    assert states["Okta Workflows: dead letters"] == "No Data"
    warning, alert = client.get("/sandbox/notifications").json()
    assert (warning["kind"], alert["kind"]) == ("warning", "alert")
    assert alert["group"] == {"@flow_name": event["flow_name"]}
    assert str(event["error_message"]) in alert["text"]
    assert [one["handle"] for one in alert["told"]] == ["@slack-okta"]


def test_a_thousand_entries_at_once_go_through_the_pack(client: httpx2.Client, sandbox: Sandbox) -> None:
    apply_pack(client)
    entries = [entry({"event_type": "FLOW_FAIL", "flow_name": f"flow {n % 7}", "x": "y" * 800})
               for n in range(1000)]  # fmt: skip
    assert client.post("/api/v2/logs", json=entries).status_code == 202
    assert {log["status"] for log in sandbox.logs} == {"error"}
    assert len(client.get("/sandbox/notifications").json()) == 7
