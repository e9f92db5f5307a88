import gzip
from typing import Any

import httpx2
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from datadog_assets.preprocess import preprocess

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "message",
        "ddtags",
        "ddsource",
        "hostname",
        "service",
        "status",
        "timestamp",
        "date",
        "dd.trace_id",
        "syslog",
    ]
)
ENTRIES = st.dictionaries(
    KEYS | st.text(), JSON | st.dictionaries(KEYS, JSON).map(lambda inner: orjson.dumps(inner).decode())
)
ENCODINGS = st.sampled_from(["identity", "gzip", "deflate", "br"])


@settings(deadline=None)
@given(body=st.binary() | st.binary().map(gzip.compress), encoding=ENCODINGS)
def test_any_bytes_are_taken_or_refused_with_400(
    shared_client: httpx2.Client, body: bytes, encoding: str
) -> None:
    answer = shared_client.post("/api/v2/logs", content=body, headers={"Content-Encoding": encoding})
    assert answer.status_code in {202, 400}


@settings(deadline=None)
@given(entries=st.lists(ENTRIES, max_size=3) | ENTRIES)
def test_any_entries_are_taken_and_can_be_read_back(shared_client: httpx2.Client, entries: object) -> None:
    assert shared_client.post("/api/v2/logs", content=orjson.dumps(entries)).status_code == 202
    answer = shared_client.post(
        "/api/v2/logs/events/search", json={"filter": {"from": "now-1d", "to": "now+1d"}}
    )
    assert answer.status_code == 200
    orjson.loads(answer.content)


@settings(deadline=None)
@given(body=st.binary() | JSON.map(orjson.dumps), query=st.text())
def test_any_search_is_answered_or_refused_with_400(
    shared_client: httpx2.Client, body: bytes, query: str
) -> None:
    assert shared_client.post("/api/v2/logs/events/search", content=body).status_code in {200, 400}
    by_query = orjson.dumps({"filter": {"query": query}})
    assert shared_client.post("/api/v2/logs/events/search", content=by_query).status_code in {200, 400}


@given(entry=ENTRIES)
def test_preprocessing_changes_no_entry_and_leaves_no_null(entry: dict[str, object]) -> None:
    before = orjson.dumps(entry)
    log = preprocess(entry, [], 0)
    assert orjson.dumps(entry) == before
    assert not has_null(log["attributes"])


def has_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(element is None or has_null(element) for element in value.values())
    return isinstance(value, list) and any(map(has_null, value))
