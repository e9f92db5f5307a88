"""Entries of the intake, preprocessed and then processed.

https://docs.datadoghq.com/logs/log_configuration/pipelines/
"""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.dates import iso
from datadog_assets.preprocess import preprocess
from datadog_assets.rehearse import process

NOW = 1_772_600_767_000
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(2**70)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
ENTRIES = st.dictionaries(
    st.sampled_from(
        ["message", "status", "service", "hostname", "ddsource", "ddtags", "timestamp", "dd", "a.b"]
    ),
    VALUES,
)


@given(ENTRIES)
def test_every_entry_becomes_a_log_that_pipelines_take(entry: dict[str, Any]) -> None:
    log = preprocess(entry, ["env:test"], NOW)
    assert isinstance(log["message"], str)
    assert isinstance(log["status"], str)
    assert iso(log["timestamp"])
    after = process(
        log, [{"name": "p", "processors": [{"type": "status-remapper", "sources": ["a.b", "dd"]}]}]
    )
    assert after["attributes"] == log["attributes"] or repr(after["attributes"]) == repr(log["attributes"])


def test_a_number_that_json_cannot_hold_is_no_text() -> None:
    log = preprocess({"message": {"a": 2**70}, "status": 2**70, "service": 2**70, "a": 1}, [], NOW)
    assert (log["message"], log["status"], log["service"]) == ("", "info", None)
    assert log["attributes"]["a"] == 2**70


def test_what_the_log_tells_of_itself_is_left_to_the_remappers() -> None:
    # `timestamp` stays an attribute after preprocessing: a date remapper may read it again
    message = orjson.dumps({"timestamp": "2026-03-04T05:00:00Z", "level": "warn", "user": {"id": 7}}).decode()
    log = preprocess({"message": message, "ddsource": "okta"}, [], NOW)
    body: dict[str, Any] = {
        "name": "p",
        "filter": {"query": "source:okta status:warn"},
        "processors": [
            {"type": "date-remapper", "sources": ["timestamp"]},
            {"type": "attribute-remapper", "sources": ["user.id"], "target": "usr.id"},
        ],
    }
    after = process(log, [body])
    assert iso(after["timestamp"]) == "2026-03-04T05:00:00.000Z"
    assert after["attributes"] == {"timestamp": "2026-03-04T05:00:00Z", "level": "warn", "usr": {"id": 7}}
