"""https://docs.datadoghq.com/monitors/configuration/#no-data, /monitors/guide/on_missing_data/, /monitors/types/log/."""

from typing import Any

import pytest

from datadog_assets.alerting.monitor import LogMonitor

MINUTE = 60_000
HOUR = 60


def monitor(query: str, **options: Any) -> LogMonitor:
    body = {"name": "M", "type": "log alert", "query": f'logs("").index("*").{query}', "options": options}
    return LogMonitor(body, lambda search: lambda log: True)


def run(of: LogMonitor, minutes: range) -> list[tuple[int, str, str]]:
    return [
        (minute, str(one.kind), ",".join(one.group.values()))
        for minute in minutes
        for one in of.evaluate(minute * MINUTE)
    ]


def add(to: LogMonitor, *minutes: int, **attributes: Any) -> None:
    for minute in minutes:
        to.add({"timestamp": minute * MINUTE, "tags": [], "attributes": attributes})


ABOVE = 'rollup("count").last("5m") >= 1'
BELOW = 'rollup("count").last("5m") < 1'
BY_GROUP = 'rollup("count").by("@g").last("5m") < 2'


@pytest.mark.parametrize("options", [{}, {"on_missing_data": "default"}, {"notify_no_data": False}])
def test_an_empty_count_is_zero_and_compared(options: dict[str, Any]) -> None:
    above, below = monitor(ABOVE, **options), monitor(BELOW, **options)
    for one in (above, below):
        add(one, 1)
    assert run(above, range(1, 10)) == [(1, "alert", ""), (6, "recovery", "")]
    assert run(below, range(1, 10)) == [(6, "alert", "")]


def test_below_one_alerts_before_the_first_log_ever_came() -> None:
    below = monitor(BELOW)
    assert run(below, range(3)) == [(0, "alert", "")]
    add(below, 3)
    assert run(below, range(3, 5)) == [(3, "recovery", "")]


@pytest.mark.parametrize("rollup", ["sum", "cardinality"])
def test_an_empty_sum_and_no_unique_values_are_zero_too(rollup: str) -> None:
    below = monitor(f'rollup("{rollup}", "@n").last("5m") < 1')
    add(below, 0, n=7)
    assert [kind for _, kind, _ in run(below, range(5, 6))] == ["alert"]


@pytest.mark.parametrize("rollup", ["avg", "min", "max", "pc95"])
def test_any_other_empty_rollup_keeps_the_last_known_status(rollup: str) -> None:
    measured = monitor(f'rollup("{rollup}", "@n").last("5m") > 5')
    add(measured, 0, n=9)
    assert run(measured, range(20 * HOUR)) == [(0, "alert", "")]
    add(measured, 20 * HOUR, n=1)
    assert run(measured, range(20 * HOUR, 20 * HOUR + 1)) == [(1200, "recovery", "")]


def test_logs_without_the_measure_are_missing_data() -> None:
    measured = monitor('rollup("avg", "@n").last("5m") > 5', on_missing_data="show_and_notify_no_data")
    add(measured, 0, n=9)
    add(measured, 1, 2, 3, 4, 5, 6)
    assert run(measured, range(7)) == [(0, "alert", ""), (5, "no data", "")]


def test_resolve_shows_ok() -> None:
    for query in (ABOVE, 'rollup("avg", "@n").last("5m") > 5'):
        resolved = monitor(query, on_missing_data="resolve")
        add(resolved, 0, n=9)
        assert run(resolved, range(10)) == [(0, "alert", ""), (5, "recovery", "")]


def test_resolve_never_alerts_for_want_of_data() -> None:
    assert run(monitor(BELOW, on_missing_data="resolve"), range(10)) == []


def test_no_data_is_told_and_so_is_its_end() -> None:
    shown = monitor(ABOVE.replace(">= 1", ">= 2"), on_missing_data="show_and_notify_no_data")
    add(shown, 0, 10)
    assert run(shown, range(12)) == [(5, "no data", ""), (10, "no data recovery", "")]


def test_no_data_may_be_followed_by_an_alert() -> None:
    shown = monitor(ABOVE, on_missing_data="show_and_notify_no_data")
    add(shown, 0, 10)
    assert run(shown, range(12)) == [(0, "alert", ""), (5, "no data", ""), (10, "alert", "")]


def test_a_transition_to_no_data_has_no_value() -> None:
    shown = monitor(ABOVE, on_missing_data="show_and_notify_no_data")
    add(shown, 0)
    shown.evaluate(0)
    (missing,) = shown.evaluate(5 * MINUTE)
    assert (missing.value, missing.status_to, missing.log) == (None, "No Data", None)


@pytest.mark.parametrize("option", ["show_no_data", "show_and_notify_no_data"])
def test_a_monitor_has_to_have_seen_data_before_it_misses_it(option: str) -> None:
    # monitors/configuration, no data: service:abc does not report, the monitor does not send alerts
    assert run(monitor(ABOVE, on_missing_data=option), range(60)) == []
    assert run(monitor(BELOW, on_missing_data=option), range(60)) == []


