"""Where an IP address is."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources


class GeoIpParser(Processor):
    """Looks up where an IP address is."""

    type: Literal["geo-ip-parser"]
    sources: Sources = ["network.client.ip"]  # noqa: RUF012 - pydantic copies it
    target: str = "network.client.geoip"
    ip_processing_behavior: str = "do-nothing"


PROCESSOR = GeoIpParser
