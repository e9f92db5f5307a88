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
