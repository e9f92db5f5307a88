import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox import notification_rules
from datadog_assets.sandbox.app import Sandbox

RULES = "/api/v2/monitor/notification_rule"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def body(key: str | None = None, **changed: Any) -> dict[str, Any]:
    attributes = {"name": "r", "filter": {"tags": ["team:iam"]}, "recipients": ["slack-okta"]} | changed
    kept = {name: value for name, value in attributes.items() if value != "gone"}
    data = {"type": "monitor-notification-rule", "attributes": kept}
    return {"data": data if key is None else data | {"id": key}}


def create(api: TestClient, **changed: Any) -> Any:
    answer = api.post(RULES, json=body(**changed))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def error(answer: Any, status: int = 400) -> Any:
    assert answer.status_code == status, answer.text
    (text,) = answer.json()["errors"]
    return text


def test_a_created_rule_is_echoed_with_its_times_and_its_creator(api: TestClient, sandbox: Sandbox) -> None:
    answer = api.post(RULES, json=body(bundle_config={"duration": 3600})).json()
    created = answer["data"]
    assert UUID.fullmatch(created["id"])
    assert created["attributes"] == {
        "name": "r",
        "filter": {"tags": ["team:iam"]},
        "recipients": ["slack-okta"],
        "bundle_config": {"duration": 3600},
        "created_at": "2026-03-04T05:06:07+00:00",
        "modified_at": "1970-01-01T00:00:00+00:00",
    }
    user = created.pop("relationships")["created_by"]["data"]
    assert [(one["type"], one["id"]) for one in answer["included"]] == [(user["type"], user["id"])]
    # a read shows the creator only on request
    assert api.get(f"{RULES}/{created['id']}").json() == {"data": created}
    assert api.get(f"{RULES}/{created['id']}?include=created_by").json() == answer | {
        "data": created | {"relationships": {"created_by": {"data": user}}}
    }
    assert api.get(RULES).json() == {"data": [created]} == {"data": sandbox.notification_rules}
    assert "included" in api.get(f"{RULES}?include=created_by").json()


def test_an_update_replaces_all_attributes(api: TestClient) -> None:
    key = create(api, bundle_config={"duration": 60})["id"]
    conditional = {"conditions": [{"scope": "transition_type:is_alert", "recipients": ["a"]}]}
    changed = {"filter": {"scope": "team:x"}, "recipients": "gone", "conditional_recipients": conditional}
    answer = api.patch(f"{RULES}/{key}", json=body(key, **changed))
    assert answer.status_code == 200
    assert answer.json()["data"]["attributes"] == {
        "name": "r",
        "filter": {"scope": "team:x"},
        "conditional_recipients": conditional,
        "created_at": "2026-03-04T05:06:07+00:00",
        "modified_at": "2026-03-04T05:06:07+00:00",
    }


def test_a_deleted_rule_is_gone(api: TestClient) -> None:
    key = create(api)["id"]
    answer = api.delete(f"{RULES}/{key}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        gone = api.request(method, f"{RULES}/{key}", json=body(key) if method == "PATCH" else None)
        assert error(gone, 404) == "Monitor Notification Rule not found"


def test_names_need_not_be_unique(api: TestClient) -> None:
    assert create(api)["id"] != create(api)["id"]


MANY = ["x"] * 21

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"recipients": ["@slack-okta"]}, "Invalid recipients: Recipient handle should not start with '@'"),
    ({"recipients": []}, "Invalid recipients: must be a list of 1 to 20"),
    ({"recipients": MANY}, "Invalid recipients: must be a list of 1 to 20"),
    ({"recipients": "slack"}, "Invalid recipients: must be a list of 1 to 20"),
    ({"recipients": [1]}, "Invalid recipients: must be text of 1 to 3000 characters"),
    ({"recipients": "gone"}, "Invalid recipients: give either recipients or conditional_recipients"),
    (
        {"conditional_recipients": {}},
        "Invalid recipients: give either recipients or conditional_recipients",
    ),
    ({"name": ""}, "Invalid name: must be text of 1 to 1000 characters"),
    ({"name": "n" * 1001}, "Invalid name: must be text of 1 to 1000 characters"),
    ({"name": "gone"}, "Invalid name: must be text of 1 to 1000 characters"),
    ({"filter": "gone"}, "Invalid filter: must be an object"),
    ({"filter": {}}, "Invalid filter: give either tags or scope"),
    ({"filter": {"tags": ["a"], "scope": "a"}}, "Invalid filter: give either tags or scope"),
    ({"filter": {"tags": MANY}}, "Invalid tags: must be a list of 1 to 20"),
    ({"filter": {"tags": [""]}}, "Invalid tags: must be text of 1 to 3000 characters"),
    ({"filter": {"scope": "s" * 3001}}, "Invalid scope: must be text of 1 to 3000 characters"),
    ({"bundle_config": {"duration": "1h"}}, "Invalid bundle_config: duration must be a number of seconds"),
    ({"bundle_config": {"duration": -1}}, "Invalid bundle_config: duration must be a number of seconds"),
]
CONDITION = {"scope": "a", "recipients": ["b"]}
WRONG_CONDITIONAL: list[tuple[Any, str]] = [
    ([], "Invalid conditional_recipients: must be an object"),
    ({}, "Invalid conditions: must be a list of 1 to 10"),
    ({"conditions": [CONDITION] * 11}, "Invalid conditions: must be a list of 1 to 10"),
    ({"conditions": ["a"]}, "Invalid conditions: must be an object"),
    ({"conditions": [{"recipients": ["b"]}]}, "Invalid scope: must be text of 1 to 3000 characters"),
    ({"conditions": [{"scope": "a"}]}, "Invalid recipients: must be a list of 1 to 20"),
    (
        {"conditions": [CONDITION], "fallback_recipients": ["@b"]},
        "Invalid fallback_recipients: Recipient handle should not start with '@'",
    ),
]
WRONG += [
    ({"recipients": "gone", "conditional_recipients": conditional}, text)
    for conditional, text in WRONG_CONDITIONAL
]


