"""What is read from the bodies of errors, whatever their shape."""

import json
from pathlib import Path

import pytest
from fakes import json_values, unhurried
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.api.messages import LONGEST, MOST, messages

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "recorded"


def recorded() -> list[object]:
    """Every error that was recorded from Datadog itself."""
    if not RECORDED.is_dir():
        return [pytest.param({}, marks=pytest.mark.skip(reason="no recordings beside this checkout"))]
    lines = [line for file in sorted(RECORDED.glob("*.jsonl")) for line in file.read_text().splitlines()]
    exchanges = [exchange for line in lines if not 200 <= (exchange := json.loads(line))["status"] <= 299]
    return [pytest.param(one, id=f"{one['method']} {one['path']} {one['status']}") for one in exchanges]


@pytest.mark.parametrize("exchange", recorded())
def test_what_datadog_answered_is_told_in_its_own_words(exchange: dict[str, object]) -> None:
    answer = exchange["response"]
    body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    found = messages(body)
    assert found
    for message in found:
        assert message.isprintable()
        assert "{" not in message, "an unknown shape is shown as JSON"
        for part in message.split(": "):
            assert part in json.dumps(answer, ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"errors": ["a", "b"]}', ("a", "b")),
        ('{"errors": ["a", "a"]}', ("a",)),
        ('{"errors": [{"status": "400", "title": "Bad", "detail": "really"}]}', ("Bad: really",)),
        ('{"errors": [{"status": "400", "title": "Bad", "detail": "Bad"}]}', ("Bad",)),
        ('{"errors": [{"status": "404", "detail": "finding not found", "title": null}]}', ("finding not found",)),
        ('{"errors": [{"status": "413", "code": "too_large"}]}', ("too_large",)),
        ('{"errors": [{"status": "413"}]}', ("413",)),
        ('{"errors": [{"code": 7}]}', ("7",)),
        ('{"errors": [{"id": "x"}, "b"]}', ('{"id": "x"}', "b")),
        ('{"errors": "one"}', ("one",)),
        ('{"errors": {"message": "one"}}', ("one",)),
        ('{"errors": {"name": ["is required"]}}', ('{"name": ["is required"]}',)),
        ('{"errors": [], "message": "m"}', ("m",)),
        ('{"errors": ["a"], "error": "b"}', ("a", "b")),
        ('{"error": {"code": "InvalidArgument", "message": "Non existing pipeline"}}', ("Non existing pipeline",)),
        (
            '{"error": {"code": "I", "message": "Invalid Pipeline", "details": [{"code": "I", "message": "Invalid parser"}]}}',
            ("Invalid Pipeline (Invalid parser)",),
        ),
        ('{"error": "e"}', ("e",)),
        ('{"message": "m", "details": "d"}', ("m (d)",)),
        ('{"status": "error", "code": 403, "errors": ["Forbidden"], "statuspage": "s"}', ("Forbidden",)),
        ('{"valid": false}', ('{"valid": false}',)),
        ('["a", {"title": "b"}, 3, 1.5, true, null]', ("a", "b", "3", "1.5")),
        ('"text"', ("text",)),
        ("{}", ()),
        ("[]", ()),
        ("null", ()),
        ("", ()),
        (" \n", ()),
        ("plain text", ("plain text",)),
        ("<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", ("502 Bad Gateway",)),
        ("\ufeff<!DOCTYPE html><TITLE lang='en'>a &amp; b", ("a & b",)),
        ("<html><title></title><style>p {}</style><p>later</p><script>x()</script>now", ("later now",)),
        ("<p>unclosed <b", ("unclosed",)),
        ("<html></html>", ()),
        ('{"errors": ["a\\u001b[31m\\u202eb\\nc"]}', ("a [31m b c",)),
    ],
)  # fmt: skip
def test_every_shape_is_read(body: str, expected: tuple[str, ...]) -> None:
    assert messages(body.encode()) == expected


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are() -> None:
    assert messages(b"caf\xe9 closed") == ("caf\ufffd closed",)


def test_many_and_long_messages_are_cut() -> None:
    found = messages(json.dumps({"errors": [f"{number} {'x' * 1000}" for number in range(50)]}).encode())
    assert len(found) == MOST + 1
    assert found[-1] == "and more"
    assert found[0] == f"0 {'x' * (LONGEST - 5)}..."


@pytest.mark.parametrize("depth", [3, 100, 300, 500, 5000])
@pytest.mark.parametrize(
    ("opened", "closed"), [('{"message": "m", "details": [', "]}"), ('{"x": ', "}"), ("[", "]")]
)
def test_errors_nested_however_deep_are_a_line_at_most(depth: int, opened: str, closed: str) -> None:
    assert len(messages(f"{opened * depth}0{closed * depth}".encode())) <= 1


@unhurried
@given(st.binary() | json_values.map(json.dumps).map(str.encode))
def test_nothing_breaks_it_and_every_message_is_one_line(body: bytes) -> None:
    for message in messages(body):
        assert message
        assert message.isprintable()
        assert len(message) <= LONGEST


@unhurried
@given(st.lists(st.text("abc", min_size=1), unique=True, max_size=MOST))
def test_texts_come_out_as_they_are(texts: list[str]) -> None:
    for body in ({"errors": texts}, {"errors": [{"detail": text} for text in texts]}):
        assert messages(json.dumps(body).encode()) == tuple(texts)
