from collections.abc import Callable
from typing import Any

import pytest

from datadog_assets.alerting.definition import NotRehearsed
from datadog_assets.alerting.log_query import LogQueryError
from datadog_assets.alerting.monitor import LogMonitor
from datadog_assets.alerting.transition import Transition

MINUTE = 60_000
HOUR = 60 * MINUTE


def everything(search: str) -> Callable[[object], bool]:
    del search
    return lambda log: True


def monitor(query: str, **options: Any) -> LogMonitor:
    whole = query if query.startswith("logs(") else f'logs("").index("*").{query}'
    body = {"name": "M", "type": "log alert", "query": whole, "message": "", "options": options}
    return LogMonitor(body, everything)


def log(at: int, **attributes: Any) -> dict[str, Any]:
    return {"message": "m", "timestamp": at, "tags": [], "attributes": attributes}


def said(transitions: list[Transition]) -> list[tuple[str, float | None]]:
    return [(str(one.kind), one.value) for one in transitions]


def run(of: LogMonitor, minutes: range) -> list[tuple[int, str, float | None]]:
    return [(minute, kind, value) for minute in minutes for kind, value in said(of.evaluate(minute * MINUTE))]


def test_a_monitor_alerts_once_when_the_threshold_is_met_and_recovers_once_when_it_is_not() -> None:
    counted = monitor('rollup("count").last("5m") > 2')
    for second in range(3):
        counted.add(log(MINUTE + 1 + second))
    assert run(counted, range(12)) == [(2, "alert", 3), (7, "recovery", 0)]


def test_the_window_holds_what_is_later_than_its_begin_and_not_later_than_now() -> None:
    counted = monitor('rollup("count").last("5m") >= 1')
    counted.add(log(5 * MINUTE))
    assert run(counted, range(4, 12)) == [(5, "alert", 1), (10, "recovery", 0)]


@pytest.mark.parametrize(
    ("comparator", "values"),
    [(">", [3]), (">=", [2, 3]), ("<", [1]), ("<=", [1, 2]), ("==", [2]), ("!=", [1, 3])],
)
def test_every_condition_of_the_page_compares_as_it_says(comparator: str, values: list[int]) -> None:
    for count in (1, 2, 3):
        counted = monitor(f'rollup("count").last("5m") {comparator} 2')
        for _ in range(count):
            counted.add(log(0))
        assert said(counted.evaluate(0)) == ([("alert", count)] if count in values else [])


@pytest.mark.parametrize(
    ("rollup", "value"),
    [
        ("count", 6), ("cardinality", 4), ("avg", 2.8), ("sum", 14), ("min", 1), ("max", 5), ("median", 3),
        ("pc75", 4), ("pc90", 5), ("pc99", 5),
    ],
)  # fmt: skip
def test_every_rollup_gives_its_value_of_the_logs_that_have_the_measure(rollup: str, value: float) -> None:
    measured = monitor(f'rollup("{rollup}", "@d.ms").last("5m") > -1')
    for number in (1, 1, 3, 4, 5):
        measured.add(log(0, d={"ms": number}))
    measured.add(log(0))
    (alerted,) = measured.evaluate(0)
    assert alerted.value == pytest.approx(value)


@pytest.mark.parametrize(("rollup", "value"), [("pc95", 95), ("pc75", 75), ("median", 50), ("pc99", 99)])
def test_a_percentile_is_the_value_of_its_nearest_rank(rollup: str, value: int) -> None:
    measured = monitor(f'rollup("{rollup}", "@n").last("5m") > 0')
    for number in range(100, 0, -1):
        measured.add(log(0, n=number))
    assert said(measured.evaluate(0)) == [("alert", value)]


def test_texts_truths_and_nothing_are_no_numbers_to_measure() -> None:
    measured = monitor('rollup("sum", "@n").last("5m") > 0')
    for value in ("7", True, None, float("nan"), float("inf"), 10**400, {"x": 1}, 2):
        measured.add(log(0, n=value))
    assert said(measured.evaluate(0)) == [("alert", 2)]