@pytest.mark.parametrize(("changed", "expected"), WRONG)
def test_a_wrong_rule_is_refused_on_create_and_update(
    api: TestClient, changed: dict[str, Any], expected: str
) -> None:
    created = create(api)
    assert error(api.post(RULES, json=body(**changed))) == expected
    assert error(api.patch(f"{RULES}/{created['id']}", json=body(created["id"], **changed))) == expected
    assert len(api.get(RULES).json()["data"]) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "The body is not JSON"),
        ("[]", "Invalid body: must be an object"),
        ("{}", "Invalid data: must be an object"),
        ('{"data":{"type":"monitors"}}', "Invalid type: must be monitor-notification-rule"),
        ('{"data":{"type":"monitor-notification-rule"}}', "Invalid attributes: must be an object"),
    ],
)
def test_a_body_in_another_shape_is_refused(api: TestClient, content: str, expected: str) -> None:
    assert error(api.post(RULES, content=content)) == expected


def test_an_update_must_repeat_the_id(api: TestClient) -> None:
    key = create(api)["id"]
    for wrong in (None, "other"):
        refused = api.patch(f"{RULES}/{key}", json=body(wrong))
        assert error(refused) == "Invalid id: must be the id in the path"


def test_there_are_only_so_many_rules(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert notification_rules.MAX_RULES == 1000
    monkeypatch.setattr(notification_rules, "MAX_RULES", 2)
    create(api)
    create(api)
    assert "at most 2" in error(api.post(RULES, json=body()))


def names(api: TestClient, **query: Any) -> list[str]:
    return [rule["attributes"]["name"] for rule in api.get(RULES, params=query).json()["data"]]


def test_the_list_is_paged_and_sorted(api: TestClient) -> None:
    for name in ("b", "c", "a"):
        create(api, name=name)
    assert names(api) == names(api, page=0) == names(api, sort="created_at") == ["b", "c", "a"]
    assert names(api, page=0, per_page=2) == ["b", "c"]
    assert names(api, page=1, per_page=2) == ["a"]
    assert names(api, page=2, per_page=2) == []
    assert names(api, sort="name:asc") == ["a", "b", "c"]
    assert names(api, sort="created_at:desc") == ["a", "c", "b"]


def test_the_list_is_filtered(api: TestClient) -> None:
    create(api, name="prod", filter={"tags": ["env:prod", "team:iam"]})
    create(api, name="dev", filter={"tags": ["env:dev"]}, recipients=["jira-okta"])
    assert names(api, filters=json.dumps({"text": "okta"})) == ["prod", "dev"]
    assert names(api, filters=json.dumps({"text": "ro"})) == ["prod"]
    assert names(api, filters=json.dumps({"tags": ["env:dev", "x"]})) == ["dev"]
    assert names(api, filters=json.dumps({"tags": ["env:dev"], "recipients": ["slack-okta"]})) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"page": "x"}, "The value provided for parameter 'page' is invalid"),
        ({"per_page": "-1"}, "The value provided for parameter 'per_page' is invalid"),
        ({"sort": "id"}, "Invalid sort: id"),
        ({"sort": "name:up"}, "Invalid sort: name:up"),
        ({"filters": "x"}, "Invalid filters: must be JSON"),
        ({"filters": "[]"}, "Invalid filters: must be an object"),
        ({"filters": '{"tags":"x"}'}, "Invalid filters: tags and recipients must be lists"),
    ],
)
def test_a_wrong_question_is_refused(api: TestClient, query: dict[str, str], expected: str) -> None:
    assert error(api.get(RULES, params=query)) == expected
