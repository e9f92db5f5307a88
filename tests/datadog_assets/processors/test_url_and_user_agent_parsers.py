"""URLs and user agents taken apart. How that is done is tested with grok, which has filters for both.

https://docs.datadoghq.com/logs/log_configuration/processors/url_parser/
https://docs.datadoghq.com/logs/log_configuration/processors/user_agent_parser/
"""

from typing import Any
from urllib.parse import quote_plus

import pytest

from datadog_assets.rehearse import process

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/118.0.5993.90 Safari/537.36"
)


def run(before: dict[str, Any], kind: str, **fields: object) -> dict[str, Any]:
    log: Any = {"attributes": before}
    return process(log, [{"name": "p", "processors": [{"type": kind, **fields}]}])["attributes"]


def test_the_example_of_the_page_on_urls() -> None:
    url = "https://api.example.com/v1/orders?user_id=12345&limit=20"
    before = {
        "client": {"ip": "10.12.4.20"},
        "http": {"method": "GET", "url": url, "status_code": 200},
        "timestamp": 1696945536000,
    }
    # the page shows a port, 443, that the URL does not name: published results have none
    details = {
        "host": "api.example.com",
        "path": "/v1/orders",
        "queryString": {"user_id": "12345", "limit": "20"},
        "scheme": "https",
    }
    after = {**before, "http": {**before["http"], "url_details": details}}  # type: ignore[dict-item]
    assert run(before, "url-parser", sources=["http.url"], target="http.url_details") == after
    assert run(before, "url-parser") == after  # both are the defaults of the page


def test_the_example_of_the_page_on_user_agents() -> None:
    before = {"client": {"user_agent": CHROME}, "http": {"method": "GET"}}
    after = run(before, "user-agent-parser", sources=["client.user_agent"])
    # the page shows a category of the device too: the public rules, which are followed, have none
    assert after == {
        "client": {"user_agent": CHROME},
        "http": {
            "method": "GET",
            "useragent_details": {
                "browser": {
                    "family": "Chrome",
                    "major": "118",
                    "minor": "0",
                    "patch": "5993",
                    "patch_minor": "90",
                },
                "device": {"brand": "Apple", "family": "Mac", "model": "Mac"},
                "os": {"family": "Mac OS X", "major": "10", "minor": "15", "patch": "7"},
            },
        },
    }


def test_an_encoded_user_agent_is_decoded_first() -> None:
    plain = run({"a": CHROME}, "user-agent-parser", sources=["a"], target="t")["t"]
    for encoded in (quote_plus(CHROME), CHROME.replace(" ", "+"), CHROME.replace(" ", "%20")):
        after = run({"a": encoded}, "user-agent-parser", sources=["a"], target="t", is_encoded=True)
        assert after == {"a": encoded, "t": plain}


def test_the_port_is_an_integer_and_escapes_in_the_query_stay() -> None:
    # observed
    after = run({"a": "http://h:8080/p?q=a%20b"}, "url-parser", sources=["a"], target="t")
    assert after["t"] == {
        "scheme": "http",
        "host": "h",
        "port": 8080,
        "path": "/p",
        "queryString": {"q": "a%20b"},
    }


@pytest.mark.parametrize(("normalize", "path"), [(False, "/a//"), (True, "/a")])
def test_slashes_at_the_end_go_if_asked(normalize: bool, path: str) -> None:
    fields: dict[str, object] = {"sources": ["a"], "target": "t", "normalize_ending_slashes": normalize}
    assert run({"a": "/a//"}, "url-parser", **fields)["t"] == {"path": path}


@pytest.mark.parametrize("kind", ["url-parser", "user-agent-parser"])
@pytest.mark.parametrize("value", [None, 7, True, ["/x"], {"b": "/x"}])
def test_what_is_no_text_changes_nothing(kind: str, value: object) -> None:
    before = {"a": value, "t": "there"}
    assert run(before, kind, sources=["a"], target="t") == before


@pytest.mark.parametrize("kind", ["url-parser", "user-agent-parser"])
def test_the_first_source_that_exists_counts_and_stays_and_the_target_is_overwritten(kind: str) -> None:
    before = {"b": "/one", "c": "/two", "t": "text"}
    assert run(before, kind, sources=["a", "b", "c"], target="t") == run(
        before, kind, sources=["b"], target="t"
    )
    after = run(before, kind, sources=["a", "b", "c"], target="t.u")
    assert after == {**before, "t": {"u": after["t"]["u"]}}


@pytest.mark.parametrize("url", ["mailto:a@b", "http://[::1/", "http://h:port/", "::", "%", "?", "http://"])
def test_no_text_makes_the_url_parser_fail(url: str) -> None:
    assert run({"a": url}, "url-parser", sources=["a"], target="t")["a"] == url
