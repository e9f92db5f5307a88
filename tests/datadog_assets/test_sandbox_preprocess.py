from typing import Any

import orjson
import pytest

from datadog_assets.log import Log
from datadog_assets.preprocess import MAX_NESTING, NestedTooDeeply, preprocess
from datadog_assets.statuses import normal_status

NOW = 1_772_600_767_000


def log_of(message: object = "", **fields: object) -> Log:
    if isinstance(message, dict):
        message = orjson.dumps(message).decode()
    return preprocess({"message": message, **fields}, [], NOW)


def nested(depth: int) -> Any:
    value: object = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_plain_text_is_the_message_and_what_else_the_entry_holds_are_attributes() -> None:
    assert log_of(
        "hello",
        ddsource="okta-workflows-els",
        ddtags="env:prod, team:iam,,",
        hostname="t.workflows.okta.com",
        service="okta",
        status="warning",
        shard=7,
    ) == {
        "timestamp": NOW,
        "message": "hello",
        "status": "warn",
        "host": "t.workflows.okta.com",
        "service": "okta",
        "source": "okta-workflows-els",
        "tags": ["source:okta-workflows-els", "env:prod", "team:iam"],
        "attributes": {"hostname": "t.workflows.okta.com", "shard": 7},
        "trace_id": None,
        "span_id": None,
    }


def test_json_text_becomes_attributes_and_the_message_stays_as_it_was() -> None:
    text = ' {"flow_name" : "Onboard", "steps": [1, {"n": 2.5}], "done": false}'
    log = log_of(text)
    assert log["message"] == text
    assert log["attributes"] == {"flow_name": "Onboard", "steps": [1, {"n": 2.5}], "done": False}


def test_a_text_message_inside_the_json_becomes_the_message() -> None:
    log = log_of({"message": "inner", "a": 1})
    assert (log["message"], log["attributes"]) == ("inner", {"a": 1})


def test_a_message_inside_the_json_that_is_no_text_is_an_attribute() -> None:
    text = '{"message":{"text":"x"}}'
    log = log_of(text)
    assert (log["message"], log["attributes"]) == (text, {"message": {"text": "x"}})


@pytest.mark.parametrize("text", ["[1]", "{", "{}}", "3", "null", ""])
def test_text_that_is_no_json_object_is_only_text(text: str) -> None:
    log = log_of(text)
    assert (log["message"], log["attributes"]) == (text, {})


@pytest.mark.parametrize(
    ("message", "text", "attributes"),
    [
        ({"a": 1}, '{"a":1}', {"a": 1}),
        ({"message": "inner", "a": 1}, "inner", {"a": 1}),
        (["a", 1], '["a",1]', {}),
        (3.5, "3.5", {}),
        (True, "true", {}),
        (None, "", {}),
    ],
)
def test_a_message_that_is_no_text_is_written_out(
    message: object, text: str, attributes: dict[str, object]
) -> None:
    log = preprocess({"message": message}, [], NOW)
    assert (log["message"], log["attributes"]) == (text, attributes)


def test_an_entry_without_a_message_has_an_empty_one() -> None:
    log = preprocess({"a": 1}, ["t:1"], NOW)
    assert (log["message"], log["attributes"], log["tags"]) == ("", {"a": 1}, ["t:1"])


@pytest.mark.parametrize(
    "path",
    [
        "@timestamp",
        "timestamp",
        "_timestamp",
        "Timestamp",
        "eventTime",
        "date",
        "published_date",
        "syslog.timestamp",
    ],
)
def test_the_date_comes_from_any_of_its_paths_and_stays_an_attribute(path: str) -> None:
    log = log_of({path: "2026-03-04T05:00:00.123Z"})
    assert log["timestamp"] == 1_772_600_400_123
    assert "2026-03-04T05:00:00.123Z" in str(log["attributes"])


def test_a_date_that_cannot_be_read_leaves_the_time_of_arrival() -> None:
    assert log_of({"date": "yesterday"})["timestamp"] == NOW


@pytest.mark.parametrize("path", ["host", "hostname", "syslog.hostname"])
def test_the_host_comes_from_any_of_its_paths(path: str) -> None:
    assert log_of({path: "h"})["host"] == "h"


