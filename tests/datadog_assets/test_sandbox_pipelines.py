import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from datadog_assets.sandbox.app import Sandbox

PIPELINES = "/api/v1/logs/config/pipelines"
ORDER = "/api/v1/logs/config/pipeline-order"
MISSING = {"error": {"code": "InvalidArgument", "message": "Non existing pipeline"}}


def create(api: TestClient, name: str = "p", **fields: Any) -> Any:
    answer = api.post(PIPELINES, json={"name": name, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def order(api: TestClient) -> Any:
    return api.get(ORDER).json()["pipeline_ids"]


def send_log(api: TestClient, source: str) -> None:
    assert api.post("/api/v2/logs", json={"message": "m", "ddsource": source}).status_code == 202


def test_a_created_pipeline_is_disabled_unless_told_otherwise(api: TestClient) -> None:
    created = create(
        api, filter={"query": "source:x "}, processors=[{"type": "date-remapper", "sources": []}]
    )
    assert re.fullmatch(r"[\w-]{22}", created.pop("id"))
    assert created == {
        "type": "pipeline",
        "name": "p",
        "is_enabled": False,
        "is_read_only": False,
        "filter": {"query": "source:x "},
        "processors": [{"type": "date-remapper", "sources": [], "is_enabled": False}],
        "tags": [],
    }


def test_tags_are_sorted_and_everything_else_stays_as_it_was_sent(api: TestClient) -> None:
    sent: dict[str, Any] = {
        "tags": ["b", "a"],
        "description": " d ",
        "filter": {"query": ""},
        "is_enabled": True,
    }
    created = create(api, **sent)
    assert {name: created[name] for name in sent} == sent | {"tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("processor", "added"),
    [
        ({"type": "trace-id-remapper"}, {"sources": ["dd.trace_id"]}),
        ({"type": "span-id-remapper"}, {"sources": ["dd.span_id"]}),
        (
            {"type": "grok-parser", "source": "message", "grok": {"match_rules": "r %{data}"}},
            {"samples": [], "grok": {"match_rules": "r %{data}", "support_rules": ""}},
        ),
        (
            {"type": "attribute-remapper", "sources": ["a"], "target": "b"},
            {"source_type": "attribute", "target_type": "attribute"}
            | {"preserve_source": False, "override_on_conflict": False},
        ),
        (
            {"type": "url-parser", "sources": ["http.url"], "target": "u"},
            {"normalize_ending_slashes": False},
        ),
        ({"type": "user-agent-parser", "sources": ["a"], "target": "u"}, {"is_encoded": False}),
        (
            {"type": "arithmetic-processor", "expression": "a+b", "target": "c"},
            {"is_replace_missing": False},
        ),
        (
            {"type": "geo-ip-parser", "sources": ["ip"], "target": "geo"},
            {"ip_processing_behavior": "do-nothing"},
        ),
        ({"type": "lookup-processor", "source": "a", "target": "b", "lookup_table": ["x,y"]}, {}),
        ({"type": "lookup-processor", "source": "a", "target": "b", "lookup_enrichment_table": "t"}, {}),
        (
            {"type": "array-processor", "operation": {"type": "append", "source": "a", "target": "b"}},
            {"operation": {"type": "append", "source": "a", "target": "b", "preserve_source": True}},
        ),
        ({"type": "pipeline", "name": "n"}, {"processors": []}),
        (
            {"type": "pipeline", "name": "n", "tags": ["b", "a"], "is_enabled": True}
            | {"processors": [{"type": "trace-id-remapper"}]},
            {
                "tags": ["a", "b"],
                "processors": [
                    {"type": "trace-id-remapper", "is_enabled": False, "sources": ["dd.trace_id"]}
                ],
            },
        ),
    ],
)
def test_each_processor_gets_its_own_defaults(
    api: TestClient, processor: dict[str, Any], added: dict[str, Any]
) -> None:
    created = create(api, processors=[processor])
    assert created["processors"] == [{"is_enabled": False} | processor | added]


INVALID_PROCESSORS: list[Any] = [
    None,
    [],
    {},
    {"type": "no-such-parser"},
    {"type": ["date-remapper"]},
    {"type": "date-remapper"},
    {"type": "date-remapper", "sources": "a"},
    {"type": "date-remapper", "sources": [], "is_enabled": "yes"},
    {"type": "grok-parser", "source": "message", "grok": {}},
    {"type": "lookup-processor", "source": "a", "target": "b"},
    {"type": "array-processor", "operation": {"type": "sort"}},
    {"type": "array-map-processor", "source": "a", "target": "b", "processors": [{"type": "grok-parser"}]},
    {"type": "schema-processor", "name": "s", "schema": {}, "mappers": [1]},
    {"type": "pipeline", "processors": {}},
    {"type": "pipeline", "processors": [{"type": "pipeline"}]},
]


@pytest.mark.parametrize("processor", INVALID_PROCESSORS)
def test_an_invalid_processor_is_refused_on_create_and_update(api: TestClient, processor: Any) -> None:
    created = create(api)
    body = {"name": "new", "processors": [processor]}
    for answer in (api.post(PIPELINES, json=body), api.put(f"{PIPELINES}/{created['id']}", json=body)):
        assert answer.status_code == 400
        assert answer.json() == {
            "error": {
                "code": "InvalidArgument",
                "message": "Invalid Pipeline",
                "details": [{"code": "InvalidArgument", "message": "Invalid parser"}],
            }
        }
    assert api.get(PIPELINES).json() == [created]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], "Invalid name"),
        ({}, "Invalid name"),
        ({"name": ""}, "Invalid name"),
        ({"name": "p", "is_enabled": 1}, "Invalid is_enabled"),
        ({"name": "p", "filter": "source:x"}, "Invalid filter"),
        ({"name": "p", "filter": {"query": 1}}, "Invalid filter"),
        ({"name": "p", "tags": "a"}, "Invalid tags"),
        ({"name": "p", "tags": [1]}, "Invalid tags"),
        ({"name": "p", "processors": None}, "Invalid parser"),
    ],
)
def test_an_invalid_pipeline_is_refused(api: TestClient, body: Any, detail: str) -> None:
    answer = api.post(PIPELINES, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == [{"code": "InvalidArgument", "message": detail}]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 300 + b"]" * 300])
