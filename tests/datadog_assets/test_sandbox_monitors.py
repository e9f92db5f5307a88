from typing import Any

import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox
from datadog_assets.sandbox.monitor_queries import is_grouped, scopes

MONITORS = "/api/v1/monitor"
LOGS = 'logs("service:okta").index("*").rollup("count").last("5m") > 5'
METRICS = "avg(last_5m):avg:system.load.1{env:prod} > 5"
INVALID_OPERATOR = "The value provided for parameter 'query' is invalid: invalid operator specified: "


def body(**fields: Any) -> dict[str, Any]:
    return {"name": "m", "type": "log alert", "query": LOGS, "message": "text"} | fields


def create(api: TestClient, **fields: Any) -> Any:
    answer = api.post(MONITORS, json=body(**fields))
    assert answer.status_code == 200, answer.text
    return answer.json()


def options(api: TestClient, **fields: Any) -> Any:
    return create(api, options=fields)["options"]


def error(answer: Any, status: int = 400) -> Any:
    assert answer.status_code == status, answer.text
    (text,) = answer.json()["errors"]
    return text


def test_a_created_monitor_shows_what_the_server_adds(api: TestClient, sandbox: Sandbox) -> None:
    created = create(api)
    number = created["id"]
    assert created == body() | {
        "id": number,
        "org_id": 1,
        "tags": [],
        "priority": None,
        "multi": False,
        "options": {
            "notify_audit": False,
            "include_tags": True,
            "notify_no_data": False,
            "new_host_delay": 300,
            "groupby_simple_monitor": False,
            "silenced": {},
        },
        "created": "2026-03-04T05:06:07.000000+00:00",
        "created_at": 1772600767000,
        "modified": "2026-03-04T05:06:07.000000+00:00",
        "deleted": None,
        "restricted_roles": None,
        "restriction_policy": None,
        "draft_status": "published",
        "assets": [],
        "overall_state": "No Data",
        "overall_state_modified": None,
        "creator": {"name": "A User", "handle": "user@example.com", "email": "user@example.com", "id": 1},
    }
    # a read shows neither the restriction policy nor, unasked, assets and downtimes
    read = {name: value for name, value in created.items() if name not in {"restriction_policy", "assets"}}
    assert api.get(f"{MONITORS}/{number}").json() == read
    assert api.get(MONITORS).json() == sandbox.monitors == [read | {"matching_downtimes": []}]


def test_more_or_less_is_shown_on_request(api: TestClient) -> None:
    created = create(api, assets=[{"name": "r", "category": "runbook", "url": "/x"}])
    added: dict[str, Any] = {
        "template_variables": {},
        "options": {},
        "resource_key": None,
        "resource_type": None,
    }
    asset = {"name": "r", "category": "runbook", "url": "/x"} | added
    assert created["assets"] == [asset | {"monitor_id": created["id"]}]
    query = {"with_assets": "true", "with_downtimes": "true", "with_restricted_roles": "false"}
    shown = api.get(f"{MONITORS}/{created['id']}", params=query).json()
    assert (shown["assets"], shown["matching_downtimes"]) == ([asset], [])
    assert "restricted_roles" not in shown


def test_defaults_give_way_to_what_was_sent_instead(api: TestClient) -> None:
    assert "notify_no_data" not in options(api, on_missing_data="show_no_data")
    assert "new_host_delay" not in options(api, new_group_delay=60)
    assert "groupby_simple_monitor" not in create(api, type="metric alert", query=METRICS)["options"]
    assert options(api, silenced={"*": None}, x=None)["silenced"] == {}


def test_newlines_at_the_end_are_cut(api: TestClient) -> None:
    created = create(api, query=LOGS + "\n", message="a\n\n", options={"escalation_message": " b \n"})
    assert (created["query"], created["message"]) == (LOGS, "a")
    assert created["options"]["escalation_message"] == " b "


