"""User agents taken apart.

https://docs.datadoghq.com/logs/log_configuration/processors/user_agent_parser/
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ua_parser import OS, Device, UserAgent


def useragent_parts(text: str) -> dict[str, object]:
    """Give `browser`, `os` and `device`, each with what is known of it; `Other` is the family of what is not.

    By the rules of the uap-core project, https://github.com/ua-parser/uap-core; Datadog's own differ in
    places. `category` of the device is not among them.
    """
    # only here: the rules are many, and few pipelines need them
    from ua_parser import parse  # noqa: PLC0415

    found = parse(text).with_defaults()
    return {"browser": _known(found.user_agent), "os": _known(found.os), "device": _known(found.device)}


def _known(part: "UserAgent | OS | Device") -> dict[str, object]:
    return {name: value for name, value in asdict(part).items() if value is not None}
