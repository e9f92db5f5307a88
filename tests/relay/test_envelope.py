"""A record is exactly five fields, finished, and within every limit of Datadog's."""

import orjson
import pytest
from fakes import event, json_objects, json_of, unhurried
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import okta
from relay.envelope import MAX_ENTRY_BYTES, MAX_TAG_LENGTH, Envelope, Record, merge_tags
from relay.errors import Refused
from relay.jsontext import JsonObject
from relay.okta import Event, repeat_key

ENVELOPE = Envelope("okta-workflows-els", "okta", None, ("env:production", "service:okta"))
OWN = {"ddtags": "env:test,team:x", "ddsource": "own-source", "hostname": "own.example", "service": "own"}


def event_of(fields: JsonObject, **own: str) -> Event:
    return Event(json_of(fields), fields, own)


def entry(record: Record) -> JsonObject:
    """A record's JSON; no record is over the limit."""
    assert len(record.data) <= MAX_ENTRY_BYTES
    found: JsonObject = orjson.loads(record.data)
    return found


def wrapped(fields: JsonObject, **own: str) -> JsonObject:
    return entry(ENVELOPE.wrap(event_of(fields, **own)))


def message(record: Record) -> JsonObject:
    """The event that a record carries."""
    found: JsonObject = orjson.loads(str(entry(record)["message"]))
    return found


def tags(found: JsonObject) -> list[str]:
    return str(found["ddtags"]).split(",")


def truncated(fields: JsonObject, **own: str) -> JsonObject:
    """The event as it is left in a record that had to be cut, which says so."""
    record = ENVELOPE.wrap(event_of(fields, **own))
    assert record.truncated
    assert tags(entry(record))[-1] == "relay.truncated:true"
    return message(record)


def weight(sign: str) -> int:
    """How many bytes a sign takes in the JSON text within a record's JSON."""
    return len(json_of(json_of(sign)).encode()) - len(json_of(json_of("")))


def of_size(size: int, sign: str = "x") -> Event:
    """An event whose record takes exactly `size` bytes, filled with one sign."""
    bare = len(ENVELOPE.wrap(event_of(event(error_message=""))).data)
    number, rest = divmod(size - bare, weight(sign))
    return event_of(event(error_message=sign * number + "x" * rest))


def test_a_record_has_exactly_the_five_fields_and_the_event_as_text() -> None:
    assert wrapped(event()) == {
        "ddtags": "env:production,service:okta",
        "ddsource": "okta-workflows-els",
        "hostname": "acme.workflows.okta.com",
        "service": "okta",
        "message": json_of(event()),
    }


def test_what_the_custom_body_brought_wins_over_the_configuration_tag_by_tag() -> None:
    found = wrapped(event(), **OWN)
    assert found == {**OWN, "ddtags": "service:okta,env:test,team:x", "message": json_of(event())}


def test_the_configured_hostname_wins_over_the_events_own() -> None:
    configured = Envelope("source", "service", "configured.example")
    assert entry(configured.wrap(event_of(event())))["hostname"] == "configured.example"
    assert entry(configured.wrap(event_of(event(), **OWN)))["hostname"] == "own.example"


@pytest.mark.parametrize("hostname", [None, 5, ["x"], ""])
def test_without_a_hostname_of_its_own_the_field_is_empty(hostname: object) -> None:
    assert wrapped(event(org_hostname=hostname))["hostname"] == ""


def test_an_event_of_no_known_type_is_marked() -> None:
    assert tags(wrapped(event(event_type="FLOW_NEW")))[-1] == "relay.unrecognized:true"
    assert "relay.unrecognized:true" not in tags(wrapped(event()))


def test_plain_text_is_the_message_as_it_is() -> None:
    record = ENVELOPE.wrap(Event("a test", {}, {}))
    assert entry(record)["message"] == "a test"
    assert not record.truncated


def test_a_record_carries_the_events_key() -> None:
    found = event_of(event())
    assert repeat_key(found.fields) is not None
    assert ENVELOPE.wrap(found).key == repeat_key(found.fields)


