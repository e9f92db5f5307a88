from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from datadog_assets.grok import compile_rules

NOW = datetime(2021, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def parse() -> Callable[..., dict[str, object] | None]:
    """Parse a text by one rule."""

    def parse(pattern: str, text: str, support: str = "", now: datetime = NOW) -> dict[str, object] | None:
        return compile_rules(f"rule {pattern}", support).parse(text, now)

    return parse
