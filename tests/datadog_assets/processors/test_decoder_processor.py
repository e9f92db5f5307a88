"""Text and numbers from their encoded form.

https://docs.datadoghq.com/logs/log_configuration/processors/decoder_processor/
The page has no example, and no published result shows this processor at work.
"""

from base64 import b16encode, b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.rehearse import process


def decoded(value: object, encoding: str, as_what: str, target: str = "t") -> dict[str, Any]:
    body = {
        "type": "decoder-processor",
        "source": "a",
        "target": target,
        "binary_to_text_encoding": encoding,
        "input_representation": as_what,
    }
    log: Any = {"attributes": {"a": value, "t": "there"}}
    return process(log, [{"name": "p", "processors": [body]}])["attributes"]


@pytest.mark.parametrize(
    ("value", "encoding", "as_what", "result"),
    [
        ("d2hvYW1p", "base64", "utf_8", "whoami"),
        (" d2hvYW1p\n", "base64", "utf_8", "whoami"),
        ("w6k=", "base64", "utf_8", "é"),
        ("77686F616d69", "base16", "utf_8", "whoami"),
        ("0x6869", "base16", "utf_8", "hi"),
        ("0X6869", "base16", "utf_8", "hi"),
        ("ff", "base16", "integer", 255),
        ("0x01f4", "base16", "integer", 500),
        ("7fffffffffffffff", "base16", "integer", 2**63 - 1),
        ("00", "base16", "integer", 0),
        ("AQA=", "base64", "integer", 256),
    ],
)
def test_texts_and_integers_are_decoded(value: str, encoding: str, as_what: str, result: object) -> None:
    assert decoded(value, encoding, as_what) == {"a": value, "t": result}


@pytest.mark.parametrize(
    ("value", "encoding", "as_what", "result"),
    [
        ("w6k", "base64", "utf_8", "é"),
        ("d2hvYW1pd", "base64", "utf_8", "whoami"),
        ("d2hvYW1pIQ=", "base64", "utf_8", "whoami!"),
        ("6869a", "base16", "utf_8", "hi"),
        ("1f4", "base16", "integer", 500),
        ("0x7", "base16", "integer", 7),
    ],
)
def test_what_was_cut_is_trimmed_or_padded_as_needed(
    value: str, encoding: str, as_what: str, result: object
) -> None:
    # the page does not tell which: of a text half a byte goes, an integer gets a zero in front
    assert decoded(value, encoding, as_what)["t"] == result


@pytest.mark.parametrize(
    ("value", "encoding", "as_what"),
    [
        ("no base64!", "base64", "utf_8"),
        ("/w==", "base64", "utf_8"),
        ("é", "base64", "utf_8"),
        ("xyz", "base16", "utf_8"),
        ("ff", "base16", "utf_8"),
        ("é", "base16", "integer"),
        ("8000000000000000", "base16", "integer"),
        ("", "base64", "utf_8"),
        ("  ", "base16", "utf_8"),
        ("=", "base64", "utf_8"),
        ("A", "base64", "integer"),
        ("0x", "base16", "integer"),
        (None, "base64", "utf_8"),
        (7, "base16", "integer"),
        (True, "base64", "utf_8"),
        (["ff"], "base16", "integer"),
        ({"b": "ff"}, "base16", "integer"),
    ],
)
def test_what_cannot_be_decoded_leaves_the_log_unchanged(value: object, encoding: str, as_what: str) -> None:
    assert decoded(value, encoding, as_what) == {"a": value, "t": "there"}


def test_source_and_target_may_be_the_same() -> None:
    assert decoded("6869", "base16", "utf_8", "a") == {"a": "hi", "t": "there"}


@given(st.text(min_size=1))
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert decoded(b64encode(text.encode()).decode(), "base64", "utf_8")["t"] == text
    assert decoded(b16encode(text.encode()).decode(), "base16", "utf_8")["t"] == text


@given(st.text(), st.sampled_from(["base64", "base16"]), st.sampled_from(["utf_8", "integer"]))
def test_no_text_makes_it_fail(text: str, encoding: str, as_what: str) -> None:
    assert decoded(text, encoding, as_what)["a"] == text