@pytest.mark.parametrize(
    ("configured", "own", "merged"),
    [
        (["env:a", "team:b"], ["env:c"], ["team:b", "env:c"]),
        (["env:a", "env:b"], ["env:c", "env:d"], ["env:c", "env:d"]),
        (["bare", "env:a"], ["bare"], ["env:a", "bare"]),
        (["url:http://x:1"], ["url:y"], ["url:y"]),
        (["env:a"], [], ["env:a"]),
    ],
)
def test_a_tag_of_the_events_replaces_configured_ones_of_its_key(
    configured: list[str], own: list[str], merged: list[str]
) -> None:
    assert merge_tags(configured, own) == merged


def test_blanks_and_gaps_in_tags_do_not_matter() -> None:
    assert tags(wrapped(event(), ddtags=" env:test ,, team:x,")) == ["service:okta", "env:test", "team:x"]


@pytest.mark.parametrize("sign", ["x", '"', "\\", "\n", "\x01", "é", "€", "😀"])
def test_an_entry_of_exactly_the_limit_is_whole_and_one_byte_more_is_cut(sign: str) -> None:
    fits, too_long = of_size(MAX_ENTRY_BYTES, sign), of_size(MAX_ENTRY_BYTES + 1, sign)
    record = ENVELOPE.wrap(fits)
    assert len(record.data) == MAX_ENTRY_BYTES
    assert not record.truncated
    assert entry(record)["message"] == fits.text
    assert truncated(too_long.fields).keys() == too_long.fields.keys()


@pytest.mark.parametrize("sign", ["x", '"', "\\", "\n", "\x01", "é", "€", "😀"])
def test_a_long_text_is_cut_as_little_as_possible_and_all_else_is_whole(sign: str) -> None:
    fields = event(error_message=sign * 1_500_000, count=5, nested={"list": [1, None, "x"]})
    record = ENVELOPE.wrap(event_of(fields))
    kept = truncated(fields)
    assert kept == {
        **fields,
        "error_message": str(fields["error_message"])[: len(str(kept["error_message"]))],
    }
    assert MAX_ENTRY_BYTES - len(record.data) < weight(sign)


def test_a_long_text_deep_inside_is_found() -> None:
    record = ENVELOPE.wrap(event_of(event(steps=[{"output": [["x" * 2_000_000]]}])))
    assert len(record.data) == MAX_ENTRY_BYTES
    assert message(record).items() >= event().items()


def test_of_many_long_texts_the_longest_are_cut_to_one_length_and_short_ones_stay() -> None:
    long = {f"long_{number}": "y" * (5_000 + number) for number in range(500)}
    kept = truncated(event(**long, short="s" * 1_000))
    lengths = {len(str(kept[name])) for name in long}
    assert len(lengths) == 1
    assert 1_900 < lengths.pop() < 2_000
    assert kept["short"] == "s" * 1_000
    assert kept["execution_id"] == event()["execution_id"]


@pytest.mark.parametrize(
    "more",
    [
        {f"field_{number}": number for number in range(100_000)},
        {"numbers": list(range(300_000))},
        {"x" * 2_000_000: 1},
        {f"text_{number}": "z" * 900 for number in range(2_000)},
        {f"control_{number}": "\x01" * 900 for number in range(2_000)},
    ],
    ids=["100,000 fields", "a list of numbers", "a long name", "many short texts", "many escaped texts"],
)
def test_what_has_no_long_text_keeps_its_first_short_fields_and_its_json_cut(more: JsonObject) -> None:
    fields = event(**more)
    kept = truncated(fields)
    assert kept.items() >= event().items()
    assert len(kept) <= 101
    assert json_of(fields).startswith(str(kept["relay.truncated_event"]))
    assert len(str(kept["relay.truncated_event"])) > 1_000


def test_long_texts_among_too_many_fields_are_cut_first() -> None:
    kept = truncated(event(long="l" * 50_000, **{f"field_{number}": number for number in range(100_000)}))
    assert "l" * 1_000 + '"' in str(kept["relay.truncated_event"])


