"""The sample events hold together as Okta's do."""

from datetime import UTC, datetime
from itertools import islice

import orjson

from relay.okta import EVENT_TYPES, repeat_key
from relay.okta_sample import CYCLE, events

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_cycle_holds_every_type_of_event() -> None:
    assert {event["event_type"] for event in islice(events(), CYCLE)} == EVENT_TYPES


def test_the_same_seed_gives_the_same_events() -> None:
    first, second = (list(islice(events(seed=4, now=lambda: NOW), 100)) for _ in range(2))
    assert first == second
    assert first != list(islice(events(seed=5, now=lambda: NOW), 100))


def test_every_event_is_one_of_a_kind_to_the_relay() -> None:
    keys = [repeat_key(event) for event in islice(events(), 1_000)]
    assert None not in keys
    assert len(set(keys)) == 1_000


def test_an_execution_starts_before_all_else_and_none_lies_in_the_future() -> None:
    begun: set[object] = set()
    for event in islice(events(now=lambda: NOW), 10 * CYCLE):
        assert (event["event_type"] == "FLOW_START") == (event["execution_id"] not in begun)
        begun.add(event["execution_id"])
        assert str(event["timestamp"]) <= "2026-01-02T03:04:05.000Z"


def test_a_child_names_its_parent_and_fails_with_a_reason_that_the_parent_shares() -> None:
    run = list(islice(events(), CYCLE))
    failed = [event for event in run if event["event_type"] == "FLOW_FAIL"]
    child = next(event for event in failed if "parent_execution_id" in event)
    parent = next(event for event in failed if "parent_execution_id" not in event)
    assert child["parent_execution_id"] == child["root_execution_id"] == parent["execution_id"]
    assert parent["root_execution_id"] == parent["execution_id"]
    assert (child["error_type"], child["error_message"]) == (parent["error_type"], parent["error_message"])


def test_an_event_is_about_as_large_as_a_real_one() -> None:
    sizes = [len(orjson.dumps(event)) for event in islice(events(), 100)]
    assert min(sizes) > 500
    assert max(sizes) < 2_000