def test_thresholds_become_floats_and_empty_ones_go(api: TestClient) -> None:
    thresholds = {"critical": 5, "warning": 2.5, "ok": None}
    kept = options(api, thresholds=thresholds)["thresholds"]
    assert kept == {"critical": 5.0, "warning": 2.5}
    assert type(kept["critical"]) is float
    for nothing in (None, {}, {"critical": None}):
        assert "thresholds" not in options(api, thresholds=nothing, renotify_interval=str(nothing))
    counted = create(
        api,
        type="service check",
        query='"a".over("*").last(2).count_by_status()',
        options={"thresholds": {"ok": 1}},
    )
    assert type(counted["options"]["thresholds"]["ok"]) is int


def test_priority_0_is_none(api: TestClient) -> None:
    assert create(api, priority=0)["priority"] is None
    assert create(api, priority=5)["priority"] == 5


@pytest.mark.parametrize(
    ("kind", "query", "scheduling", "kept"),
    [
        ("metric alert", METRICS, {}, "metric alert"),
        ("query alert", METRICS, {}, "query alert"),
        ("metric alert", METRICS, {"evaluation_window": {"day_starts": "04:00"}}, "query alert"),
        ("query alert", 'formula("a").last("5m") > 5', {}, "metric alert"),
        ("log alert", 'formula("a").last("5m") > 5', {}, "log alert"),
    ],
)
def test_metric_and_query_alerts_are_one_type(
    api: TestClient, kind: str, query: str, scheduling: Any, kept: str
) -> None:
    created = create(api, type=kind, query=query, options={"scheduling_options": scheduling})
    assert created["type"] == kept


def test_the_default_of_missing_data_goes_with_a_custom_schedule(api: TestClient) -> None:
    schedule: dict[str, Any] = {"custom_schedule": {"recurrences": []}}
    gone = options(api, on_missing_data="default", scheduling_options=schedule)
    assert not {"on_missing_data", "notify_no_data"} & set(gone)
    assert options(api, on_missing_data="show_no_data", scheduling_options=schedule)["on_missing_data"]
    assert options(api, on_missing_data="default")["on_missing_data"] == "default"


@pytest.mark.parametrize(
    ("query", "grouped"),
    [
        ("avg(last_5m):avg:a{*} by {host} > 1", True),
        ("avg(last_5m):avg:a{*} by { } > 1", False),
        ("avg(last_5m):avg:standby{*} > 1", False),
        ('logs("a").by("b").last("5m") > 1', True),
        ("formula(q).by(job_name).last(1h) > 0", True),
        ("formula(q).by().last(1h) > 0", False),
        (LOGS, False),
    ],
)
def test_a_query_with_groups_makes_a_multi_alert(query: str, grouped: bool) -> None:
    assert is_grouped(query) is grouped