def test_show_no_data_tells_nobody() -> None:
    shown = monitor(ABOVE.replace(">= 1", ">= 2"), on_missing_data="show_no_data", renotify_interval=1)
    add(shown, 0, 10)
    assert run(shown, range(9)) == []
    assert shown.statuses() == {(): "No Data"}
    assert run(shown, range(9, 12)) == []
    assert shown.statuses() == {(): "OK"}


def test_an_alert_that_ends_in_no_data_that_is_only_shown_is_told_to_be_over_when_data_is_there_again() -> (
    None
):
    shown = monitor(ABOVE.replace(">= 1", ">= 2"), on_missing_data="show_no_data")
    add(shown, 0, 0, 10)
    assert run(shown, range(12)) == [(0, "alert", ""), (10, "no data recovery", "")]


def test_missing_data_is_told_again() -> None:
    shown = monitor(ABOVE, on_missing_data="show_and_notify_no_data", renotify_interval=10)
    add(shown, 0)
    assert run(shown, range(30)) == [
        (0, "alert", ""), (5, "no data", ""), (15, "renotify", ""), (25, "renotify", "")
    ]  # fmt: skip


# the older notify_no_data


@pytest.mark.parametrize(("options", "at"), [({"no_data_timeframe": 20}, 20), ({}, 10)])
def test_notify_no_data_waits_for_its_timeframe_or_twice_the_window(options: dict[str, Any], at: int) -> None:
    shown = monitor(ABOVE, notify_no_data=True, **options)
    add(shown, 0)
    assert run(shown, range(60)) == [(0, "alert", ""), (5, "recovery", ""), (at, "no data", "")]


def test_notify_no_data_misses_nothing_before_the_first_log() -> None:
    assert run(monitor(ABOVE, notify_no_data=True, no_data_timeframe=10), range(60)) == []


def test_on_missing_data_goes_before_notify_no_data() -> None:
    resolved = monitor(ABOVE, notify_no_data=True, on_missing_data="resolve")
    add(resolved, 0)
    assert run(resolved, range(60)) == [(0, "alert", ""), (5, "recovery", "")]


# monitors/types/log, no data and below alerts


def test_a_group_that_is_empty_does_not_alert_while_others_have_logs() -> None:
    grouped = monitor(BY_GROUP)
    add(grouped, 0, 0, g="a")
    add(grouped, *range(20), g="b")
    assert run(grouped, range(1, 20)) == []


def test_a_group_that_has_logs_and_too_few_alerts() -> None:
    grouped = monitor(BY_GROUP)
    add(grouped, 0, 2, g="a")
    add(grouped, *range(20), g="b")
    assert run(grouped, range(3, 20)) == [(5, "alert", "a")]


def test_all_groups_alert_when_none_has_logs() -> None:
    grouped = monitor(BY_GROUP.replace("< 2", "< 1"))
    add(grouped, 0, g="a")
    add(grouped, 3, g="b")
    assert run(grouped, range(20)) == [(8, "alert", "a"), (8, "alert", "b")]


def test_before_any_group_is_known_the_monitor_alerts_as_a_whole() -> None:
    grouped = monitor(BY_GROUP.replace("< 2", "< 1"))
    assert run(grouped, range(5)) == [(0, "alert", "")]
    add(grouped, 5, g="a")
    assert run(grouped, range(5, 7)) == [(5, "recovery", "")]
    assert list(grouped.statuses()) == [("a",)]


def test_above_every_group_that_is_empty_recovers_though_others_have_logs() -> None:
    grouped = monitor('rollup("count").by("@g").last("5m") >= 1')
    add(grouped, 0, g="a")
    add(grouped, *range(10), g="b")
    assert run(grouped, range(10)) == [(0, "alert", "a"), (0, "alert", "b"), (5, "recovery", "a")]


def test_each_group_that_misses_data_is_told_by_itself() -> None:
    grouped = monitor('rollup("count").by("@g").last("5m") > 9', on_missing_data="show_and_notify_no_data")
    add(grouped, 0, g="a")
    add(grouped, *range(10), g="b")
    assert run(grouped, range(10)) == [(5, "no data", "a")]


# monitors/configuration, auto resolve


def test_an_alert_without_data_resolves_itself_after_its_hours() -> None:
    measured = monitor('rollup("max", "@n").last("5m") > 5', timeout_h=2)
    add(measured, 0, n=9)
    assert run(measured, range(600)) == [(0, "alert", ""), (125, "recovery", "")]


def test_an_alert_with_data_does_not_resolve_itself() -> None:
    measured = monitor('rollup("max", "@n").last("5m") > 5', timeout_h=1)
    add(measured, *range(200), n=9)
    assert run(measured, range(200)) == [(0, "alert", "")]


def test_what_has_not_recovered_at_the_next_evaluation_alerts_again() -> None:
    below = monitor(BELOW, timeout_h=1)
    assert run(below, range(63)) == [(0, "alert", ""), (60, "recovery", ""), (61, "alert", "")]


def test_missing_data_that_resolved_itself_stays_so_until_there_is_data() -> None:
    shown = monitor(ABOVE, on_missing_data="show_and_notify_no_data", timeout_h=1)
    add(shown, 0)
    assert run(shown, range(200)) == [(0, "alert", ""), (5, "no data", ""), (65, "no data recovery", "")]
    add(shown, 200)
    assert run(shown, range(200, 206)) == [(200, "alert", ""), (205, "no data", "")]
