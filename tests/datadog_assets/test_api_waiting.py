"""How long to wait before a call is sent again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.api.waiting import LONGEST_SECONDS, asked_seconds, backoff

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": " 1.5 "}, 1.5),
        ({"retry-after": "3"}, 3),
        ({"x-ratelimit-reset": "12", "retry-after": "30"}, 30),
        ({"x-ratelimit-reset": "40", "retry-after": "30"}, 40),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:17 GMT"}, 10),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:17 -0000"}, 10),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:17 GMT", "date": "Wed, 04 Mar 2026 05:06:00 GMT"}, 17),
        ({"retry-after": "Wed, 04 Mar 2026 05:06:17 GMT", "date": "nonsense"}, 10),
        ({"retry-after": "Wed, 04 Mar 2020 05:06:17 GMT"}, 0),
        ({"retry-after": "Wed, 04 Mar 99999 05:06:17 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"x-ratelimit-reset": "9" * 20}, None),
        ({"x-ratelimit-reset": "soon", "retry-after": "later"}, None),
    ],
)
def test_what_is_asked_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_seconds(429, headers, NOW) == seconds


def test_a_reset_that_comes_with_any_other_answer_asks_for_nothing() -> None:
    assert asked_seconds(503, {"x-ratelimit-reset": "12"}, NOW) is None
    assert asked_seconds(503, {"x-ratelimit-reset": "12", "retry-after": "3"}, NOW) == 3


@given(st.text(), st.text())
def test_no_header_breaks_it(reset: str, after: str) -> None:
    found = asked_seconds(429, {"x-ratelimit-reset": reset, "retry-after": after}, NOW)
    assert found is None or found >= 0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_backoff_is_anything_up_to_its_bound(failed: int, jitter: float) -> None:
    assert 0 <= backoff(failed, jitter) <= backoff(failed, 1.0) <= LONGEST_SECONDS
    assert backoff(failed, 1.0) <= backoff(failed + 1, 1.0)