def test_a_body_that_cannot_be_read_is_refused(api: TestClient, body: bytes) -> None:
    answer = api.post(PIPELINES, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["message"] == "Invalid JSON"


def test_an_unknown_id_is_a_400(api: TestClient) -> None:
    for answer in (
        api.get(f"{PIPELINES}/x"),
        api.put(f"{PIPELINES}/x", json={"name": "p"}),
        api.delete(f"{PIPELINES}/x"),
    ):
        assert (answer.status_code, answer.json()) == (400, MISSING)


def test_an_update_replaces_everything_but_id_and_place(api: TestClient) -> None:
    first, second = create(api, tags=["a"], is_enabled=True, description="d"), create(api, "q")
    answer = api.put(f"{PIPELINES}/{first['id']}", json={"name": "new"})
    assert answer.json() == second | {"id": first["id"], "name": "new"}
    assert api.get(f"{PIPELINES}/{first['id']}").json() == answer.json()
    assert order(api) == [first["id"], second["id"]]


def test_a_deleted_pipeline_is_gone(api: TestClient) -> None:
    created = create(api)
    answer = api.delete(f"{PIPELINES}/{created['id']}")
    assert (answer.status_code, answer.text) == (200, "{}")
    assert api.get(f"{PIPELINES}/{created['id']}").status_code == 400
    assert order(api) == []


def test_the_order_can_be_changed_and_new_ones_come_last(api: TestClient, sandbox: Sandbox) -> None:
    first, second = create(api)["id"], create(api)["id"]
    answer = api.put(ORDER, json={"pipeline_ids": [second, first]})
    assert answer.json() == {"pipeline_ids": [second, first]}
    third = create(api)["id"]
    assert order(api) == [second, first, third]
    assert [body["id"] for body in api.get(PIPELINES).json()] == [second, first, third]
    assert [body["id"] for body in sandbox.pipelines] == [second, first, third]


def test_an_order_that_does_not_hold_every_pipeline_once_is_a_422(api: TestClient) -> None:
    first, second = create(api)["id"], create(api)["id"]
    for wrong in ([], [first], [first, first], [first, second, second], [first, second, "x"], [first, "x"]):
        answer = api.put(ORDER, json={"pipeline_ids": wrong})
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "InvalidArgument"
    assert order(api) == [first, second]


@pytest.mark.parametrize("body", [[], {}, {"pipeline_ids": "x"}, {"pipeline_ids": [1]}])
def test_an_order_in_another_shape_is_a_400(api: TestClient, body: Any) -> None:
    assert api.put(ORDER, json=body).status_code == 400


def test_the_first_log_of_an_integration_brings_its_read_only_pipeline(api: TestClient) -> None:
    own = create(api)
    for source in ("python", "nobody-knows", "python"):
        send_log(api, source)
    mine, shipped = api.get(PIPELINES).json()
    assert mine == own
    assert (shipped["name"], shipped["is_read_only"], shipped["filter"]) == (
        "python",
        True,
        {"query": "source:python"},
    )
    assert order(api) == [own["id"], shipped["id"]]
    assert api.get(f"{PIPELINES}/{shipped['id']}").json() == shipped


def test_a_read_only_pipeline_can_be_moved_but_not_written(api: TestClient) -> None:
    send_log(api, "go")
    own, (shipped, _) = create(api)["id"], order(api)
    for answer in (
        api.put(f"{PIPELINES}/{shipped}", json={"name": "mine"}),
        api.delete(f"{PIPELINES}/{shipped}"),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "404" in answer.text
    assert api.put(ORDER, json={"pipeline_ids": [own, shipped]}).status_code == 200
    assert order(api) == [own, shipped]