def test_the_scope_of_a_query_is_between_its_braces() -> None:
    assert scopes("avg(last_5m):avg:a{env:x, host:y} / avg:b{*} > 1") == {"env:x", "host:y", "*"}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"query": "query"}, INVALID_OPERATOR),
        ({"query": ""}, INVALID_OPERATOR),
        ({"query": LOGS + ".."}, INVALID_OPERATOR),
        (
            {"query": 'logs("a").index("*").rollup("count") > 5'},
            "The value provided for parameter 'query' is invalid: a log query needs .last(...)",
        ),
        (
            {"query": LOGS.replace("5m", "2881m")},
            "The value provided for parameter 'query' is invalid: the window of a log query is 1-2880m or 1-48h",
        ),
        (
            {"query": LOGS.replace("5m", "49h")},
            "The value provided for parameter 'query' is invalid: the window of a log query is 1-2880m or 1-48h",
        ),
        ({"query": 1}, "The value provided for parameter 'query' is invalid"),
        ({"type": "no such alert"}, "The value provided for parameter 'type' is invalid"),
        ({"type": None}, "The value provided for parameter 'type' is invalid"),
        ({"name": 1}, "The value provided for parameter 'name' is invalid"),
        ({"message": None}, "The value provided for parameter 'message' is invalid"),
        ({"tags": "a"}, "The value provided for parameter 'tags' is invalid"),
        ({"tags": [1]}, "The value provided for parameter 'tags' is invalid"),
        ({"priority": 6}, "The value provided for parameter 'priority' is invalid"),
        ({"priority": True}, "The value provided for parameter 'priority' is invalid"),
        ({"draft_status": "new"}, "The value provided for parameter 'draft_status' is invalid"),
        ({"assets": [1]}, "The value provided for parameter 'assets' is invalid"),
        ({"options": []}, "The value provided for parameter 'options' is invalid"),
        ({"options": {"thresholds": 5}}, "The value provided for parameter 'options.thresholds' is invalid"),
        (
            {"options": {"thresholds": {"critical": "5"}}},
            "The value provided for parameter 'options.thresholds' is invalid",
        ),
        ({"options": {"thresholds": {"warning": 1}}}, "Alert status is required."),
        (
            {"options": {"thresholds": {"critical": 4}}},
            "Alert threshold (4.0) does not match that used in the query (5.0).",
        ),
        (
            {"options": {"thresholds": {"critical": 5, "warning_recovery": 1}}},
            "A warning recovery threshold needs a warning threshold.",
        ),
        (
            {"type": "metric alert", "query": "avg(last_5m):default_zero(avg:a{*}) > 5"}
            | {"options": {"on_missing_data": "resolve"}},
            "on_missing_data cannot be used with default_zero",
        ),
        ({"options": {"notify_by": ["*"]}}, "notify_by needs a query with groups"),
        ({"type": "composite", "query": "1 && 2"}, "Some monitor IDs are invalid"),
        ({"type": "composite", "query": ""}, "Some monitor IDs are invalid"),
        (
            {"restricted_roles": []},
            "The monitor's restricted roles is expected to be an array of UUID strings.",
        ),
        (
            {"restricted_roles": ["admin"]},
            "The monitor's restricted roles is expected to be an array of UUID strings.",
        ),
        (
            {"restricted_roles": "admin"},
            "The monitor's restricted roles is expected to be an array of UUID strings.",
        ),
    ],
)
def test_what_datadog_does_not_take_is_refused_by_create_update_and_validate(
    api: TestClient, wrong: dict[str, Any], expected: str
) -> None:
    metrics = wrong.get("type") == "metric alert"
    number = create(api, **({"type": "metric alert", "query": METRICS} if metrics else {}))["id"]
    assert error(api.post(MONITORS, json=body(**wrong))) == expected
    assert error(api.post(f"{MONITORS}/validate", json=body(**wrong))) == expected
    if wrong.get("type") != "composite":
        assert error(api.put(f"{MONITORS}/{number}", json=wrong)) == expected
        assert error(api.post(f"{MONITORS}/{number}/validate", json=wrong)) == expected
    assert len(api.get(MONITORS).json()) == 1


@pytest.mark.parametrize("content", [b"{", b"[1]", b"null"])
def test_a_body_that_is_no_json_object_is_a_400(api: TestClient, content: bytes) -> None:
    assert api.post(MONITORS, content=content).status_code == 400


def test_a_cumulative_window_and_a_grouped_notify_by_are_taken(api: TestClient) -> None:
    create(api, query=LOGS.replace("5m", "current_1d"))
    create(api, query=LOGS.replace(".last", '.by("flow").last'), options={"notify_by": ["*"]})
    create(api, restricted_roles=["b3960520-d6e5-11f0-86f1-da7ad0900002"])


def test_a_duplicate_is_refused_and_options_make_a_difference(api: TestClient) -> None:
    first = create(api, tags=["a", "b"])
    text = error(api.post(MONITORS, json=body(tags=["b", "a"], query=LOGS + "\n")))
    assert text == f"Duplicate of an existing monitor_id:{first['id']} org_id:1"
    create(api, tags=["a", "b"], options={"renotify_interval": 10})


