"""The log's status from an attribute.

https://docs.datadoghq.com/logs/log_configuration/processors/log_status_remapper/
"""

from typing import Any

import pytest

from datadog_assets.log import Log
from datadog_assets.rehearse import process
from datadog_assets.statuses import STATUSES, normal_status


def status(*sources: str, **fields: object) -> dict[str, Any]:
    return {"type": "status-remapper", "sources": list(sources), **fields}


def run(before: dict[str, Any], *processors: dict[str, Any]) -> Log:
    log: Any = {"status": "before", "attributes": before}
    return process(log, [{"name": "p", "processors": list(processors)}])


@pytest.mark.parametrize(("severity", "name"), list(enumerate(STATUSES[:8])))
def test_integers_are_the_severities_of_syslog(severity: int, name: str) -> None:
    assert run({"s": severity}, status("s"))["status"] == name
    assert run({"s": f" {severity} "}, status("s"))["status"] == name


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("emergency", ["emerg", "EMERGENCY", "f", "Fatal", "FATA"]),
        ("alert", ["a", "Alert", "audit"]),
        ("critical", ["c", "CRITICAL", "crit"]),
        ("error", ["err", "ERROR", "Error: x"]),
        ("warn", ["w", "WARNING", "warn"]),
        ("notice", ["n", "Notice", "Note", "none"]),
        ("info", ["i", "INFO", "information"]),
        ("debug", ["d", "DEBUG", "t", "trace", "TRACE", "v", "verbose"]),
        ("ok", ["o", "OK", "s", "Success", "SUCCESS"]),
        ("info", ["", "unknown", "8", "-1", "30", "200", "03", "?", "emit", "é"]),
    ],
)
def test_the_beginning_of_a_text_tells_in_any_case_and_all_others_are_info(
    name: str, values: list[str]
) -> None:
    # the names that are stored, `warn` and `ok` for the page's `warning` and `OK`, are observed
    for value in values:
        assert run({"s": value}, status("s"))["status"] == name, value


def test_a_single_e_is_an_error() -> None:
    # observed: so the logs of glog begin. The page now has `err`; it once had every text beginning with e
    assert run({"s": "E"}, status("s"))["status"] == "error"


@pytest.mark.parametrize("value", [" error", "\terror \n"])
def test_blanks_around_do_not_count(value: str) -> None:
    # observed
    assert run({"s": value}, status("s"))["status"] == "error"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "debug"),
        (False, "emergency"),
        (["error", "info"], "error"),
        ({"a": "error"}, "info"),
        (2.5, "info"),
    ],
)
def test_other_types_are_read_as_text(value: object, name: str) -> None:
    # of an array the first element; that true is debug follows from the page's t, no result shows it
    assert run({"s": value}, status("s"))["status"] == name


@pytest.mark.parametrize("before", [{}, {"s": None}, {"s": []}, {"s": {}}])
def test_without_a_source_nothing_is_set(before: dict[str, Any]) -> None:
    # observed, for a source that is not there
    assert run(before, status("s"))["status"] == "before"


def test_the_first_source_that_exists_counts_and_stays() -> None:
    # that it stays is observed
    after = run({"b": "error", "c": "ok"}, status("a", "b", "c"))
    assert (after["status"], after["attributes"]) == ("error", {"b": "error", "c": "ok"})


def test_only_the_first_remapper_that_finds_a_source_counts() -> None:
    before = {"a": "error", "b": "ok"}
    assert run(before, status("a"), status("b"))["status"] == "error"
    assert run(before, status("nothing"), status("b"), status("a"))["status"] == "ok"
    assert run(before, status("a", is_enabled=False), status("b"))["status"] == "ok"


def test_only_the_first_remapper_counts_over_all_pipelines_that_match() -> None:
    log: Any = {"attributes": {"a": "error", "b": "ok"}}
    inner = {"type": "pipeline", "name": "inner", "processors": [status("a")]}
    first: dict[str, Any] = {"name": "first", "processors": [inner]}
    second: dict[str, Any] = {"name": "second", "processors": [status("b")]}
    assert process(log, [first, second])["status"] == "error"
    assert process(log, [{**first, "filter": {"query": "@a:none"}}, second])["status"] == "ok"


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_of_datadog_stays_what_it_is(name: str) -> None:
    assert normal_status(name) == name