def test_unique_values_are_counted_of_attributes_tags_and_reserved_names() -> None:
    for name in ("@u", "user", "service"):
        counted = monitor(f'rollup("cardinality", "{name}").last("5m") >= 2')
        for user in ("a", "b", "a"):
            counted.add(log(0, u=user) | {"tags": [f"user:{user}"], "service": user})
        assert said(counted.evaluate(0)) == [("alert", 2)], name


def test_a_warning_comes_before_the_alert_and_after_it() -> None:
    counted = monitor('rollup("count").last("5m") >= 3', thresholds={"critical": 3, "warning": 1})
    for minute in (1, 2, 3):
        counted.add(log(minute * MINUTE))
    assert run(counted, range(12)) == [
        (1, "warning", 1), (3, "alert", 3), (6, "warning", 2), (8, "warning recovery", 0)
    ]  # fmt: skip


def test_a_transition_tells_from_which_status_to_which_and_about_which_threshold() -> None:
    counted = monitor('rollup("count").last("5m") >= 2', thresholds={"critical": 2, "warning": 1})
    counted.add(log(0))
    (warned,) = counted.evaluate(0)
    counted.add(log(1))
    (alerted,) = counted.evaluate(MINUTE)
    (over,) = counted.evaluate(HOUR)
    assert [(str(one.status_from), str(one.status_to), one.threshold, one.at) for one in (warned, alerted, over)] == [
        ("OK", "Warn", 1, 0), ("Warn", "Alert", 2, MINUTE), ("Alert", "OK", 2, HOUR)
    ]  # fmt: skip
    assert (over.monitor, over.group, over.kind) == ("M", {}, "recovery")


# monitors/guide/recovery-thresholds: the table
@pytest.mark.parametrize(
    ("comparator", "alerting", "held", "over"),
    [(">", 9, 4, 3), (">=", 9, 3, 2), ("<", 1, 6, 7), ("<=", 1, 7, 8)],
)
def test_an_alert_is_over_only_past_its_recovery_threshold(
    comparator: str, alerting: int, held: int, over: int
) -> None:
    recovery = 3 if comparator.startswith(">") else 7
    measured = monitor(
        f'rollup("max", "@n").last("1m") {comparator} 5',
        thresholds={"critical": 5, "critical_recovery": recovery},
    )
    for minute, number in enumerate((alerting, held, over)):
        measured.add(log(minute * MINUTE, n=number))
    assert run(measured, range(3)) == [(0, "alert", alerting), (2, "recovery", over)]


def test_both_recovery_thresholds_of_the_page_hold_on_to_their_own_status() -> None:
    # monitors/guide/recovery-thresholds: 80, 60, 70, 50
    thresholds = {"critical": 80, "warning": 60, "critical_recovery": 70, "warning_recovery": 50}
    measured = monitor('rollup("max", "@n").last("1m") > 80', thresholds=thresholds)
    for minute, number in enumerate((55, 65, 55, 85, 75, 70, 51, 50)):
        measured.add(log(minute * MINUTE, n=number))
    assert run(measured, range(8)) == [
        (1, "warning", 65), (3, "alert", 85), (5, "warning", 70), (7, "warning recovery", 50)
    ]  # fmt: skip


def test_without_recovery_thresholds_a_monitor_recovers_at_its_own() -> None:
    # monitors/configuration, thresholds: above 3, it recovers once it goes back
    measured = monitor('rollup("max", "@n").last("1m") > 3')
    for minute, number in enumerate((4, 3)):
        measured.add(log(minute * MINUTE, n=number))
    assert run(measured, range(2)) == [(0, "alert", 4), (1, "recovery", 3)]


