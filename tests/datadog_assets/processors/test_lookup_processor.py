"""Values found in a table.

https://docs.datadoghq.com/logs/log_configuration/processors/lookup_processor/
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from datadog_assets.rehearse.pipelines import Pipelines, Processed

USERS = ["42,alice.doe", "77,bob.smith"]


def run(log: Any, **fields: Any) -> Processed:
    body = {"type": "lookup-processor", "source": "a", "target": "t", **fields}
    return Pipelines([{"name": "p", "processors": [body]}]).process(log)


def after(before: dict[str, Any], table: object = USERS, **fields: Any) -> dict[str, Any]:
    return run({"attributes": before}, lookup_table=table, **fields).log["attributes"]


def test_the_example_of_the_page() -> None:
    before = {"transaction": {"id": "tx_98765", "status_code": 2}, "user": {"id": "42"}}
    made = after(before, source="user.id", target="user.username")
    assert made == {**before, "user": {"id": "42", "username": "alice.doe"}}


@pytest.mark.parametrize("default", [None, "nobody"])
def test_a_key_that_is_not_in_the_table_gives_the_default_if_there_is_one(default: str | None) -> None:
    made = after({"a": "1", "t": "there"}, default_lookup=default)
    assert made == {"a": "1", "t": default or "there"}


@pytest.mark.parametrize("before", [{}, {"a": None}, {"a": {"b": "42"}}, {"a": ["42"]}, {"a": []}])
def test_without_a_source_that_is_a_value_nothing_happens(before: dict[str, Any]) -> None:
    # the page: it first looks if the log holds the source; observed: not even the default is written
    assert after(before, default_lookup="nobody") == before


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("k", "text"),
        (7, "integer"),
        (True, "boolean"),
        (False, "no"),
        (2.5, "double"),
        ("", "empty"),
        ("c", "a, b"),
        ("e", ""),
        ("twice", "1"),
        ("none", None),
        (" k", None),
        ("K", None),
    ],
)
def test_keys_are_compared_as_text_and_found_values_are_text(value: object, result: str | None) -> None:
    # observed: integers and booleans are compared as text, blanks around what the table holds do not count
    table = ["k,text", " 7 , integer ", "true,boolean", "false,no", "2.5,double", ",empty", "c,a, b", "e,",
             "twice,1", "twice,2", "none"]  # fmt: skip
    assert after({"a": value}, table).get("t") == result


def test_a_table_may_be_a_mapping() -> None:
    assert after({"a": 42}, {"42": "alice", "7": "x,y"})["t"] == "alice"
    assert after({"a": 7}, {"42": "alice", "7": "x,y"})["t"] == "x,y"
    with pytest.raises(ValidationError, match="can hold no comma"):
        after({}, {"4,2": "alice"})


def test_what_the_log_has_beside_attributes_can_be_looked_up() -> None:
    processed = run({"service": "web"}, source="service", lookup_table=["web,Storefront"])
    assert processed.log["attributes"] == {"t": "Storefront"}


def test_a_target_that_exists_is_overwritten() -> None:
    assert after({"a": "42", "t": ["x"]})["t"] == "alice.doe"
    assert after({"a": "42", "t": "x"}, target="t.u")["t"] == {"u": "alice.doe"}


def test_a_reference_table_is_not_rehearsed() -> None:
    processed = run({"attributes": {"a": "42"}}, lookup_enrichment_table="machines")
    assert processed.log["attributes"] == {"a": "42"}
    assert processed.left == ("the reference table machines cannot be known offline",)
    assert run({"attributes": {}}, lookup_enrichment_table="machines").left == ()


def test_a_key_that_is_not_in_the_table_is_told() -> None:
    log: Any = {"attributes": {"a": "1"}}
    body = {"type": "lookup-processor", "source": "a", "target": "t", "lookup_table": USERS}
    steps = Pipelines([{"name": "p", "processors": [body]}]).explain(log, datetime(2026, 1, 1, tzinfo=UTC))
    assert steps[-1].warnings == ("'1' is not in the table: nothing is written",)


@pytest.mark.parametrize("fields", [{}, {"lookup_table": [], "lookup_enrichment_table": "x"}])
def test_one_table_has_to_be_named(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="needs one of lookup_table and lookup_enrichment_table"):
        run({}, **fields)
