"""https://docs.datadoghq.com/logs/log_configuration/processors/url_parser/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.grok.urls import query_parts, url_parts


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        # the page's own; it also shows the port 443, which Datadog's results do not have
        (
            "https://api.example.com/v1/orders?user_id=12345&limit=20",
            {"scheme": "https", "host": "api.example.com", "path": "/v1/orders", "queryString": {"user_id": "12345", "limit": "20"}},
        ),
        ("/a/b.jpg?q=my%20query#c/d", {"path": "/a/b.jpg", "queryString": {"q": "my%20query"}, "hash": "c/d"}),
        ("http://j.mp", {"scheme": "http", "host": "j.mp", "path": ""}),
        ("http://[::1]:80/", {"scheme": "http", "host": "[::1]", "port": 80, "path": "/"}),
        ("http://u@h:/", {"scheme": "http", "auth": {"username": "u"}, "host": "h", "path": "/"}),
        ("http://h:x/", {"scheme": "http", "path": "/"}),
        ("/a?b=1&b=2&=3", {"path": "/a", "queryString": {"b": "2"}}),
        ("urn:a", {}),
        ("", {"path": ""}),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart(url: str, parts: object) -> None:
    assert url_parts(url) == parts


def test_slashes_at_the_end_can_be_taken_away() -> None:
    assert url_parts("http://h/a//", normalize_ending_slashes=True)["path"] == "/a"
    assert url_parts("http://h/", normalize_ending_slashes=True)["path"] == "/"


def test_a_query_string_is_decoded() -> None:
    assert query_parts("?a+b=%26&c&d=1&d=2&d=3&=4") == {"a b": "&", "d": ["1", "2", "3"]}


@given(st.text())
def test_no_text_raises(text: str) -> None:
    url_parts(text)
    query_parts(text)