def test_each_group_alerts_by_itself() -> None:
    grouped = monitor('rollup("count").by("@flow.name").last("5m") >= 2')
    for name in ("a", "b", "b", "c", "c"):
        grouped.add(log(0, flow={"name": name}))
    assert [one.group for one in grouped.evaluate(0)] == [{"@flow.name": "b"}, {"@flow.name": "c"}]


def test_a_log_without_a_groups_key_falls_into_no_group() -> None:
    # monitors/configuration, notification grouping: reports by host without service are not detected
    grouped = monitor('rollup("count").by("host,service").last("5m") > 0')
    grouped.add({"timestamp": 0, "host": "h"})
    grouped.add({"timestamp": 0, "host": "h", "service": ""})
    assert grouped.evaluate(0) == []
    grouped.add({"timestamp": 0, "host": "h", "tags": ["service:s"]})
    assert [one.group for one in grouped.evaluate(0)] == [{"host": "h", "service": "s"}]


def test_a_log_with_several_values_falls_into_the_group_of_each() -> None:
    grouped = monitor('rollup("count").by("team,@n").last("5m") > 0')
    grouped.add(log(0, n=[1, 2.0, 1]) | {"tags": ["team:x", "team:y", "team"]})
    assert [tuple(one.group.values()) for one in grouped.evaluate(0)] == [
        ("x", "1"), ("x", "2"), ("y", "1"), ("y", "2")
    ]  # fmt: skip


