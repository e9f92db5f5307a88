"""Every shape in which Okta may send events is taken, and nothing but JSON objects is."""

import time

import orjson
import pytest
from fakes import event, json_objects, json_of, unhurried
from hypothesis import given
from hypothesis import strategies as st

from relay import okta
from relay.envelope import Envelope
from relay.errors import Refused
from relay.jsontext import JsonObject
from relay.okta import Event, known_type, repeat_key

AROUND = {
    "ddtags": "env:test,team:x",
    "ddsource": "own-source",
    "hostname": "own.example",
    "service": "own",
}
EVENT = event()
# as no serializer would write it, so that a text that was written anew is told from the original
ODD_TEXT = '{ "event_type" :"FLOW_FAIL",  "n": 1.50, "u": "\\u00e9" }'
TWO = [event(n=1), event(n=2)]


def read(body: str | bytes) -> list[Event]:
    return okta.read(body if isinstance(body, bytes) else body.encode())[0]


def custom(message: object, **more: object) -> str:
    return json_of({**AROUND, "message": message, **more})


def broken(text: str, **more: object) -> str:
    """The custom body with the event pasted between quotes as it is."""
    return custom("PASTED", **more).replace("PASTED", text)


def refusal(body: str | bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        read(body)
    return caught.value.status, caught.value.code


def fields(events: list[Event]) -> list[JsonObject]:
    """What the events say; each one's text says the same."""
    assert [orjson.loads(found.text) for found in events] == [found.fields for found in events]
    return [found.fields for found in events]


@pytest.mark.parametrize(
    "body",
    [ODD_TEXT, f"\n {ODD_TEXT}\r\n", "\ufeff" + ODD_TEXT],
    ids=["bare", "with blanks around", "with a byte order mark"],
)
def test_a_single_event_is_kept_byte_for_byte_as_okta_wrote_it(body: str) -> None:
    (found,) = read(body)
    assert (found.text, found.fields, found.own) == (ODD_TEXT, orjson.loads(ODD_TEXT), {})


def test_an_event_in_the_custom_body_as_json_text_is_that_text() -> None:
    (found,) = read(custom(ODD_TEXT))
    assert (found.text, found.own) == (ODD_TEXT, AROUND)


def test_an_event_in_the_custom_body_as_an_object_is_its_json() -> None:
    (found,) = read(custom(EVENT))
    assert (found.text, found.own) == (json_of(EVENT), AROUND)


def test_an_event_pasted_between_quotes_without_escaping_is_recovered_and_told() -> None:
    events, recovered = okta.read(broken(json_of(EVENT)).encode())
    assert recovered
    assert fields(events) == [EVENT]
    assert events[0].own == AROUND


@pytest.mark.parametrize("blanks", ["", " ", "\n\t "])
def test_blanks_within_the_quotes_of_a_pasted_event_do_not_matter(blanks: str) -> None:
    assert fields(read(broken(f"{blanks}{json_of(EVENT)}{blanks}"))) == [EVENT]


def test_a_pasted_array_is_recovered() -> None:
    events, recovered = okta.read(broken(json_of(TWO)).encode())
    assert recovered
    assert fields(events) == TWO


def test_what_a_pasted_event_holds_under_the_name_message_stays_its_own() -> None:
    inner = event(message='{"a":1}', error_message='} ] " {')
    assert fields(read(broken(json_of(inner)))) == [inner]


def test_well_formed_bodies_are_not_called_recovered() -> None:
    bodies = [json_of(EVENT), json_of(TWO), custom(EVENT), custom(json_of(EVENT))]
    assert not any(okta.read(body.encode())[1] for body in bodies)


def test_an_array_of_events_holds_each_in_its_order() -> None:
    assert fields(read(json_of(TWO))) == TWO


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n \n"])
def test_each_line_is_an_event(newline: str) -> None:
    assert fields(read(newline.join(map(json_of, TWO)))) == TWO


def test_a_line_keeps_its_text() -> None:
    assert [found.text for found in read(f"{ODD_TEXT}\n{ODD_TEXT}\n")] == [ODD_TEXT, ODD_TEXT]


def test_a_line_may_be_an_array() -> None:
    assert fields(read(f"{json_of(TWO)}\n{json_of(EVENT)}")) == [*TWO, EVENT]


def test_an_array_of_custom_bodies_holds_the_events_of_all() -> None:
    body = json_of([{**AROUND, "message": json_of(TWO[0])}, {**AROUND, "message": TWO[1]}])
    assert fields(read(body)) == TWO
    assert [found.own for found in read(body)] == [AROUND, AROUND]


def test_each_line_may_be_a_custom_body() -> None:
    assert fields(read(f"{custom(TWO[0])}\n{custom(json_of(TWO[1]))}")) == TWO


def test_each_line_may_be_a_custom_body_with_a_pasted_event() -> None:
    assert fields(read("\n".join(broken(json_of(one)) for one in TWO))) == TWO


def test_an_array_of_custom_bodies_with_pasted_events_is_recovered() -> None:
    body = "[" + ",".join(broken(json_of(one)) for one in TWO) + "]"
    assert fields(read(body)) == TWO


def test_an_escaped_message_that_only_looks_pasted_does_not_hide_one_that_is() -> None:
    body = f"[{json_of({'message': '{0} is no event', 'n': 1})},{broken(json_of(EVENT))}]"
    first, second = read(body)
    assert first.fields == {"message": "{0} is no event", "n": 1}
    assert second.fields == EVENT


@pytest.mark.parametrize("message", [TWO, json_of(TWO)], ids=["as a list", "as JSON text"])
def test_a_message_may_hold_several_events(message: object) -> None:
    events = read(custom(message))
    assert fields(events) == TWO
    assert [found.own for found in events] == [AROUND, AROUND]


def test_a_custom_body_needs_nothing_but_the_message() -> None:
    (found,) = read(json_of({"message": EVENT}))
    assert (found.fields, found.own) == (EVENT, {})


def test_tags_may_come_as_a_list() -> None:
    (found,) = read(json_of({"ddtags": ["env:test", 5, "team:x"], "message": EVENT}))
    assert found.own == {"ddtags": "env:test,team:x"}


def test_empty_fields_of_the_custom_body_count_as_none() -> None:
    (found,) = read(
        json_of({"ddtags": "", "ddsource": None, "hostname": [], "service": "own", "message": EVENT})
    )
    assert (found.fields, found.own) == (EVENT, {"service": "own"})


@pytest.mark.parametrize("message", [EVENT, json_of(EVENT), [EVENT]])
def test_what_the_custom_body_brings_beside_the_event_joins_it(message: object) -> None:
    (found,) = read(custom(message, tenant="acme", event_type_seen=1))
    assert found.fields == {"tenant": "acme", "event_type_seen": 1, **EVENT}
    assert orjson.loads(found.text) == found.fields


def test_the_events_own_field_wins_over_one_of_that_name_beside_it() -> None:
    (found,) = read(custom(EVENT, org_hostname="beside"))
    assert found.fields == EVENT


def test_an_envelope_field_of_another_type_is_kept_beside_the_event() -> None:
    (found,) = read(json_of({"service": 5, "message": EVENT}))
    assert (found.fields, found.own) == ({"service": 5, **EVENT}, {})


def test_a_custom_body_with_plain_text_keeps_the_text() -> None:
    (found,) = read(custom("this is a test"))
    assert (found.text, found.fields, found.own) == ("this is a test", {}, AROUND)


@pytest.mark.parametrize("message", ["{no json", "[1,2]", "[]", "", "{}"])
def test_a_text_that_is_no_event_stays_as_it_is(message: str) -> None:
    (found,) = read(custom(message))
    assert found.text == message


@pytest.mark.parametrize("message", ["text", 5, None, [], [1], {"no": "event"}])
def test_a_foreign_object_with_a_message_is_an_event_as_a_whole(message: object) -> None:
    foreign = {"message": message, "level": "info"}
    (found,) = read(json_of(foreign))
    assert (found.text, found.fields, known_type(found.fields)) == (json_of(foreign), foreign, None)


def test_a_foreign_object_in_an_array_is_an_event_as_a_whole() -> None:
    foreign: JsonObject = {"message": "text", "level": "info"}
    assert fields(read(json_of([foreign]))) == [foreign]


def test_plain_text_and_more_in_a_custom_body_is_kept_whole_and_its_envelope_fields_still_win() -> None:
    body = custom("plain", tenant="acme")
    (found,) = read(body)
    assert (found.text, found.own) == (body, AROUND)


def test_an_event_with_a_field_named_message_is_no_custom_body() -> None:
    alone = event(message="text")
    (found,) = read(json_of(alone))
    assert (found.text, found.own) == (json_of(alone), {})


@pytest.mark.parametrize("foreign", [{}, {"test": True}, {"event_type": 5}, {"event_type": "FLOW_NEW"}])
def test_any_object_is_taken_and_known_to_be_of_no_known_type(foreign: JsonObject) -> None:
    (found,) = read(json_of(foreign))
    assert (found.fields, known_type(found.fields)) == (foreign, None)


@pytest.mark.parametrize("kind", sorted(okta.EVENT_TYPES))
def test_the_published_types_are_known(kind: str) -> None:
    (found,) = read(json_of(event(event_type=kind)))
    assert known_type(found.fields) == kind


@pytest.mark.parametrize("body", ["", " \n\t", "\ufeff", "[]"])
def test_an_empty_body_holds_no_event(body: str) -> None:
    assert okta.read(body.encode()) == ([], False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"hello", "malformed_json"),
        (b'{"event_type":"FLOW', "malformed_json"),
        (json_of(EVENT).encode() + b"\n{", "malformed_json"),
        (b'{"a":"\xff"}', "malformed_json"),
        (b'"message":"{\xff', "malformed_json"),
        (b'{"a":"\\ud800"}', "malformed_json"),
        (b'{"a":NaN}', "malformed_json"),
        (b'{"message":"{"a":NaN}"}', "malformed_json"),
        (b'{"message":"{"a":"\\ud800"}"}', "malformed_json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "malformed_json"),
        (b"[" * 10_000 + b"]" * 10_000, "malformed_json"),
        (b'{"message":"{"event_type":"FLOW_FAIL"} and more"}', "malformed_json"),
        (b"null", "not_an_object"),
        (b"5", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"[1]", "not_an_object"),
        (b'[{"a":1},[]]', "not_an_object"),
        (b'{"a":1}\n5', "not_an_object"),
        (b"[" + b'{"a":' * 300 + b"1" + b"}" * 300 + b"]", "nested_too_deep"),
    ],
)
def test_what_is_no_json_object_is_refused_with_its_code(body: bytes, code: str) -> None:
    assert refusal(body) == (400, code)


