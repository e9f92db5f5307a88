"""Where an IP address is."""

from typing import Literal

from datadog_assets.processors._base import Processor, Sources
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment


class GeoIpParser(Processor):
    """Looks up where an IP address is."""

    type: Literal["geo-ip-parser"]
    sources: Sources = ["network.client.ip"]  # noqa: RUF012 - pydantic copies it
    target: str = "network.client.geoip"
    ip_processing_behavior: str = "do-nothing"

    def apply(self, draft: Draft, at: Moment) -> None:
        """Leave the log alone: where an address is, only Datadog's database tells.

        Of an empty source nothing is written, as published results show.
        https://docs.datadoghq.com/logs/log_configuration/processors/geoip_parser/
        """
        if (found := draft.first(self.sources)) and found[1] not in ("", [], {}):
            at.leave("where an IP address is cannot be known offline")


PROCESSOR = GeoIpParser