def test_facets_reach_into_objects_lists_and_names_that_hold_dots() -> None:
    grouped = monitor('rollup("count").by("@a.b.c").last("5m") > 0')
    for attributes in ({"a": {"b": {"c": "1"}}}, {"a.b.c": "2"}, {"a": {"b.c": "3"}}, {"a.b": [{"c": "4"}]}):
        grouped.add(log(0) | {"attributes": attributes})
    assert [one.group["@a.b.c"] for one in grouped.evaluate(0)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("options", [{"notify_by": ["*"]}, {"groupby_simple_monitor": True}])
def test_a_simple_alert_is_one_for_all_groups_and_has_the_worst_value(options: dict[str, Any]) -> None:
    # monitors/guide/alert_aggregation: notify_by ["*"]
    simple = monitor('rollup("count").by("@g").last("5m") >= 2', **options)
    for minute, name in enumerate(("a", "a", "b", "b", "b")):
        simple.add(log(minute * MINUTE, g=name))
    assert run(simple, range(15)) == [(1, "alert", 2), (8, "recovery", 1)]
    assert simple.evaluate(HOUR) == []


def test_notify_by_makes_one_alert_for_all_groups_that_share_it() -> None:
    by_topic = monitor('rollup("count").by("topic,partition").last("5m") >= 1', notify_by=["topic"])
    for topic, partition in (("t", "1"), ("t", "2"), ("u", "1")):
        by_topic.add({"timestamp": 0, "tags": [f"topic:{topic}", f"partition:{partition}"]})
    assert [one.group for one in by_topic.evaluate(0)] == [{"topic": "t"}, {"topic": "u"}]


def test_the_time_of_a_log_counts_and_not_its_arrival() -> None:
    counted = monitor('rollup("count").last("5m") >= 2')
    counted.add(log(10 * MINUTE))
    assert counted.evaluate(5 * MINUTE) == []
    counted.add(log(2 * MINUTE))
    counted.add(log(1 * MINUTE))
    assert said(counted.evaluate(6 * MINUTE - 1)) == [("alert", 2)]


def test_what_comes_after_its_window_alerts_nobody_and_is_not_kept() -> None:
    counted = monitor('rollup("count").last("5m") >= 1')
    counted.evaluate(HOUR)
    for minute in range(50):
        counted.add(log(minute * MINUTE))
    assert counted.evaluate(HOUR) == []
    assert len(counted._window) == 0


def test_only_what_the_window_can_need_is_kept() -> None:
    grouped = monitor('rollup("count").by("@g").last("5m") > 1')
    for minute in range(1000):
        grouped.add(log(minute * MINUTE, g=str(minute)))
        grouped.evaluate(minute * MINUTE)
    assert len(grouped._window) == 5


def test_groups_without_data_are_forgotten_after_a_day_or_what_is_asked_for() -> None:
    # monitors/configuration, group retention time
    for hours, retention in ((24, {}), (2, {"group_retention_duration": "2h"})):
        grouped = monitor('rollup("count").by("@g").last("5m") > 1', **retention)
        grouped.add(log(0, g="a"))
        grouped.evaluate(0)
        grouped.evaluate(5 * MINUTE)
        grouped.evaluate(hours * HOUR)
        assert grouped.statuses() == {("a",): "OK"}
        grouped.evaluate(hours * HOUR + 5 * MINUTE)
        assert grouped.statuses() == {}


def test_a_log_without_a_time_is_left_out() -> None:
    counted = monitor('rollup("count").last("5m") >= 1')
    for at in (None, "12", True, float("nan"), float("inf")):
        counted.add({"timestamp": at})
    counted.add({})
    assert counted.evaluate(0) == []


def test_a_moment_before_the_last_one_is_not_evaluated() -> None:
    counted = monitor('rollup("count").last("5m") >= 1')
    counted.evaluate(MINUTE)
    counted.add(log(0))
    assert counted.evaluate(0) == []
    assert said(counted.evaluate(MINUTE)) == [("alert", 1)]


def test_an_evaluation_may_be_delayed() -> None:
    # monitors/configuration, evaluation delay: at 7:00, delayed by 15 minutes, 6:40 to 6:45 is evaluated
    counted = monitor('rollup("count").last("5m") >= 1', evaluation_delay=900)
    counted.add(log(7 * HOUR - 15 * MINUTE))
    assert said(counted.evaluate(7 * HOUR - 1)) == []
    assert said(counted.evaluate(7 * HOUR)) == [("alert", 1)]
    assert said(counted.evaluate(7 * HOUR + 5 * MINUTE)) == [("recovery", 0)]


def test_a_new_group_is_left_alone_for_its_delay() -> None:
    # monitors/configuration, new group delay
    grouped = monitor('rollup("count").by("@g").last("5m") >= 1', new_group_delay=120)
    for minute in range(4):
        grouped.add(log(minute * MINUTE, g="a"))
    assert run(grouped, range(4)) == [(2, "alert", 3)]


def test_the_search_decides_which_logs_count() -> None:
    body = {"name": "M", "type": "log alert", "query": 'logs("status:error").rollup("count").last("5m") >= 1'}
    asked = []

    def matcher(search: str) -> Callable[[Any], bool]:
        asked.append(search)
        return lambda log: log["status"] == "error"

    searched = LogMonitor(body, matcher)
    for status in ("ok", "error", "info"):
        searched.add(log(0) | {"status": status})
    assert (asked, said(searched.evaluate(0))) == (["status:error"], [("alert", 1)])


def test_a_transition_holds_the_latest_log_of_its_group() -> None:
    grouped = monitor('rollup("count").by("@g").last("5m") >= 1')
    grouped.add(log(2, g="a", n=2))
    grouped.add(log(1, g="a", n=1))
    grouped.add(log(9, g="b"))
    assert grouped.evaluate(5)[0].log == log(2, g="a", n=2)


@pytest.mark.parametrize("kind", ["query alert", "metric alert", "composite", "event-v2 alert", None])
def test_other_types_of_monitors_are_not_rehearsed(kind: str | None) -> None:
    with pytest.raises(NotRehearsed, match="only log alert is rehearsed"):
        LogMonitor({"name": "M", "type": kind, "query": WHOLE}, everything)


WHOLE = 'logs("").rollup("count").last("5m") > 1'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"query": 'formula("query1 / query2").last("5m") > 1'}, "formula"),
        ({"query": WHOLE, "options": {"variables": [{}]}}, "formula"),
        ({"query": WHOLE, "options": {"scheduling_options": {"custom_schedule": {}}}}, "scheduling_options"),
    ],
)
def test_formulas_and_schedules_are_not_rehearsed(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotRehearsed, match=reason):
        LogMonitor({"name": "M", "type": "log alert"} | body, everything)