def test_a_refusal_says_where_the_fault_is() -> None:
    with pytest.raises(Refused, match=r"^The body is not JSON: .+ at line 2, column 5\.$"):
        read('{"a":1,\n "b"}')


@unhurried
@given(st.binary())
def test_any_bytes_are_events_or_refused_with_400(body: bytes) -> None:
    assert_taken_or_refused(body)


PIECES = st.sampled_from(
    [
        '{"message":"',
        '"message":"{',
        '"message" : "[',
        json_of(EVENT),
        '"}',
        "}",
        "]",
        "[",
        ",",
        "\n",
        '"',
        "\\",
        "1",
    ]
)


@unhurried
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_mixture_of_pasted_pieces_is_events_or_refused_with_400(body: str) -> None:
    assert_taken_or_refused(body.encode())


def assert_taken_or_refused(body: bytes) -> None:
    try:
        events = read(body)
    except Refused as error:
        status = error.status
    else:
        status = 202
        for found in events:
            assert orjson.loads(Envelope("source", "service").wrap(found).data)["message"] == found.text
    assert status in {202, 400}


@unhurried
@given(st.lists(json_objects.filter(lambda item: "message" not in item)))
def test_lists_and_lines_of_any_objects_say_the_same(objects: list[JsonObject]) -> None:
    assert fields(read(json_of(objects))) == objects
    assert fields(read("\n".join(map(json_of, objects)))) == objects


