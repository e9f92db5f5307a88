"""Attributes from text. How rules are read is tested with grok itself.

https://docs.datadoghq.com/logs/log_configuration/processors/grok_parser/
"""

from typing import Any

import pytest
from pydantic import ValidationError

from datadog_assets.rehearse.pipelines import Pipelines, Processed

ACCESS = (
    r"access.common %{ipOrHost:network.client.ip} %{notSpace:http.ident} %{notSpace:http.auth}"
    r' \[%{httpdate:date}\] "(?>%{word:http.method} |)%{notSpace:http.url}(?: HTTP/%{number:http.version}|)"'
    r" %{number:http.status_code} (?>%{number:network.bytes_written}|-)"
)


def run(log: Any, rules: str, support: str = "", **fields: object) -> Processed:
    body = {"type": "grok-parser", "grok": {"match_rules": rules, "support_rules": support}, **fields}
    return Pipelines([{"name": "p", "processors": [body]}]).process(log)


def attributes(log: Any, rules: str, **fields: Any) -> dict[str, Any]:
    return run(log, rules, **fields).log["attributes"]


def test_the_example_of_the_page() -> None:
    text = '192.168.1.1 - john [10/Oct/2023:13:55:36 +0000] "GET /api/users HTTP/1.1" 200 1234'
    processed = run({"message": text}, ACCESS)
    # the page has the version as text, but `number` gives a double (observed), and a date ten minutes too early
    assert processed.log["attributes"] == {
        "network": {"client": {"ip": "192.168.1.1"}, "bytes_written": 1234},
        "http": {
            "ident": "-",
            "auth": "john",
            "method": "GET",
            "url": "/api/users",
            "version": 1.1,
            "status_code": 200,
        },
        "date": 1696946136000,
    }
    assert processed.log["message"] == text


def test_the_first_rule_that_matches_counts() -> None:
    rules = "first %{integer:a}\nsecond %{word:b}\nthird %{data:c}"
    assert attributes({"message": "12"}, rules) == {"a": 12}
    assert attributes({"message": "word"}, rules) == {"b": "word"}
    assert attributes({"message": "two words"}, rules) == {"c": "two words"}
    assert attributes({"message": "x"}, "first %{integer:a}") == {}


def test_a_rule_that_cannot_be_read_is_told() -> None:
    processed = run({"message": "x", "attributes": {"a": 1}}, "rule %{nothing:a}")
    assert processed.log["attributes"] == {"a": 1}
    assert len(processed.left) == 1
    assert processed.left[0].startswith("its rules cannot be read: ")


@pytest.mark.parametrize("message", [None, {"a": 1}, [1]])
def test_rules_are_not_read_without_a_text(message: object) -> None:
    assert run({"message": message}, "rule %{nothing:a}").left == ()


def test_what_is_in_an_object_stays_beside_what_comes() -> None:
    before = {"http": {"url": "/x", "method": "POST"}, "user": "text"}
    after = attributes({"message": "GET me", "attributes": before}, "r %{word:http.method} %{word:user.name}")
    assert after == {"http": {"url": "/x", "method": "GET"}, "user": {"name": "me"}}


def test_an_attribute_can_be_parsed() -> None:
    before = {"a": {"b": "id=7"}}
    assert attributes({"attributes": before}, "r id=%{integer:id}", source="a.b") == {**before, "id": 7}
    assert attributes({"attributes": {"a": 42}}, "r %{integer:id}", source="a") == {"a": 42, "id": 42}


@pytest.mark.parametrize("value", [None, {"b": "7"}, ["7"], ""])
def test_what_is_no_text_or_does_not_match_is_left(value: object) -> None:
    assert attributes({"attributes": {"a": value}}, "r %{integer:id}", source="a") == {"a": value}


def test_the_message_is_the_log_s_own_and_grok_makes_an_attribute_of_that_name() -> None:
    # observed: the log's message changes through a message remapper only
    processed = run({"message": "x: inner", "attributes": {}}, "r x: %{word:message}")
    assert (processed.log["message"], processed.log["attributes"]) == ("x: inner", {"message": "inner"})
    after = attributes({"message": "7", "attributes": {"message": "8"}}, "r %{integer:id}")
    assert after["id"] == 7


def test_support_rules_help() -> None:
    processed = run({"message": "id:7"}, "r %{one}", "one id:%{integer:id}")
    assert processed.log["attributes"] == {"id": 7}


def test_at_most_five_samples_are_taken() -> None:
    run({}, "r %{data:a}", samples=["x"] * 5)
    with pytest.raises(ValidationError):
        run({}, "r %{data:a}", samples=["x"] * 6)
