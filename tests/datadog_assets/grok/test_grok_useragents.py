"""https://docs.datadoghq.com/logs/log_configuration/processors/user_agent_parser/."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from datadog_assets.grok.useragents import useragent_parts

pytest.importorskip("ua_parser")

Parse = Callable[..., dict[str, object] | None]
CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/118.0.5993.90 Safari/537.36"
)
PARTS = {
    "browser": {"family": "Chrome", "major": "118", "minor": "0", "patch": "5993", "patch_minor": "90"},
    "device": {"brand": "Apple", "family": "Mac", "model": "Mac"},
    "os": {"family": "Mac OS X", "major": "10", "minor": "15", "patch": "7"},
}


def test_the_pages_example() -> None:
    # without the category of the device, which the rules do not tell
    assert useragent_parts(CHROME) == PARTS


def test_what_is_not_known_is_other() -> None:
    other = {"family": "Other"}
    assert useragent_parts("") == {"browser": other, "device": other, "os": other}


@pytest.mark.parametrize("filters", ["useragent", "useragent(decodeuricomponent:false)"])
def test_the_filter(parse: Parse, filters: str) -> None:
    assert parse(f"%{{data:a:{filters}}}", CHROME) == {"a": PARTS}


@pytest.mark.parametrize("argument", ["decodeuricomponent:true", '"decodeuricomponent:true"'])
@pytest.mark.parametrize("text", [quote(CHROME), CHROME.replace(" ", "+")])
def test_the_filter_decodes(parse: Parse, argument: str, text: str) -> None:
    assert parse(f"%{{data:a:useragent({argument})}}", text) == {"a": PARTS}