@pytest.mark.parametrize(
    "piece",
    [
        '{"message":"{',
        '"message":"{"a":',
        '"message":"[[[[[[',
        '"message":"[1,1,1,1,',
        '"message":"{"a":"',
        '"message":"{", ',
        '{"a":1,"message":"{","message":"{"',
        '"message":"{}',
        '"message":     "   {',
    ],
)
def test_a_body_full_of_broken_pieces_is_refused_in_a_time_that_grows_no_faster_than_it(piece: str) -> None:
    """Counted from the body's beginning at each piece, these would take minutes: 30 s are far from both."""
    body = (piece * (4_000_000 // len(piece))).encode()
    before = time.process_time()
    assert refusal(body) == (400, "malformed_json")
    assert time.process_time() - before < 30


def key(**other: object) -> bytes | None:
    (found,) = read(json_of(event(**other)))
    return repeat_key(found.fields)


def test_a_repeat_of_an_event_has_its_key_in_whatever_shape_it_comes() -> None:
    shapes = [json_of(EVENT), custom(EVENT), custom(json_of(EVENT)), broken(json_of(EVENT)), json_of([EVENT])]
    keys = {repeat_key(read(shape)[0].fields) for shape in shapes}
    assert keys == {key(flow_name="another field says nothing about it")}
    assert None not in keys


@pytest.mark.parametrize("name", ["execution_id", "event_type", "idempotency_key", "timestamp"])
def test_events_that_differ_in_what_identifies_them_have_other_keys(name: str) -> None:
    assert key(**{name: "other"}) != key()


def test_an_event_without_an_idempotency_key_still_has_a_key_and_a_number_is_one_too() -> None:
    keys = {key(idempotency_key=once) for once in (None, 1, "1", "")}
    assert len(keys) == 4
    assert None not in keys


@pytest.mark.parametrize("name", ["execution_id", "event_type", "timestamp"])
def test_without_what_identifies_it_an_event_is_never_taken_for_a_repeat(name: str) -> None:
    assert key(**{name: None}) is None


def test_an_idempotency_key_of_another_type_makes_no_key() -> None:
    assert key(idempotency_key=["x"]) is None


def test_keys_sort_by_the_events_time() -> None:
    assert sorted([key(timestamp="2026-03-04T05:06:08.000Z"), key()], key=bytes_of) == [
        key(),
        key(timestamp="2026-03-04T05:06:08.000Z"),
    ]


def bytes_of(found: bytes | None) -> bytes:
    assert found is not None
    return found


def test_entries_are_one_object_or_a_list_of_objects_or_none() -> None:
    assert okta.read_objects(b'{"a":1}') == [{"a": 1}]
    assert okta.read_objects(b'[{"a":1},{"b":2}]') == [{"a": 1}, {"b": 2}]
    assert okta.read_objects(b" ") == []


@pytest.mark.parametrize(
    ("body", "code"), [(b"{", "malformed_json"), (b"5", "not_an_object"), (b"[5]", "not_an_object")]
)
def test_entries_in_another_form_are_refused(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        okta.read_objects(body)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_a_valid_line_is_not_mended_and_a_broken_one_beside_it_is() -> None:
    valid = b'{"event_type":"FLOW_FAIL","message":"[1]"}'
    events, recovered = okta.read(
        valid + b"\n" + b'{"message": "{"event_type":"FLOW_START"}", "service": "x"}'
    )
    assert [event.text.encode() for event in events] == [valid, b'{"event_type":"FLOW_START"}']
    assert recovered
    assert not okta.read(valid + b"\n" + valid)[1]


def test_a_broken_body_may_stand_on_several_lines() -> None:
    events, recovered = okta.read(b'{\n"message": "{"event_type":\n"FLOW_START"}",\n"service": "x"}')
    assert [event.fields for event in events] == [{"event_type": "FLOW_START"}]
    assert recovered


@pytest.mark.parametrize("name", ["execution_id", "event_type", "timestamp"])
def test_an_event_with_an_empty_identity_is_never_a_repeat(name: str) -> None:
    event = {"execution_id": "a", "event_type": "FLOW_FAIL", "timestamp": "t", "idempotency_key": "k"}
    assert repeat_key(dict(event)) is not None
    assert repeat_key({**event, name: ""}) is None
