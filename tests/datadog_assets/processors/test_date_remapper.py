"""The log's date from an attribute.

https://docs.datadoghq.com/logs/log_configuration/processors/log_date_remapper/
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from datadog_assets.dates import iso
from datadog_assets.log import Log
from datadog_assets.rehearse import process

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW_MS = 1_772_600_767_000
OLD_MS = 1_000


def date(*sources: str, **fields: object) -> dict[str, Any]:
    return {"type": "date-remapper", "sources": list(sources), **fields}


def run(before: dict[str, Any], *processors: dict[str, Any]) -> Log:
    log: Any = {"timestamp": OLD_MS, "attributes": before}
    return process(log, [{"name": "p", "processors": list(processors)}], now=NOW)


@pytest.mark.parametrize(
    "value",
    [
        NOW_MS,
        float(NOW_MS),
        NOW_MS + 0.9,
        str(NOW_MS),
        f" {NOW_MS} ",
        "2026-03-04T05:06:07Z",
        "2026-03-04T05:06:07",
        "2026-03-04 05:06:07",
        "2026-03-04T05:06:07.0Z",
        "2026-03-04T05:06:07.000999999Z",
        "2026-03-04T10:36:07+05:30",
        "2026-03-04T10:36:07+0530",
        "20260304T050607Z",
        "Mar  4 05:06:07",
        "Mar 4 05:06:07",
    ],
)
def test_a_date_is_iso_8601_or_epoch_milliseconds_or_rfc_3164(value: object) -> None:
    # numbers rounded down, digits in text, up to 9 decimals, an offset without a colon and no zone are observed
    after = run({"d": value}, date("d"))
    assert (after["timestamp"], type(after["timestamp"])) == (NOW_MS, int)
    assert after["attributes"] == {"d": value}  # observed: the source stays


def test_seconds_are_never_taken_for_milliseconds() -> None:
    # observed
    assert run({"d": 1772600767}, date("d"))["timestamp"] == 1_772_600_767
    assert run({"d": "1772600767"}, date("d"))["timestamp"] == 1_772_600_767


def test_a_date_without_a_year_is_the_nearest() -> None:
    # observed
    assert iso(run({"d": "Dec 31 23:00:00"}, date("d"))["timestamp"]) == "2025-12-31T23:00:00.000Z"


@pytest.mark.parametrize(
    "value",
    ["2025/05/31 15:56:10", "31/05/2025", "", "now", True, [NOW_MS], {"b": NOW_MS}, None, 10**18, -(10**18), 1e300, "9" * 18,
     float("nan"), float("inf"), "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "Feb 30 00:00:00"],
)  # fmt: skip
def test_what_is_no_date_leaves_the_log_its_own(value: object) -> None:
    assert run({"d": value}, date("d"))["timestamp"] == OLD_MS


def test_every_date_that_is_taken_can_be_written() -> None:
    assert iso(run({"d": "9999-12-31T23:59:59.9999Z"}, date("d"))["timestamp"]) == "9999-12-31T23:59:59.999Z"
    assert iso(run({"d": "0001-01-01"}, date("d"))["timestamp"]) == "0001-01-01T00:00:00.000Z"


def test_the_first_source_that_exists_counts_even_if_it_is_no_date() -> None:
    assert run({"b": NOW_MS, "c": 5}, date("a", "b", "c"))["timestamp"] == NOW_MS
    assert run({"a": "x", "b": NOW_MS}, date("a", "b"))["timestamp"] == OLD_MS


def test_of_several_date_remappers_the_last_counts() -> None:
    before = {"a": 5, "b": 6, "c": "no date"}
    assert run(before, date("a"), date("b"))["timestamp"] == 6
    assert run(before, date("a"), date("nothing"), date("c"))["timestamp"] == 5
    assert run(before, date("a"), date("b", is_enabled=False))["timestamp"] == 5


def test_of_several_pipelines_the_last_counts_too() -> None:
    # the page speaks of one pipeline only
    log: Any = {"attributes": {"a": 5, "b": 6}}
    pipelines: list[dict[str, Any]] = [{"name": name, "processors": [date(name)]} for name in ("a", "b")]
    assert process(log, pipelines)["timestamp"] == 6


def test_without_a_source_the_log_keeps_its_date() -> None:
    assert run({}, date("d"))["timestamp"] == OLD_MS