def test_long_plain_text_is_cut_as_text() -> None:
    record = ENVELOPE.wrap(Event("é" * 1_000_000, {}, {}))
    assert record.truncated
    assert MAX_ENTRY_BYTES - len(record.data) < len("é".encode())
    assert set(str(entry(record)["message"])) == {"é"}


def nested(depth: int, value: object) -> JsonObject:
    fields: JsonObject = {"value": value}
    for _ in range(depth):
        fields = {"a": fields}
    return fields


def text_nested(depth: int, text: str) -> str:
    return '{"a":' * depth + json_of(text) + "}" * depth


@pytest.mark.parametrize("depth", [20, 254, 255, 1_000])
def test_an_event_that_fits_may_nest_as_deep_as_it_can_be_read(depth: int) -> None:
    text = text_nested(depth, "x")
    (found,) = okta.read(text.encode())[0]
    assert entry(ENVELOPE.wrap(found))["message"] == text


def test_a_long_text_in_deep_nesting_is_cut() -> None:
    record = ENVELOPE.wrap(event_of(nested(200, "x" * 2_000_000)))
    text = str(entry(record)["message"])
    assert len(record.data) == MAX_ENTRY_BYTES
    assert orjson.loads(text) == nested(200, "x" * text.count("x"))


def test_an_event_that_has_to_be_cut_and_nests_too_deep_to_be_written_again_is_refused() -> None:
    (found,) = okta.read(text_nested(300, "x" * 2_000_000).encode())[0]
    with pytest.raises(Refused) as caught:
        ENVELOPE.wrap(found)
    assert (caught.value.status, caught.value.code) == (400, "nested_too_deep")


def many_tags(number: int) -> list[str]:
    return [f"tag_{count}:x" for count in range(number)]


def test_100_tags_are_whole_and_of_101_the_last_makes_room_for_the_mark() -> None:
    bare = Envelope("source", "service")
    full = bare.wrap(event_of(event(), ddtags=",".join(many_tags(100))))
    assert tags(entry(full)) == many_tags(100)
    assert not full.truncated
    over = bare.wrap(event_of(event(), ddtags=",".join(many_tags(101))))
    assert tags(entry(over)) == [*many_tags(99), "relay.truncated:true"]
    assert over.truncated


def test_marks_count_among_the_100_tags() -> None:
    foreign = Envelope("source", "service", None, tuple(many_tags(100))).wrap(event_of({"test": True}))
    assert tags(entry(foreign)) == [*many_tags(98), "relay.unrecognized:true", "relay.truncated:true"]


def test_a_tag_of_200_characters_is_whole_and_a_longer_one_is_left_out() -> None:
    fits, too_long = "a:" + "é" * 198, "b:" + "é" * 199
    assert fits in tags(wrapped(event(), ddtags=fits))
    found = tags(wrapped(event(), ddtags=f"{fits},{too_long}"))
    assert found == ["env:production", "service:okta", fits, "relay.truncated:true"]


@pytest.mark.parametrize("name", ["ddsource", "hostname", "service"])
def test_a_field_around_the_message_is_cut_at_200_characters(name: str) -> None:
    assert wrapped(event(), **{name: "é" * 200})[name] == "é" * 200
    found = wrapped(event(), **{name: "é" * 201})
    assert found[name] == "é" * 200
    assert tags(found)[-1] == "relay.truncated:true"


def test_an_event_that_loses_only_tags_is_kept_byte_for_byte() -> None:
    text = '{ "event_type" : "FLOW_FAIL", "n": 1.50 }'
    found = Event(text, orjson.loads(text), {"ddtags": "x" * 201})
    assert entry(ENVELOPE.wrap(found))["message"] == text


def test_an_event_that_loses_only_tags_may_nest_as_deep_as_any() -> None:
    text = text_nested(1_000, "x")
    (found,) = okta.read(json_of({"ddtags": "x" * 201, "message": text}).encode())[0]
    assert entry(ENVELOPE.wrap(found))["message"] == text


