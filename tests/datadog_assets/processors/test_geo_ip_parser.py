"""Where an IP address is: only Datadog's database knows.

https://docs.datadoghq.com/logs/log_configuration/processors/geoip_parser/
"""

from typing import Any

import pytest

from datadog_assets.rehearse.pipelines import Pipelines, Processed

REASON = "where an IP address is cannot be known offline"


def run(before: dict[str, Any], **fields: object) -> Processed:
    log: Any = {"attributes": before}
    return Pipelines([{"name": "p", "processors": [{"type": "geo-ip-parser", **fields}]}]).process(log)


@pytest.mark.parametrize("fields", [{}, {"sources": ["network.client.ip"], "target": "network.client.geoip"}])
def test_the_example_of_the_page_is_left_and_told(fields: dict[str, Any]) -> None:
    before = {
        "network": {"client": {"ip": "203.0.113.42"}},
        "http": {"method": "GET", "url": "/checkout", "status_code": 200},
    }
    processed = run(before, **fields)
    assert (processed.log["attributes"], processed.left) == (before, (REASON,))


@pytest.mark.parametrize("before", [{}, {"ip": None}, {"ip": ""}, {"ip": []}, {"other": "203.0.113.42"}])
def test_without_an_address_there_is_nothing_to_tell(before: dict[str, Any]) -> None:
    # observed: of an empty source nothing is written
    processed = run(before, sources=["ip"], target="t")
    assert (processed.log["attributes"], processed.left) == (before, ())


def test_what_is_left_is_told_once() -> None:
    body = {"type": "geo-ip-parser", "sources": ["a"], "target": "t"}
    log: Any = {"attributes": {"a": "203.0.113.42"}}
    assert Pipelines([{"name": "p", "processors": [body, body]}]).process(log).left == (REASON,)
