"""Which date Datadog reads, whether it takes a log of that date, and how an entry gets along without it."""

import orjson
import pytest
from fakes import event, json_objects, json_of, unhurried
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.dates import is_dated_within
from datadog_assets.sandbox.intake import read_entry
from relay import dates
from relay.envelope import MAX_ENTRY_BYTES, Envelope, redate
from relay.jsontext import JsonObject
from relay.okta import Event

HOUR = 3_600_000
NOW = 1_772_600_767_000
ENVELOPE = Envelope("source", "service", tags=("env:production",))


def wrapped(**fields: object) -> bytes:
    found = event(**fields)
    return ENVELOPE.wrap(Event(json_of(found), found, {})).data


def log_of(data: bytes) -> dict[str, object]:
    """What the sandbox makes of an entry that arrives now."""
    log, _ = read_entry(orjson.loads(data), [], NOW)
    return dict(log)


SPANNED: list[dates.Date] = [
    "2026-03-04T05:06:07.000Z",
    "2026-03-04T05:06:07.001Z",
    "2026-12-31T23:59:59.999Z",
    "2026-03-04T05:06:07.000+00:00",
    "2026-03-04T05:06:07",
    "2026-03-04T05:06:07.000Z\n2026-03-04T05:06:07.000Z",
    "20261231",
    "yesterday",
    "",
    None,
    7,
    1e300,
]


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("2026-03-04T05:06:07.000Z", NOW),
        ("2026-03-04T05:06:07Z", NOW),
        ("2026-03-04T06:06:07+01:00", NOW),
        ("2026-03-04T06:06:07.000+0100", NOW),
        ("2026-03-04 05:06:07", NOW),
        (" 2026-03-04T05:06:07.000999 ", NOW),
        (NOW, NOW),
        (float(NOW) + 0.9, NOW),
        (str(NOW), NOW),
        ("Mar  4 05:06:07", None),
        ("yesterday", None),
        (True, None),
        (None, None),
        ({}, None),
        (10**18, 10**18),
        (1e300, 2**62),
        ("9" * 5_000, None),
    ],
)
def test_a_date_is_read_as_datadog_does(value: object, milliseconds: int | None) -> None:
    assert dates.milliseconds(dates.date_of({"timestamp": value})) == milliseconds


def test_the_first_date_attribute_counts_wherever_it_stands() -> None:
    assert dates.date_of({"date": 3, "timestamp": 2, "@timestamp": 1}) == 1
    assert dates.date_of({"syslog": {"timestamp": 5}}) == 5
    assert dates.date_of({"syslog.timestamp": 6, "syslog": {}}) == 6
    assert dates.date_of({"syslog": "no object"}) is None
    assert dates.date_of({"created": 1}) is None


@given(st.lists(st.sampled_from(SPANNED), min_size=1))
def test_no_date_of_several_is_outside_of_their_span(found: list[dates.Date]) -> None:
    read = [NOW if (date := dates.milliseconds(each)) is None else date for each in found]
    assert dates.span(found, NOW) == (min(read), max(read))


def test_a_date_that_no_calendar_has_is_no_bound() -> None:
    taken = ["2026-03-04T05:06:07.000Z", "2026-03-05T05:06:07.000Z"]
    bounds = dates.span(taken, 0)
    assert dates.span([*taken, "2026-02-30T00:00:00.000Z"], 0) == (0, bounds[1])
    assert dates.span([*taken, "2026-02-30T00:00:00.000Z", "2026-01-01T00:00:00.000Z"], 0)[1] == bounds[1]


def test_datadogs_bounds_are_kept_with_half_an_hour_to_spare() -> None:
    now = NOW / 1000
    spare = 30 * 60_000
    assert dates.is_taken(NOW - 18 * HOUR + spare, now)
    assert not dates.is_taken(NOW - 18 * HOUR + spare - 1, now)
    assert dates.is_taken(NOW + 2 * HOUR - spare, now)
    assert not dates.is_taken(NOW + 2 * HOUR - spare + 1, now)


@given(st.integers(-10 * HOUR, 30 * HOUR))
def test_what_is_sent_under_its_own_date_is_kept_by_the_sandbox(age: int) -> None:
    assert not dates.is_taken(NOW - age, NOW / 1000) or is_dated_within(NOW - age, NOW)


@unhurried
@given(json_objects, st.dictionaries(st.sampled_from(dates.ATTRIBUTES), st.integers(0, NOW - 19 * HOUR)))
def test_an_entry_that_is_dated_anew_is_dated_when_it_arrives_and_keeps_all_it_had(
    fields: JsonObject, old: dict[str, int]
) -> None:
    found = {**{name: value for name, value in fields.items() if "." not in name}, **old}
    data = redate(ENVELOPE.wrap(Event(json_of(found), found, {})).data)
    if data is None:
        assert not found.keys() & set(dates.ATTRIBUTES)
        return
    entry = orjson.loads(data)
    assert "relay.redated:true" in entry["ddtags"].split(",")
    kept = orjson.loads(entry["message"])
    assert {name.removeprefix("relay.original."): value for name, value in kept.items()} == found
    assert log_of(data)["timestamp"] == NOW


def test_the_old_date_stands_in_an_attribute_of_its_own() -> None:
    data = redate(wrapped(timestamp="2026-03-01T00:00:00.000Z"))
    assert data
    log = log_of(data)
    assert log["timestamp"] == NOW
    attributes = log["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["relay"] == {"original": {"timestamp": "2026-03-01T00:00:00.000Z"}}


def test_an_entry_in_datadogs_form_loses_the_dates_of_both_its_levels() -> None:
    entry: JsonObject = {"message": '{"eventTime": 1, "text": "x"}', "date": 2, "ddtags": "a:b"}
    record = ENVELOPE.complete(entry)
    assert record.date == 1
    data = redate(record.data)
    assert data
    assert orjson.loads(data) == {
        "ddsource": "source",
        "service": "service",
        "ddtags": "a:b,relay.redated:true",
        "relay.original.date": 2,
        "message": '{"text":"x","relay.original.eventTime":1}',
    }


@pytest.mark.parametrize(
    "data",
    [
        b'{"message":"no date"}',
        b'{"message":"{\\"a\\":1}"}',
        b"[]",
        b"no JSON",
        b"\xff",
        orjson.dumps({"message": '{"timestamp":1,"x":' + "[" * 300 + "]" * 300 + "}"}),
    ],
)
def test_what_has_no_date_or_cannot_be_written_again_stays_as_it_is(data: bytes) -> None:
    assert redate(data) is None


def test_an_entry_of_the_greatest_length_still_fits() -> None:
    bare = len(wrapped(error_message=""))
    data = wrapped(error_message="x" * (MAX_ENTRY_BYTES - bare))
    assert len(data) == MAX_ENTRY_BYTES
    anew = redate(data)
    assert anew
    assert len(anew) <= MAX_ENTRY_BYTES
    assert "relay.redated:true" in orjson.loads(anew)["ddtags"]


def test_a_hundred_tags_leave_room_for_the_mark() -> None:
    tags = tuple(f"t{number}:x" for number in range(100))
    data = redate(Envelope("source", "service", tags=tags).wrap(Event(json_of(event()), event(), {})).data)
    assert data
    found = orjson.loads(data)["ddtags"].split(",")
    assert len(found) == 100
    assert found[-1] == "relay.redated:true"