def test_an_update_merges_the_top_level_and_replaces_options(api: TestClient) -> None:
    created = create(api, tags=["a"], options={"renotify_interval": 10, "include_tags": False})
    answer = api.put(f"{MONITORS}/{created['id']}", json={"name": "new", "options": {}, "multi": True})
    updated = answer.json()
    assert "creator" not in updated
    assert (updated["name"], updated["tags"], updated["multi"]) == ("new", ["a"], False)
    assert (updated["options"]["include_tags"], "renotify_interval" in updated["options"]) == (True, False)
    untouched = api.put(f"{MONITORS}/{created['id']}", json={}).json()
    assert untouched == updated


def test_the_type_cannot_change_but_between_the_two_names_of_metric_monitors(api: TestClient) -> None:
    number = create(api, type="metric alert", query=METRICS)["id"]
    assert api.put(f"{MONITORS}/{number}", json={"type": "query alert"}).json()["type"] == "query alert"
    refused = api.put(f"{MONITORS}/{number}", json={"type": "log alert", "query": LOGS})
    assert error(refused) == "The type of a monitor cannot be changed"


def test_an_unknown_id_is_a_404(api: TestClient) -> None:
    for method, path in [
        ("GET", "/1"),
        ("PUT", "/1"),
        ("DELETE", "/1"),
        ("GET", "/x"),
        ("POST", "/1/validate"),
        ("GET", "/can_delete"),
        ("GET", "/can_delete?monitor_ids=1"),
    ]:
        answer = api.request(method, MONITORS + path, json={} if method in {"PUT", "POST"} else None)
        assert error(answer, 404) == "Monitor not found"


def test_a_monitor_in_a_composite_is_deleted_only_by_force(api: TestClient) -> None:
    first, second, alone = (create(api, name=name)["id"] for name in "abc")
    composite = create(api, type="composite", query=f"{first} && !{second}")["id"]
    expected = f"monitor [{first},a] is referenced in composite monitors: [{composite},m]"

    answer = api.get(f"{MONITORS}/can_delete", params={"monitor_ids": f"{first},{alone}"})
    assert answer.status_code == 409
    assert answer.json() == {"data": {"ok": [alone]}, "errors": {str(first): [expected]}}
    assert error(api.delete(f"{MONITORS}/{first}")) == expected
    assert api.delete(f"{MONITORS}/{first}", params={"force": "true"}).json() == {"deleted_monitor_id": first}
    free = api.get(f"{MONITORS}/can_delete", params={"monitor_ids": str(alone)})
    assert (free.status_code, free.json()) == (200, {"data": {"ok": [alone]}, "errors": None})


def names(api: TestClient, **query: Any) -> list[str]:
    return [monitor["name"] for monitor in api.get(MONITORS, params=query).json()]


def test_the_list_is_filtered_by_name_scope_and_tags(api: TestClient) -> None:
    create(api, name="flow failed", tags=["team:iam", "env:prod"])
    create(api, name="flow slow", tags=["team:iam"])
    create(api, name="load", type="metric alert", query=METRICS, tags=["team:ops"])
    assert names(api) == ["flow failed", "flow slow", "load"]
    assert names(api, name="flow") == ["flow failed", "flow slow"]
    assert names(api, monitor_tags="team:iam, env:prod") == ["flow failed"]
    assert names(api, tags="env:prod") == ["load"]
    assert names(api, name="w", monitor_tags="team:ops") == []


def test_the_list_is_paged_on_request(api: TestClient) -> None:
    ids = [create(api, name=str(number))["id"] for number in range(5)]
    assert names(api, page_size=2) == ["0", "1", "2", "3", "4"]
    assert names(api, page=0, page_size=2) == ["0", "1"]
    assert names(api, page=2, page_size=2) == ["4"]
    assert names(api, page=3, page_size=2) == []
    assert names(api, page=0) == ["0", "1", "2", "3", "4"]
    assert names(api, id_offset=ids[2], page_size=1) == ["3"]


@pytest.mark.parametrize("text", ["x", "-1", "", "1" * 19, "²"])
@pytest.mark.parametrize("name", ["page", "page_size", "id_offset"])
def test_a_page_that_is_no_number_is_refused(api: TestClient, name: str, text: str) -> None:
    answer = api.get(MONITORS, params={name: text})
    assert error(answer) == f"The value provided for parameter '{name}' is invalid"