def test_a_wrong_query_is_an_error_with_its_place() -> None:
    with pytest.raises(LogQueryError, match=r"expected \.rollup"):
        monitor('logs("").last("5m") > 1')


# monitors/notify, renotify


def test_an_alert_that_lasts_is_told_again_at_its_interval() -> None:
    silent = monitor('rollup("count").last("5m") < 1', renotify_interval=10)
    assert run(silent, range(25)) == [(0, "alert", 0), (10, "renotify", 0), (20, "renotify", 0)]


def test_what_is_told_again_has_the_same_status_before_and_after() -> None:
    silent = monitor('rollup("count").last("5m") < 1', renotify_interval=10)
    silent.evaluate(0)
    (again,) = silent.evaluate(10 * MINUTE)
    assert (again.status_from, again.status_to, again.first_triggered_at) == ("Alert", "Alert", 0)


def test_it_is_told_again_only_so_often() -> None:
    # "stop renotifying after 1 occurrence"
    silent = monitor('rollup("count").last("5m") < 1', renotify_interval=10, renotify_occurrences=1)
    assert run(silent, range(100)) == [(0, "alert", 0), (10, "renotify", 0)]


def test_it_is_told_again_for_thirty_hours_unless_a_number_is_given() -> None:
    silent = monitor('rollup("count").last("5m") < 1', renotify_interval=600)
    assert [minute // 60 for minute, _, _ in run(silent, range(60 * 72))] == [0, 10, 20, 30]


def test_a_warning_is_told_again_only_if_that_is_asked_for() -> None:
    for statuses, again in ((None, 0), (["alert"], 0), (["warn"], 2)):
        warned = monitor(
            'rollup("count").last("1h") >= 9',
            thresholds={"critical": 9, "warning": 1}, renotify_interval=20, renotify_statuses=statuses,
        )  # fmt: skip
        warned.add(log(0))
        assert [kind for _, kind, _ in run(warned, range(59))] == ["warning"] + ["renotify"] * again


def test_a_change_of_status_begins_the_interval_anew() -> None:
    counted = monitor(
        'rollup("count").last("1h") >= 2',
        thresholds={"critical": 2, "warning": 1}, renotify_interval=10, renotify_statuses=["alert", "warn"],
    )  # fmt: skip
    counted.add(log(0))
    counted.add(log(15 * MINUTE))
    assert [(at, kind) for at, kind, _ in run(counted, range(30))] == [
        (0, "warning"), (10, "renotify"), (15, "alert"), (25, "renotify")
    ]  # fmt: skip


def test_the_triggered_times_are_those_of_the_pages_table() -> None:
    # monitors/notify/variables, triggered variables: OK to WARN at A, to ALERT at B, to NO DATA at C, to OK at D
    counted = monitor(
        'rollup("count").last("5m") >= 2',
        thresholds={"critical": 2, "warning": 1}, on_missing_data="show_and_notify_no_data",
    )  # fmt: skip
    for minute in (1, 3, 20):
        counted.add(log(minute * MINUTE))
    found = [one for minute in (0, 1, 3, 8, 20, 25) for one in counted.evaluate(minute * MINUTE)]
    told = [(str(one.kind), one.first_triggered_at, one.last_triggered_at, one.at) for one in found]
    assert told == [
        ("warning", 1 * MINUTE, 1 * MINUTE, 1 * MINUTE),
        ("alert", 1 * MINUTE, 3 * MINUTE, 3 * MINUTE),
        ("no data", 1 * MINUTE, 8 * MINUTE, 8 * MINUTE),
        ("warning", 1 * MINUTE, 20 * MINUTE, 20 * MINUTE),
        ("no data", 1 * MINUTE, 25 * MINUTE, 25 * MINUTE),
    ]
