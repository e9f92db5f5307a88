"""What `GET /metrics` shows."""

import re

import pytest

from relay.metrics import Metrics
from relay.spool import Depth
from relay.tally import Tally


def test_each_metric_says_what_it_means_and_is_named_for_the_relay() -> None:
    text = Metrics().render().decode()
    told = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE))
    assert {name.partition("_")[0] for name in told} == {"relay"}
    assert all(meaning.endswith(".") for name, meaning in told.items() if not name.endswith("_created"))
    assert {"relay_requests_total", "relay_records_delivered_total", "relay_intake_seconds"} <= told.keys()


def test_the_spools_depth_is_read_anew_each_time() -> None:
    metrics = Metrics()
    depth = Depth(waiting=1, claimed=2, dead=3, bytes=4, oldest_age=5.5, dropped=6)
    metrics.watch(lambda: depth, 99)
    names = ["waiting_records", "claimed_records", "dead_letters", "bytes", "oldest_age_seconds"]
    assert [metrics.value(f"relay_spool_{name}") for name in names] == [1, 2, 3, 4, 5.5]
    assert metrics.value("relay_spool_max_bytes") == 99
    assert metrics.value("relay_dead_letters_dropped_total") == 6
    depth = Depth(waiting=10, claimed=0, dead=0, bytes=0, oldest_age=0)
    assert metrics.value("relay_spool_waiting_records") == 10
    assert b"relay_spool_waiting_records 10.0" in metrics.render()


def test_a_value_is_the_sum_over_its_labels() -> None:
    metrics = Metrics()
    assert metrics.value("relay_requests_refused_total") == 0
    metrics.received.refused["one"] += 2
    metrics.received.refused["two"] += 1
    assert metrics.value("relay_requests_refused_total") == 3


def test_two_relays_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.delivered.inc()
    assert (one.value("relay_records_delivered_total"), other.value("relay_records_delivered_total")) == (
        1,
        0,
    )


def test_what_the_receiver_counts_is_shown_with_the_time_that_requests_took() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.004, 0.004, 99.0):
        metrics.received.accepted([], 0, seconds)
    metrics.received.events["FLOW_FAIL"] += 3
    shown = metrics.render().decode().splitlines()
    assert "relay_requests_total 4.0" in shown
    assert 'relay_events_accepted_total{event_type="FLOW_FAIL"} 3.0' in shown
    buckets = [line.partition(" ")[2] for line in shown if line.startswith("relay_accept_seconds_bucket")]
    assert buckets == [*("1.0", "1.0", "3.0"), *["3.0"] * 11, "4.0"]
    assert "relay_accept_seconds_count 4.0" in shown
    assert metrics.value("relay_accept_seconds_sum") == pytest.approx(99.009)


def test_what_was_counted_is_taken_once_and_adds_up_elsewhere() -> None:
    one, total = Tally(), Tally()
    for _ in range(2):
        one.accepted([], 0, 0.5)
        one.refused["token_wrong"] += 1
        total.add(one.take())
    assert one == Tally()
    assert (total.requests, total.refused, total.took_seconds) == (2, {"token_wrong": 2}, 1.0)
