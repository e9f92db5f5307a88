"""A log monitor against a count by hand, over any logs in any order."""

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.alerting.message import render
from datadog_assets.alerting.monitor import LogMonitor
from datadog_assets.alerting.rules import recipients

MINUTE = 60_000
WINDOW = 5 * MINUTE

times = st.integers(0, 30 * MINUTE)
events = st.lists(st.tuples(times, st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=60)
missing = st.sampled_from([None, "default", "resolve", "show_no_data", "show_and_notify_no_data"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LOG_KEYS = ("message", "status", "service", "host", "source", "tags", "attributes", "timestamp")


def monitor(query: str, **options: Any) -> LogMonitor:
    body = {"name": "M", "type": "log alert", "query": f'logs("").{query}', "options": options}
    return LogMonitor(body, lambda search: lambda log: True)


@given(events, st.integers(1, 6), missing)
def test_a_group_is_in_alert_exactly_when_so_many_logs_are_in_the_window(
    found: list[tuple[int, str, bool]], threshold: int, on_missing_data: str | None
) -> None:
    """The logs come in any order, some before the first evaluation and some as they happen."""
    counted = monitor(
        f'rollup("count").by("@g").last("5m") >= {threshold}', on_missing_data=on_missing_data
    )  # fmt: skip
    logs = [(at, {"timestamp": at, "attributes": {"g": group}}, early) for at, group, early in found]
    for _, log, early in logs:
        if early:
            counted.add(log)
    for now in range(0, 31 * MINUTE, MINUTE):
        for at, log, early in logs:
            if not early and now - MINUTE < at <= now:
                counted.add(log)
        told = counted.evaluate(now)
        by_hand = {
            group: sum(1 for at, own, _ in found if own == group and now - WINDOW < at <= now)
            for group in "abc"
        }
        in_alert = {group for (group,), status in named(counted).items() if status == "Alert"}
        assert in_alert == {group for group, count in by_hand.items() if count >= threshold}
        for one in told:
            if one.kind == "alert":
                assert one.value == by_hand[one.group["@g"]] >= threshold


def named(of: LogMonitor) -> dict[tuple[str, ...], str]:
    return {group: status for group, status in of.statuses().items() if group}


@given(events, missing, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.integers(-1, 5))
def test_transitions_follow_one_another_and_none_is_told_twice(
    found: list[tuple[int, str, bool]], on_missing_data: str | None, comparator: str, threshold: int
) -> None:
    counted = monitor(f'rollup("count").last("5m") {comparator} {threshold}', on_missing_data=on_missing_data)
    for at, _, _ in found:
        counted.add({"timestamp": at})
    told = [one for now in range(0, 40 * MINUTE, MINUTE) for one in counted.evaluate(now)]
    if on_missing_data != "show_no_data":
        assert [one.status_to for one in told[:-1]] == [one.status_from for one in told[1:]]
    assert all(one.status_from != one.status_to for one in told)
    assert [one.at for one in told] == sorted(one.at for one in told)
    for before, after in itertools.pairwise(told):
        assert (before.last_triggered_at or 0) <= (after.last_triggered_at or 0)


@given(
    st.lists(
        st.fixed_dictionaries({}, optional=dict.fromkeys(LOG_KEYS, anything) | {"timestamp": times}),
        max_size=20,
    ),
    st.sampled_from(["count", "cardinality", "avg", "sum", "min", "max", "median", "pc95"]),
    st.sampled_from(["", '.by("@a")', '.by("service,@a.b")']),
    missing,
)
def test_any_logs_are_evaluated_rendered_and_told(
    logs: list[dict[str, Any]], rollup: str, by: str, on_missing_data: str | None
) -> None:
    measured = monitor(f'rollup("{rollup}", "@n"){by}.last("5m") >= 1', on_missing_data=on_missing_data)
    for log in logs:
        measured.add(log)
    for now in range(0, 40 * MINUTE, 5 * MINUTE):
        for one in measured.evaluate(now):
            said = render(
                "{{log.message}} {{log.attributes.a}} {{log.tags.x}} {{@a.name}}", one, {"name": "M"}
            )
            recipients(
                [{"name": "r", "filter": {"scope": "env:*"}, "recipients": ["x"]}], one, [], said.handles
            )