@pytest.mark.parametrize("path", ["service", "syslog.appname"])
def test_the_service_comes_from_any_of_its_paths(path: str) -> None:
    assert log_of({path: "s"})["service"] == "s"


@pytest.mark.parametrize("path", ["status", "severity", "level", "syslog.severity"])
def test_the_status_comes_from_any_of_its_paths(path: str) -> None:
    assert log_of({path: "ERROR"})["status"] == "error"


@pytest.mark.parametrize("path", ["dd.trace_id", "contextMap.dd.trace_id"])
@pytest.mark.parametrize("value", ["123", 123])
def test_the_trace_id_comes_from_any_of_its_paths(path: str, value: object) -> None:
    assert log_of({path: value})["trace_id"] == "123"


def test_nested_attributes_are_found_as_dotted_ones_are() -> None:
    log = log_of({"syslog": {"hostname": "h", "appname": "s", "severity": 3}, "dd": {"trace_id": "1"}})
    assert (log["host"], log["service"], log["status"], log["trace_id"]) == ("h", "s", "error", "1")


def test_what_the_message_tells_counts_more_than_what_the_entry_tells() -> None:
    log = log_of(
        {"level": "error", "service": "inner", "ddsource": "x"}, status="info", service="outer", ddsource="y"
    )
    assert (log["status"], log["service"], log["source"], log["tags"]) == (
        "error",
        "inner",
        "x",
        ["source:x"],
    )
    assert log["attributes"]["service"] == "inner"


def test_what_is_no_text_is_no_reserved_attribute() -> None:
    log = log_of("x", hostname={"a": 1}, service=["s"], ddtags=["env:prod"], status={})
    assert (log["host"], log["service"], log["tags"], log["status"]) == (None, None, [], "info")


def test_nulls_vanish_and_dotted_keys_open_into_objects() -> None:
    log = log_of({"a": None, "b.c": 1, "b.d.e": 2, "b": {"f": [{"g": None, "h.i": ""}]}, "x.y": None})
    assert log["attributes"] == {"b": {"c": 1, "d": {"e": 2}, "f": [{"h": {"i": ""}}]}}


def test_a_dotted_key_that_has_no_room_stays_as_it_was() -> None:
    log = log_of({"a": 1, "a.b": 2, "c": {"d": 3}, "c.d": 4, "a.b.c": 5})
    assert log["attributes"] == {"a": 1, "a.b": 2, "c": {"d": 3}, "c.d": 4, "a.b.c": 5}


def test_reading_leaves_the_entry_as_it_was() -> None:
    entry = {"message": {"message": "m", "k": 1}, "a": {"b": {}}, "a.b.c": 1, "shard": 7}
    before = orjson.dumps(entry)
    preprocess(entry, [], NOW)
    assert orjson.dumps(entry) == before


def test_json_text_nested_too_deeply_stays_text() -> None:
    assert log_of(nested(MAX_NESTING))["attributes"] == nested(MAX_NESTING)
    assert log_of(nested(MAX_NESTING + 2))["attributes"] == {}
    assert log_of({"a." * MAX_NESTING + "a": 1})["attributes"] == {}


@pytest.mark.parametrize("value", [nested(MAX_NESTING + 1), [nested(MAX_NESTING)]])
def test_an_entry_nested_too_deeply_is_refused(value: object) -> None:
    with pytest.raises(NestedTooDeeply):
        log_of("", deep=value)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("0", "emergency"), ("4", "warn"), (" 7 ", "debug"), ("8", "info"), ("FATA", "emergency"),
        ("Emerg", "emergency"), ("alert", "alert"), ("CRIT", "critical"), ("err", "error"),
        ("ERROR", "error"),
        ("WARNING", "warn"), ("Note", "notice"), ("information", "info"), ("TRACE", "debug"), ("v", "debug"),
        ("debug", "debug"), ("OK", "ok"), ("success", "ok"), (" error ", "error"), ("E", "error"), ("ex", "info"),
        ("", "info"),
        ("whatever", "warn"), ("unknown", "info"),
    ],
)  # fmt: skip
def test_a_status_is_one_of_datadogs_nine(given: str, normal: str) -> None:
    assert normal_status(given) == normal
