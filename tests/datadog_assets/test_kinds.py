"""What every kind and every type of processor holds to, whichever are found."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import orjson
import pytest
from calling import Time, answering, api_for
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datadog_assets.api import Api
from datadog_assets.api.errors import ApiError
from datadog_assets.environment import Access
from datadog_assets.kind import Kind
from datadog_assets.kinds import KINDS
from datadog_assets.kinds._pipeline_order import move, read_order
from datadog_assets.plan.difference import differences
from datadog_assets.processors import SIMPLE, type_of
from datadog_assets.resource import MANAGED_TAG, Finding, Json, Mark, Resource

CATEGORY: Json = {"filter": "status:error", "name": "bad"}
PROCESSORS: Mapping[str, Json] = {
    "arithmetic-processor": {"expression": "a * 2", "target": "b"},
    "array-map-processor": {
        "source": "a",
        "target": "b",
        "processors": [
            {"type": "attribute-remapper", "sources": ["$sourceElem.x"], "target": "$targetElem.y"},
            {"type": "category-processor", "categories": [CATEGORY], "target": "$targetElem.z"},
        ],
    },
    "array-processor": {"operation": {"type": "append", "source": "a", "target": "b"}},
    "attribute-remapper": {"sources": ["a"], "target": "b"},
    "category-processor": {"categories": [CATEGORY], "target": "b"},
    "date-remapper": {"sources": ["a"]},
    "decoder-processor": {
        "source": "a",
        "target": "b",
        "binary_to_text_encoding": "base64",
        "input_representation": "utf_8",
    },
    "exclude-attribute": {"attribute_to_exclude": "a"},
    "geo-ip-parser": {"sources": ["ip"], "target": "geo"},
    "grok-parser": {"source": "message", "grok": {"match_rules": "rule %{data}"}},
    "lookup-processor": {"source": "a", "target": "b", "lookup_table": {"k": "v"}},
    "message-remapper": {"sources": ["msg"]},
    "schema-processor": {
        "name": "ocsf",
        "schema": {
            "schema_type": "ocsf",
            "version": "1.5.0",
            "class_uid": 3002,
            "class_name": "Authentication",
        },
        "mappers": [
            {"type": "schema-remapper", "name": "m", "sources": ["a"], "target": "b"},
            {
                "type": "schema-category-mapper",
                "name": "c",
                "categories": [{**CATEGORY, "id": 1}],
                "targets": {"name": "n", "id": "i"},
            },
        ],
    },
    "service-remapper": {"sources": ["a"]},
    "span-id-remapper": {},
    "status-remapper": {"sources": ["a"]},
    "string-builder-processor": {"template": "%{a}", "target": "b"},
    "trace-id-remapper": {},
    "url-parser": {"sources": ["url"], "target": "parts"},
    "user-agent-parser": {"sources": ["agent"], "target": "parts"},
}
"""For each type of processor an entry, without its type."""

OPERATIONS: list[Json] = [
    {"type": "append", "source": "a", "target": "b"},
    {"type": "length", "source": "a", "target": "b"},
    {"type": "select", "source": "a", "target": "b", "filter": "k:v", "value_to_extract": "x"},
    {"type": "key-value", "source": "a", "key_to_extract": "k", "value_to_extract": "v"},
]

RULES = "\n\n".join(f"r{number} %{{data}}" for number in range(11))
LOG_QUERY = 'logs("source:okta").index("*").rollup("count").by("@flow").last("5m") > 5'
ENTRIES: Mapping[str, Json] = {
    "pipelines": {
        "name": "x",
        "filter": "source:okta",
        "tags": ["b:1", "a:2"],
        "processors": [
            {"type": "status-remapper", "sources": ["level"]},
            {
                "type": "pipeline",
                "filter": "a:b",
                "processors": [{"type": "grok-parser", **PROCESSORS["grok-parser"]}],
            },
        ],
    },
    "monitors": {
        "name": "x",
        "type": "log alert",
        "query": LOG_QUERY,
        "message": "Look here\n",
        "tags": ["b:1", "a:2"],
        "priority": 2,
        "options": {"thresholds": {"critical": 5, "warning": 3}, "renotify_interval": 60},
    },
    "notification_rules": {"name": "x", "filter": {"tags": ["b:1", "a:2"]}, "recipients": "slack-b, slack-a"},
}
"""For each kind an entry that sets more than it has to."""

LEAST: Mapping[str, Json] = {
    "pipelines": {"name": "x"},
    "monitors": {"name": "x", "type": "log alert", "query": LOG_QUERY},
    "notification_rules": {"name": "x", "filter": {"tags": ["b:1"]}, "recipients": ["slack-a"]},
}
"""For each kind the same one with no more than it has to have."""

each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def body(kind: Kind, entry: Json) -> Json:
    return kind.body(kind.model.model_validate(entry))


@pytest.fixture
def datadog(url: str) -> Iterator[Api]:
    with api_for(Access(url, "k", "a"), Time()) as api:
        yield api


def test_each_kind_and_each_type_of_processor_has_an_example_here() -> None:
    assert ENTRIES.keys() == LEAST.keys() == KINDS.keys()
    assert PROCESSORS.keys() == {type_of(model) for model in SIMPLE}


def test_kinds_have_names_and_ranks_of_their_own() -> None:
    assert [kind.key for kind in KINDS.values()] == [*KINDS]
    assert (
        len({kind.word for kind in KINDS.values()})
        == len({kind.rank for kind in KINDS.values()})
        == len(KINDS)
    )


# --- every kind


@each
def test_an_entry_may_be_pinned_and_ensured(kind: Kind) -> None:
    entry = ENTRIES[kind.key] | {"id": "abc", "ensure": "present"}
    assert body(kind, entry) == body(kind, ENTRIES[kind.key])


@each
def test_what_is_no_entry_is_refused(kind: Kind) -> None:
    for entry in ({}, {"name": 5}, ENTRIES[kind.key] | {"name": None}, ENTRIES[kind.key] | {"unknown": 1}):
        with pytest.raises(ValidationError):
            kind.model.model_validate(entry)


@each
def test_what_was_made_reads_back_equal_and_exports_to_an_entry_that_is_equal(
    kind: Kind, datadog: Api
) -> None:
    sent = body(kind, ENTRIES[kind.key])
    made = kind.create(datadog, sent)
    (live,) = kind.list(datadog)
    assert (made.id, made.name, live.id, live.name, live.read_only) == (live.id, "x", made.id, "x", False)
    assert differences(kind.canonical(live.body), kind.canonical(sent)) == ()
    again = body(kind, kind.entry(live.body))
    assert differences(kind.canonical(live.body), kind.canonical(again)) == ()


@each
def test_an_update_takes_back_what_is_no_longer_declared(kind: Kind, datadog: Api) -> None:
    made = kind.create(datadog, body(kind, ENTRIES[kind.key]))
    least = body(kind, LEAST[kind.key])
    assert differences(kind.canonical(made.body), kind.canonical(least))
    kind.validate(datadog, least, made.id)
    kind.update(datadog, made.id, least)
    (live,) = kind.list(datadog)
    assert differences(kind.canonical(live.body), kind.canonical(least)) == ()


@each
def test_what_is_deleted_is_gone_and_may_be_deleted_again(kind: Kind, datadog: Api) -> None:
    made = kind.create(datadog, body(kind, ENTRIES[kind.key]))
    kind.delete(datadog, made.id)
    kind.delete(datadog, made.id)
    assert kind.list(datadog) == []


@each
def test_a_create_whose_answer_was_lost_makes_nothing_twice(
    kind: Kind, datadog: Api, client: httpx2.Client
) -> None:
    client.post("/sandbox/faults", json=[{"method": "POST", "path": "/api", "close": "after"}])
    made = kind.create(datadog, body(kind, ENTRIES[kind.key]))
    assert [one.id for one in kind.list(datadog)] == [made.id]


@each
@pytest.mark.parametrize("answer", [{}, [1], [{"name": "no id"}], None, {"data": {}}, "text"])
def test_a_list_that_is_none_is_an_error_and_never_an_empty_one(kind: Kind, answer: object) -> None:
    content = orjson.dumps(answer)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
    with (
        answering(head + content) as (url, _),
        api_for(Access(url, "k", "a"), Time()) as api,
        pytest.raises(ApiError, match=r"was answered with JSON that holds no "),
    ):
        kind.list(api)


@each
def test_the_managed_tag_makes_no_difference(kind: Kind) -> None:
    sent = body(kind, ENTRIES[kind.key])
    if kind.has_tags:
        tags = sent["tags"]
        assert isinstance(tags, list)
        assert kind.canonical(sent | {"tags": [MANAGED_TAG, *reversed(tags)]}) == kind.canonical(sent)


@each
def test_the_canonical_form_of_a_canonical_form_is_the_same(kind: Kind) -> None:
    once = kind.canonical(body(kind, ENTRIES[kind.key]))
    assert kind.canonical(once) == once


def added(value: Any) -> Any:
    """A new field in every object, however deep."""
    if isinstance(value, dict):
        return {name: added(inner) for name, inner in value.items()} | {"added_tomorrow": {"x": 1}}
    return [added(inner) for inner in value] if isinstance(value, list) else value


@each
def test_what_the_server_may_add_tomorrow_makes_no_difference(kind: Kind) -> None:
    sent = body(kind, ENTRIES[kind.key])
    assert kind.canonical(added(sent) | {"id": "abc"}) == kind.canonical(sent)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@each
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_canonical_form_takes_whatever_datadog_returns(kind: Kind, data: st.DataObject) -> None:
    live = dict(ENTRIES[kind.key])
    for name in data.draw(st.lists(st.sampled_from([*kind.model.model_fields]), max_size=3)):
        live[name] = data.draw(json_values)
    assert isinstance(kind.canonical(live), dict)


# --- processors


@pytest.mark.parametrize("name", PROCESSORS)
def test_each_type_of_processor_reads_back_equal(name: str, datadog: Api) -> None:
    kind = KINDS["pipelines"]
    sent = body(kind, {"name": "x", "processors": [{"type": name, **PROCESSORS[name]}]})
    live = kind.create(datadog, sent)
    assert differences(kind.canonical(live.body), kind.canonical(sent)) == ()
    assert differences(kind.canonical(body(kind, kind.entry(live.body))), kind.canonical(sent)) == ()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: str(one["type"]))
def test_each_operation_on_an_array_reads_back_equal(operation: Json, datadog: Api) -> None:
    kind = KINDS["pipelines"]
    sent = body(kind, {"name": "x", "processors": [{"type": "array-processor", "operation": operation}]})
    live = kind.create(datadog, sent)
    assert differences(kind.canonical(live.body), kind.canonical(sent)) == ()


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_processor_takes_no_key_that_it_does_not_know(name: str) -> None:
    entry = {"name": "x", "processors": [{"type": name, **PROCESSORS[name], "unknown": 1}]}
    with pytest.raises(ValidationError):
        KINDS["pipelines"].model.model_validate(entry)


@pytest.mark.parametrize("short", ["", {}, {"query": ""}])
def test_a_filter_may_be_empty_in_any_form(short: object, datadog: Api) -> None:
    kind = KINDS["pipelines"]
    sent = body(kind, {"name": "x", "filter": short})
    live = kind.create(datadog, sent)
    assert kind.canonical(live.body) == kind.canonical(sent)
    assert kind.canonical(sent)["filter"] == {"query": ""}


def test_everything_that_can_be_is_enabled_unless_it_says_otherwise() -> None:
    inner = {"type": "array-map-processor", **PROCESSORS["array-map-processor"]}
    nested = {"type": "pipeline", "is_enabled": False, "processors": [{"type": "span-id-remapper"}]}
    sent = body(KINDS["pipelines"], {"name": "x", "processors": [inner, nested]})
    processors: Any = sent["processors"]
    of_array, of_nested = processors
    assert (sent["is_enabled"], of_array["is_enabled"], of_nested["is_enabled"]) == (True, True, False)
    assert [one["is_enabled"] for one in of_nested["processors"]] == [True]
    assert ["is_enabled" in one for one in of_array["processors"]] == [False, False]


# --- what goes together


def findings(kind: str, *entries: Json) -> list[tuple[str, str, bool]]:
    resources = [
        Resource(kind, str(entry["name"]), body(KINDS[kind], entry), Mark("f.yaml", 1)) for entry in entries
    ]
    return [shown(found) for found in KINDS[kind].check(resources)]


def shown(found: Finding) -> tuple[str, str, bool]:
    return ".".join(map(str, (found.resource.name, *found.path))), found.text, found.is_warning


STATUS: Json = {"type": "status-remapper", "sources": ["a"]}
LATE = ("never acts: a status remapper of {} comes first, and only the first counts", True)


@pytest.mark.parametrize(
    ("pipelines", "late"),
    [
        ([{"processors": [STATUS]}, {"processors": [STATUS]}], [("1.processors.0", "'0'")]),
        (
            [{"filter": "*", "processors": [STATUS]}, {"filter": "", "processors": [STATUS]}],
            [("1.processors.0", "'0'")],
        ),
        ([{"filter": "a:b", "processors": [STATUS]}, {"processors": [STATUS]}], []),
        ([{"is_enabled": False, "processors": [STATUS]}, {"processors": [STATUS]}], []),
        ([{"processors": [STATUS | {"is_enabled": False}, STATUS]}], []),
        ([{"processors": [{"type": "pipeline", "filter": "x:y", "processors": [STATUS]}, STATUS]}], []),
        (
            [{"processors": [STATUS, {"type": "pipeline", "filter": "x:y", "processors": [STATUS]}]}],
            [("0.processors.1.processors.0", "'0'")],
        ),
        (
            [{"processors": [{"type": "pipeline", "filter": "x:y", "processors": [STATUS, STATUS]}]}],
            [("0.processors.0.processors.1", "'0'")],
        ),
        ([{"processors": [{"type": "pipeline", "is_enabled": False, "processors": [STATUS]}, STATUS]}], []),
    ],
)
def test_a_status_remapper_behind_one_that_takes_all_its_logs_is_told(
    pipelines: list[Json], late: list[tuple[str, str]]
) -> None:
    named = [{"name": str(number), **pipeline} for number, pipeline in enumerate(pipelines)]
    assert findings("pipelines", *named) == [(place, LATE[0].format(first), LATE[1]) for place, first in late]


@pytest.mark.parametrize(
    ("more", "place", "text"),
    [
        (
            {"filter": "service:(a", "processors": []},
            "x.filter",
            "cannot be read: ",
        ),
        (
            {
                "filter": "-@okta.status:error",
                "processors": [
                    {"type": "string-builder-processor", "template": "x", "target": "okta.status"}
                ],
            },
            "x.filter",
            "reads @okta.status, which this pipeline's own processors write; it is tested before them",
        ),
        (
            {
                "processors": [
                    {
                        "type": "category-processor",
                        "target": "t",
                        "categories": [{"filter": "a OR", "name": "n"}],
                    }
                ]
            },
            "x.processors.0.categories.0.filter",
            "cannot be read: ",
        ),
        (
            {"processors": [{"type": "grok-parser", "source": "m", "grok": {"match_rules": "r %{dat}"}}]},
            "x.processors.0.grok",
            "cannot be read: rule r: ",
        ),
    ],
)
def test_what_an_expert_would_not_write_is_a_warning(more: Json, place: str, text: str) -> None:
    [found] = findings("pipelines", {"name": "x", **more})
    assert (found[0], found[1][: len(text)], found[2]) == (place, text, True)


def test_a_nested_filter_may_read_what_the_pipeline_around_it_writes() -> None:
    writes = {"type": "string-builder-processor", "template": "x", "target": "a"}
    nested = {"type": "pipeline", "filter": "@a:x", "processors": []}
    assert findings("pipelines", {"name": "x", "processors": [writes, nested]}) == []


@pytest.mark.parametrize(
    ("processors", "found"),
    [
        (
            [{"type": "span-id-remapper"}] * 21,
            ("x.processors", "holds 21 processors; Datadog recommends 20 at most", True),
        ),
        (
            [{"type": "grok-parser", "source": "m", "grok": {"match_rules": RULES}}],
            ("x.processors.0.grok.match_rules", "holds 11 rules; Datadog recommends 10 at most", True),
        ),
        (
            [{"type": "attribute-remapper", "sources": ["a"], "target": "b,c"}],
            ("x.processors.0.target", "is 'b,c'; it can hold no colon and no comma", False),
        ),
        (
            [{"type": "attribute-remapper", "sources": ["a"], "target": "host"}],
            (
                "x.processors.0.target",
                "is 'host', which is reserved; use the remapper made for it, or another name",
                True,
            ),
        ),
    ],
)
def test_what_datadog_advises_against_in_a_pipeline_is_told(
    processors: list[Json], found: tuple[str, str, bool]
) -> None:
    assert findings("pipelines", {"name": "x", "processors": processors}) == [found]


def test_a_remapper_to_a_tag_may_have_any_name() -> None:
    to_tag = {"type": "attribute-remapper", "sources": ["a"], "target": "status", "target_type": "tag"}
    assert findings("pipelines", {"name": "x", "processors": [to_tag]}) == []


def monitor(query: str, **options: object) -> Json:
    return {"name": "x", "type": "log alert", "query": query, "options": options}


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (
            monitor(LOG_QUERY, thresholds={"critical": 5, "warning": 5}),
            ("x.options.thresholds.warning", "is 5: it must be met before the alert at 5", False),
        ),
        (
            monitor(LOG_QUERY.replace("> 5", "< 5"), thresholds={"critical": 5, "warning": 4}),
            ("x.options.thresholds.warning", "is 4: it must be met before the alert at 5", False),
        ),
        (
            monitor("logs(*) > 1"),
            (
                "x.query",
                'expected a text in "quotes" here, at character 6',
                True,
            ),
        ),
        (
            monitor(LOG_QUERY.replace("5m", "0m")),
            ("x.query", "0m is no window that fits: 1m to 2880m, or 1h to 48h, at character 66", False),
        ),
        (
            {"name": "x", "type": "new", "query": "q"},
            ("x.type", "is 'new', which is no type that is known", True),
        ),
    ],
)
def test_what_datadog_refuses_or_is_not_meant_in_a_monitor_is_told(
    entry: Json, found: tuple[str, str, bool]
) -> None:
    assert findings("monitors", entry) == [found]


def test_a_formula_over_logs_is_taken() -> None:
    assert findings("monitors", monitor('formula("query1").last("5m") > 5')) == []


def test_a_monitor_that_searches_for_what_cannot_be_read_is_a_warning() -> None:
    query = LOG_QUERY.replace("source:okta", "(source:okta")
    [(place, text, is_warning)] = findings("monitors", monitor(query))
    assert (place, is_warning) == ("x.query", True)
    assert text.startswith("searches for what cannot be read: ")
    assert text.endswith(", at character 1 of the search")


# --- the pipelines' order


def test_one_pipeline_moves_and_the_others_keep_their_order(datadog: Api, client: httpx2.Client) -> None:
    pipelines = KINDS["pipelines"]
    a, b, c = (pipelines.create(datadog, body(pipelines, {"name": name})).id for name in "abc")
    move(datadog, c, "before", a)
    assert read_order(datadog) == [c, a, b]
    move(datadog, c, "after", a)
    assert read_order(datadog) == [a, c, b]
    client.post("/sandbox/faults", json=[{"method": "PUT", "status": 422, "body": {}}])
    move(datadog, a, "after", b)
    assert read_order(datadog) == [c, b, a]


def test_an_order_that_changes_all_the_time_is_given_up(datadog: Api, client: httpx2.Client) -> None:
    pipelines = KINDS["pipelines"]
    a, b = (pipelines.create(datadog, body(pipelines, {"name": name})).id for name in "ab")
    client.post("/sandbox/faults", json=[{"method": "PUT", "status": 422, "body": {}, "times": None}])
    with pytest.raises(ApiError, match="422"):
        move(datadog, b, "before", a)
    with pytest.raises(ApiError, match=r"the pipeline gone is gone\. Plan anew\."):
        move(datadog, b, "before", "gone")
