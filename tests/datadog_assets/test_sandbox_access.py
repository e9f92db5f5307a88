import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.access import PERMISSIONS, Access
from datadog_assets.sandbox.app import Sandbox

# what each call needs: the calls themselves need not succeed
NEEDS = [
    ("GET", "/api/v1/logs/config/pipelines", "logs_read_config"),
    ("POST", "/api/v1/logs/config/pipelines", "logs_write_pipelines"),
    ("GET", "/api/v1/logs/config/pipelines/x", "logs_read_config"),
    ("PUT", "/api/v1/logs/config/pipelines/x", "logs_write_pipelines"),
    ("DELETE", "/api/v1/logs/config/pipelines/x", "logs_write_pipelines"),
    ("GET", "/api/v1/logs/config/pipeline-order", "logs_read_config"),
    ("PUT", "/api/v1/logs/config/pipeline-order", "logs_write_pipelines"),
    ("GET", "/api/v1/monitor", "monitors_read"),
    ("POST", "/api/v1/monitor", "monitors_write"),
    ("GET", "/api/v1/monitor/1", "monitors_read"),
    ("PUT", "/api/v1/monitor/1", "monitors_write"),
    ("DELETE", "/api/v1/monitor/1", "monitors_write"),
    ("GET", "/api/v1/monitor/can_delete", "monitors_read"),
    ("POST", "/api/v1/monitor/validate", "monitors_write"),
    ("POST", "/api/v1/monitor/1/validate", "monitors_write"),
    ("GET", "/api/v2/monitor/notification_rule", "monitors_read"),
    ("POST", "/api/v2/monitor/notification_rule", "monitor_config_policy_write"),
    ("GET", "/api/v2/monitor/notification_rule/x", "monitors_read"),
    ("PATCH", "/api/v2/monitor/notification_rule/x", "monitor_config_policy_write"),
    ("DELETE", "/api/v2/monitor/notification_rule/x", "monitor_config_policy_write"),
    ("GET", "/api/v2/logs/events", "logs_read_data"),
    ("POST", "/api/v2/logs/events/search", "logs_read_data"),
]


@pytest.mark.parametrize(("method", "path", "permission"), NEEDS)
def test_each_call_needs_its_own_permission(method: str, path: str, permission: str) -> None:
    keys = {"all": PERMISSIONS, "without": PERMISSIONS - {permission}, "only": {permission}}
    api = TestClient(Sandbox(api_keys={"k"}, app_keys=keys).app, headers={"DD-API-KEY": "k"})

    def ask(key: str) -> tuple[int, str]:
        answer = api.request(method, path, headers={"DD-APPLICATION-KEY": key})
        return answer.status_code, answer.text

    assert ask("without") == (403, '{"errors":["Forbidden"]}')
    assert ask("only")[0] != 403
    assert ask("all") == ask("only")


def test_validating_a_log_monitor_also_needs_to_read_logs() -> None:
    keys = {"all": PERMISSIONS, "without": PERMISSIONS - {"logs_read_data"}}
    api = TestClient(Sandbox(api_keys={"k"}, app_keys=keys).app, headers={"DD-API-KEY": "k"})
    of_logs = {"type": "log alert", "query": 'logs("*").index("*").rollup("count").last("5m") > 1'}
    of_metrics = {"type": "metric alert", "query": "avg(last_5m):avg:a.b{*} > 1"}

    def status(key: str, body: dict[str, str]) -> int:
        headers = {"DD-APPLICATION-KEY": key}
        return api.post("/api/v1/monitor/validate", json=body, headers=headers).status_code

    assert [status("all", of_logs), status("without", of_logs), status("without", of_metrics)] == [
        200,
        403,
        200,
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, (401, '{"errors":["Unauthorized"]}')),
        ({"DD-API-KEY": "k"}, (401, '{"errors":["Unauthorized"]}')),
        ({"DD-APPLICATION-KEY": "a"}, (401, '{"errors":["Unauthorized"]}')),
        ({"DD-API-KEY": "wrong", "DD-APPLICATION-KEY": "a"}, (403, '{"errors":["Forbidden"]}')),
        ({"DD-API-KEY": "k", "DD-APPLICATION-KEY": "wrong"}, (403, '{"errors":["Forbidden"]}')),
    ],
)
def test_a_missing_key_is_401_and_a_wrong_one_403(
    sandbox: Sandbox, keys: dict[str, str], expected: tuple[int, str]
) -> None:
    answer = TestClient(sandbox.app, headers=keys).get("/api/v1/logs/config/pipelines")
    assert (answer.status_code, answer.text) == expected


def test_a_permission_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such permission: fly, sing"):
        Access({"k"}, {"a": {"sing", "logs_read_data"}, "b": {"fly"}})


def test_both_keys_can_be_validated_whatever_they_may_do() -> None:
    api = TestClient(Sandbox(api_keys={"k"}, app_keys={"may-nothing": set()}).app)

    def ask(**keys: str) -> tuple[int, object]:
        answer = api.get(
            "/api/v2/validate_keys", headers={name.replace("_", "-"): key for name, key in keys.items()}
        )
        return answer.status_code, answer.json()

    assert ask(DD_API_KEY="k", DD_APPLICATION_KEY="may-nothing") == (200, {"status": "ok"})
    assert ask(DD_API_KEY="k", DD_APPLICATION_KEY="unknown") == (403, {"errors": ["Forbidden"]})
    assert ask(DD_API_KEY="unknown", DD_APPLICATION_KEY="may-nothing") == (403, {"errors": ["Forbidden"]})
    assert ask(DD_API_KEY="k") == (401, {"errors": ["Unauthorized"]})
