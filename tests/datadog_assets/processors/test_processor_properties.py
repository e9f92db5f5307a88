"""What holds for every pipeline and every log."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datadog_assets.dates import epoch_ms, iso
from datadog_assets.kinds.pipelines import Pipeline
from datadog_assets.log import Log
from datadog_assets.processors import SIMPLE, type_of
from datadog_assets.rehearse import process
from datadog_assets.rehearse.pipelines import Pipelines

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ANY_TIME = settings(deadline=None)
"""The rules for user agents are read when the first one comes."""

KEYS = st.sampled_from(["a", "b"]) | st.sampled_from(
    ["a", "b", "a.b", "custom", "message", "status", "0", ""]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["a", "a=b", "error", "7", "1e9", "1e999", "2026-03-04T05:06:07Z", "Mar  4 05:06:07", "/p?q=1#h", "http://u:p@h:1/",
         "Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0", "YQ==", "6869", "10.0.0.1", 10**18, 2**63, 10**290, 10**400, -(10**400)]
    )
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=2),
    max_leaves=6,
)
FULL = st.fixed_dictionaries(
    {"a": VALUES, "b": VALUES}, optional={"a.b": VALUES, "custom": VALUES, "message": VALUES}
)


def deep(value: object, keys: list[str]) -> object:
    for key in keys:
        value = [value] if key == "0" else {key: value}
    return value


DEEP = st.builds(deep, SCALARS, st.lists(st.sampled_from(["a", "b", "a.b", "0"]), max_size=50))
OWN = ["message", "status", "service", "host", "source", "timestamp", "trace_id", "span_id", "other"]
LOGS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(OWN, SCALARS | st.sampled_from([[], {}, ["a"], {"a": [None]}])),
        "attributes": FULL | st.dictionaries(KEYS, VALUES | DEEP, max_size=5),
        "tags": st.lists(
            st.sampled_from(["a:x", "b:y", "a", "A:b:c", ":", ""]) | st.text(max_size=3), max_size=4
        ),
    },
)

NEAR = st.sampled_from(["a", "b", "a.b", "a.a", "b.a", "a.0", "c"])
PATHS = NEAR | st.one_of(
    st.lists(st.sampled_from(["a", "b", "0", "1"]), min_size=1, max_size=4).map(".".join),
    st.sampled_from(
        [
            "message",
            "status",
            "service",
            "custom.a",
            "custom.message.a",
            "",
            ".",
            "a.",
            "a..b",
            "a" + ".a" * 49,
        ]
    ),
)
SOURCES = st.lists(PATHS, min_size=1, max_size=3)
QUERIES = st.sampled_from(["", "*", "@a:*", "-@a:*", "@a.b:[1 TO 9]", "status:error", "a:x", "error", "("])
NAMES = st.text(max_size=5)
CATEGORIES = st.lists(st.fixed_dictionaries({"filter": QUERIES, "name": NAMES}), max_size=3)
ENABLED = {"is_enabled": st.booleans(), "name": NAMES}


def body(
    kind: str, optional: dict[str, Any] | None = None, **fields: Any
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields}, optional={**ENABLED, **(optional or {})})


def remapper(kind: str, path: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return body(
        kind,
        {
            "source_type": st.sampled_from(["attribute", "tag"]),
            "target_type": st.sampled_from(["attribute", "tag"]),
            "target_format": st.sampled_from(["auto", "string", "integer", "double"]),
            "preserve_source": st.booleans(),
            "override_on_conflict": st.booleans(),
        },
        sources=st.lists(path, min_size=1, max_size=3),
        target=path,
    )


def of_element(path: st.SearchStrategy[str]) -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    replace = {"is_replace_missing": st.booleans()}
    template = st.lists(
        st.sampled_from(["%{", "}", " "]) | path | path.map("%{{{}}}".format), max_size=5
    ).map("".join)
    formula = st.lists(path | st.sampled_from("+-*/() 0197"), max_size=7).map(" ".join)
    return {
        "attribute-remapper": remapper("attribute-remapper", path),
        "arithmetic-processor": body("arithmetic-processor", replace, expression=formula, target=path),
        "string-builder-processor": body("string-builder-processor", replace, template=template, target=path),
        "category-processor": body("category-processor", categories=CATEGORIES, target=path),
    }


ELEMENT = (
    st.sampled_from(["$sourceElem", "$targetElem", "$sourceElem.a", "$targetElem.a.b", "$targetElem.0"])
    | PATHS
)
OPERATIONS = (
    body("append", {"preserve_source": st.booleans()}, source=PATHS, target=PATHS)
    | body("length", source=PATHS, target=PATHS)
    | body(
        "select",
        source=PATHS,
        target=PATHS,
        filter=st.sampled_from(["a:7", "a.b:a", "", ":"]),
        value_to_extract=PATHS,
    )
    | body(
        "key-value",
        {"target": PATHS, "override_on_conflict": st.booleans()},
        source=PATHS,
        key_to_extract=PATHS,
        value_to_extract=PATHS,
    )
).map(lambda operation: {key: value for key, value in operation.items() if key not in ENABLED})
SCHEMA = st.fixed_dictionaries(
    {
        "schema_type": st.just("ocsf"),
        "version": NAMES,
        "class_uid": st.integers(-1, 9999),
        "class_name": NAMES,
    }
)
SCHEMA_CATEGORIES = st.lists(
    st.fixed_dictionaries({"filter": QUERIES, "name": NAMES, "id": st.sampled_from([1, 99])}), max_size=2
)
MAPPERS = st.fixed_dictionaries(
    {"type": st.just("schema-remapper"), "name": NAMES, "sources": SOURCES, "target": PATHS},
    optional={"target_format": st.sampled_from(["integer", "x"]), "preserve_source": st.booleans()},
) | st.fixed_dictionaries(
    {
        "type": st.just("schema-category-mapper"),
        "name": NAMES,
        "categories": SCHEMA_CATEGORIES,
        "targets": st.fixed_dictionaries({}, optional={"name": PATHS, "id": PATHS}),
    },
    optional={
        "fallback": st.fixed_dictionaries(
            {"values": st.dictionaries(PATHS, NAMES), "sources": st.dictionaries(PATHS, SOURCES)}
        )
    },
)
RULES = st.sampled_from(
    [
        "r %{data:a}",
        "r %{data::json}",
        "r %{data::keyvalue}",
        "r %{number:a.b}",
        "r %{word:message}",
        "r %{",
        "",
        "%{data}",
    ]
)
BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    **of_element(PATHS),
    "array-map-processor": body(
        "array-map-processor",
        {"preserve_source": st.booleans()},
        source=PATHS,
        target=PATHS,
        processors=st.lists(st.one_of(*of_element(ELEMENT).values()), max_size=3),
    ),
    "array-processor": body("array-processor", operation=OPERATIONS),
    "date-remapper": body("date-remapper", sources=SOURCES),
    "decoder-processor": body(
        "decoder-processor",
        source=PATHS,
        target=PATHS,
        binary_to_text_encoding=st.sampled_from(["base64", "base16"]),
        input_representation=st.sampled_from(["utf_8", "integer"]),
    ),
    "exclude-attribute": body("exclude-attribute", attribute_to_exclude=PATHS),
    "geo-ip-parser": body("geo-ip-parser", sources=SOURCES, target=PATHS),
    "grok-parser": body(
        "grok-parser",
        {"source": PATHS},
        grok=st.fixed_dictionaries({"match_rules": RULES, "support_rules": RULES}),
    ),
    "lookup-processor": body(
        "lookup-processor",
        {"default_lookup": NAMES},
        source=PATHS,
        target=PATHS,
        lookup_table=st.lists(st.sampled_from(["a,b", "7,x", "true,", ",", "none"]), max_size=3),
    )
    | body("lookup-processor", source=PATHS, target=PATHS, lookup_enrichment_table=NAMES),
    "message-remapper": body("message-remapper", sources=SOURCES),
    "schema-processor": body("schema-processor", schema=SCHEMA, mappers=st.lists(MAPPERS, max_size=3)),
    "service-remapper": body("service-remapper", sources=SOURCES),
    "span-id-remapper": body("span-id-remapper", {"sources": SOURCES}),
    "status-remapper": body("status-remapper", sources=SOURCES),
    "trace-id-remapper": body("trace-id-remapper", {"sources": SOURCES}),
    "url-parser": body(
        "url-parser", {"normalize_ending_slashes": st.booleans()}, sources=SOURCES, target=PATHS
    ),
    "user-agent-parser": body(
        "user-agent-parser", {"is_encoded": st.booleans()}, sources=SOURCES, target=PATHS
    ),
}
COPIES = (
    st.builds(
        lambda body: {
            **body,
            "source_type": "attribute",
            "target_type": "attribute",
            "target_format": "auto",
        },
        BODIES["attribute-remapper"],
    )
    | BODIES["array-processor"]
    | BODIES["array-map-processor"]
)
ANY_BODY = st.one_of(*BODIES.values())
NESTED = body("pipeline", {"filter": QUERIES}, processors=st.lists(ANY_BODY, max_size=3))
PIPELINES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "processors": st.lists(ANY_BODY | NESTED, max_size=6)},
        optional={"filter": QUERIES, "is_enabled": st.booleans()},
    ),
    max_size=3,
)


def shown(log: object) -> str:
    """Write a log out: a NaN in it equals itself, and 1 is neither 1.0 nor true."""
    return repr(log)


def test_there_are_bodies_of_every_type() -> None:
    assert set(BODIES) == {type_of(model) for model in SIMPLE}


@pytest.mark.parametrize("kind", BODIES)
def test_no_log_makes_a_processor_fail_and_the_log_stays_as_it_was(kind: str) -> None:
    @ANY_TIME
    @given(LOGS, BODIES[kind])
    def check(log: Log, processor: dict[str, Any]) -> None:
        before = shown(log)
        after = process(log, [{"name": "p", "processors": [processor]}], now=NOW)
        assert shown(log) == before
        assert isinstance(after["attributes"], dict)

    check()


@ANY_TIME
@given(LOGS, PIPELINES)
def test_no_log_makes_pipelines_fail_and_the_log_stays_as_it_was(
    log: Log, pipelines: list[dict[str, Any]]
) -> None:
    before = shown(log)
    process(log, pipelines, now=NOW)
    assert shown(log) == before


@ANY_TIME
@given(LOGS, PIPELINES)
def test_the_same_log_gives_the_same_twice(log: Log, pipelines: list[dict[str, Any]]) -> None:
    ready = Pipelines(pipelines)
    first, second = ready.process(log, NOW), ready.process(log, NOW)
    assert shown(first) == shown(second)
    assert shown(process(log, pipelines, now=NOW)) == shown(first.log)


@ANY_TIME
@given(LOGS, PIPELINES)
def test_explaining_ends_with_the_log_that_processing_makes(
    log: Log, pipelines: list[dict[str, Any]]
) -> None:
    ready = Pipelines(pipelines)
    processed, steps = ready.process(log, NOW), ready.explain(log, NOW)
    if steps:
        assert shown(steps[-1].after) == shown(processed.log)
    assert len(steps) >= len(pipelines)


@ANY_TIME
@given(LOGS, PIPELINES)
def test_what_does_not_match_or_is_disabled_changes_nothing(
    log: Log, pipelines: list[dict[str, Any]]
) -> None:
    untouched = shown(process(log, []))
    assert shown(process(log, [{**one, "filter": "@nothing.is:here"} for one in pipelines])) == untouched
    assert shown(process(log, [{**one, "is_enabled": False} for one in pipelines])) == untouched
    disabled = [
        {**one, "processors": [{**inner, "is_enabled": False} for inner in one["processors"]]}
        for one in pipelines
    ]
    assert shown(process(log, disabled)) == untouched


@ANY_TIME
@given(LOGS, st.lists(COPIES, min_size=1, max_size=4))
def test_no_two_places_of_a_log_share_what_they_hold(log: Log, copies: list[dict[str, Any]]) -> None:
    seen: set[int] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict | list):
            assert id(value) not in seen
            seen.add(id(value))
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner)

    after = process(log, [{"name": "p", "processors": copies}], now=NOW)
    walk(after["attributes"])


@ANY_TIME
@given(LOGS, PIPELINES)
def test_own_fields_keep_their_types(log: Log, pipelines: list[dict[str, Any]]) -> None:
    given_log: Any = deepcopy(log)
    for field in OWN:
        given_log.pop(field, None)
    after: Any = process(given_log, pipelines, now=NOW)
    for field in ("message", "status", "service", "trace_id", "span_id"):
        assert isinstance(after.get(field, ""), str)
    date = after.get("timestamp", 0)
    assert type(date) is int
    assert epoch_ms(iso(date), 0) == date
    assert all(isinstance(tag, str) for tag in after["tags"])


@ANY_TIME
@given(PIPELINES)
def test_what_is_generated_is_what_datadog_would_take(pipelines: list[dict[str, Any]]) -> None:
    assert [Pipeline.model_validate(one).name for one in pipelines] == [one["name"] for one in pipelines]