@unhurried
@given(json_objects, st.lists(st.text(max_size=MAX_TAG_LENGTH), max_size=3))
def test_the_message_of_any_object_parses_back_to_it(fields: JsonObject, own_tags: list[str]) -> None:
    record = ENVELOPE.wrap(event_of(fields, ddtags=",".join(own_tags)))
    assert entry(record).keys() == {"ddtags", "ddsource", "hostname", "service", "message"}
    assert message(record) == fields
    assert not record.truncated


@settings(deadline=None, max_examples=25)
@given(json_objects, st.integers(300_000, 1_500_000), st.sampled_from(["x", "\x01", "é", '"']))
def test_any_object_however_long_its_texts_stays_json_within_the_limit(
    fields: JsonObject, length: int, sign: str
) -> None:
    record = ENVELOPE.wrap(event_of({**fields, "long": sign * length, "list": [sign * length]}))
    kept = message(record)
    if record.truncated:
        assert tags(entry(record))[-1] == "relay.truncated:true"
        assert kept == {**fields, "long": kept["long"], "list": [kept["long"]]}


# --- entries in Datadog's own form


def test_an_entry_of_a_shipper_keeps_what_it_brings_and_gaps_are_filled() -> None:
    brought: JsonObject = {"message": "debug", "status": "warn", "service": "mine", "custom": {"a": 1}}
    assert entry(ENVELOPE.complete(brought)) == {
        "ddtags": "env:production,service:okta",
        "ddsource": "okta-workflows-els",
        **brought,
    }
    whole: JsonObject = {"message": "m", **OWN}
    assert entry(ENVELOPE.complete(whole)) == whole


def test_an_entry_of_a_shipper_is_never_taken_for_a_repeat() -> None:
    assert ENVELOPE.complete(event(message="m")).key is None


def test_an_entry_without_a_message_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        ENVELOPE.complete({"service": "mine"})
    assert (caught.value.status, caught.value.code) == (400, "message_missing")


def test_an_entry_that_nests_too_deep_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        ENVELOPE.complete({"message": nested(300, "x")})
    assert (caught.value.status, caught.value.code) == (400, "nested_too_deep")


@pytest.mark.parametrize("long", ["x" * 2_000_000, {"a": "x" * 2_000_000}])
def test_a_long_message_of_an_entry_is_cut_as_text_and_all_else_is_whole(long: object) -> None:
    record = ENVELOPE.complete({"message": long, "service": "mine", "n": 1})
    found = entry(record)
    assert record.truncated
    assert (found["service"], found["n"]) == ("mine", 1)
    assert len(record.data) == MAX_ENTRY_BYTES
    assert tags(found) == ["env:production", "service:okta", "relay.truncated:true"]


def test_too_many_tags_of_an_entry_are_cut() -> None:
    record = ENVELOPE.complete({"message": "m", "ddtags": ",".join(many_tags(101))})
    assert tags(entry(record)) == [*many_tags(99), "relay.truncated:true"]
    assert entry(record)["message"] == "m"
    assert record.truncated


@pytest.mark.parametrize("ddtags", [None, 5, ["a:b"]])
def test_tags_in_another_form_stay_as_they_are(ddtags: object) -> None:
    assert entry(ENVELOPE.complete({"message": "m", "ddtags": ddtags}))["ddtags"] == ddtags


LONG_TAGS = ",".join(f"tag_{number}:{'t' * 100}" for number in range(60))


@pytest.mark.parametrize(
    "more",
    [
        {f"text_{number}": "v" * 1_050 for number in range(940)},
        {f"field_{number}": "v" * 20 for number in range(50_000)},
    ],
    ids=["many long texts", "too many fields"],
)
def test_an_entry_that_is_cut_keeps_its_tags_whole_and_a_message(more: JsonObject) -> None:
    record = ENVELOPE.complete({"message": "m" * 5_000, "ddtags": LONG_TAGS, **more})
    assert record.truncated
    assert entry(record)["ddtags"] == f"{LONG_TAGS},relay.truncated:true"
    assert "message" in entry(record)


@unhurried
@given(json_objects)
def test_any_entry_with_a_message_stays_what_it_is(fields: JsonObject) -> None:
    brought = {**fields, "message": "m"}
    assert entry(ENVELOPE.complete(brought)).items() >= brought.items()
