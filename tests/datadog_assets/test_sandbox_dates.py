import pytest
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets.dates import epoch_ms, iso

NOW = 1_772_600_767_000  # 2026-03-04T05:06:07Z


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T05:06:07.000Z",
        "2026-03-04T05:06:07",
        " 2026-03-04 05:06:07.000999999Z ",
        "2026-03-04T10:36:07.000+0530",
        "2026-03-04T04:06:07-01:00",
        "1772600767000",
        "Mar  4 05:06:07",
        "Mar 4 05:06:07",
    ],
)
def test_one_moment_in_every_form_that_datadog_reads(text: str) -> None:
    assert epoch_ms(text, NOW) == NOW


def test_numbers_are_milliseconds_and_never_scaled() -> None:
    assert epoch_ms(NOW, 0) == NOW
    assert epoch_ms(NOW + 0.9, 0) == NOW
    assert epoch_ms("1702027299", NOW) == 1_702_027_299


def test_a_missing_year_is_the_nearest() -> None:
    assert iso(epoch_ms("Dec 31 23:59:59", NOW) or 0) == "2025-12-31T23:59:59.000Z"
    assert iso(epoch_ms("Jan  1 00:00:00", 1_767_225_599_000) or 0) == "2026-01-01T00:00:00.000Z"
    assert iso(epoch_ms("Feb 29 00:00:00", 1_709_164_800_000) or 0) == "2024-02-29T00:00:00.000Z"


@pytest.mark.parametrize(
    "value",
    ["2025/05/31 15:56:10", "", "now", "9" * 20, "9" * 5000, "²", "Feb 30 00:00:00", True, None, [], {}],
)
def test_what_datadog_cannot_read_is_no_date(value: object) -> None:
    assert epoch_ms(value, NOW) is None


@given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
def test_a_date_that_is_written_reads_back_as_itself(ms: int) -> None:
    assert epoch_ms(iso(ms), NOW) == ms


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert isinstance(epoch_ms(text, NOW), int | None)
