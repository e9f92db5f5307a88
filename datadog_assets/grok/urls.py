"""URLs and query strings taken apart.

https://docs.datadoghq.com/logs/log_configuration/processors/url_parser/
"""

import re
from urllib.parse import unquote_plus

from datadog_assets.grok._attributes import append

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<hash>.*))?",
    re.DOTALL,
)
_AUTHORITY = re.compile(
    r"(?:(?P<username>[^@:]*)(?::(?P<password>[^@]*))?@)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d{1,5})?)?",
    re.ASCII,
)


def url_parts(url: str, normalize_ending_slashes: bool = False) -> dict[str, object]:
    """Give `scheme`, `auth`, `host`, `port`, `path`, `queryString` and `hash`, as far as the URL has them.

    The page shows a port that the URL does not name; the results that Datadog published have none. Escapes
    in the query stay as they are, and of a key that repeats the last value counts.
    """
    found = _URL.fullmatch(url.strip())
    if found is None:
        return {}
    parts: dict[str, object] = {}
    authority = found["authority"]
    if authority is not None:
        parts |= _authority(authority)
    elif found["scheme"]:
        return {}
    path = found["path"]
    parts["path"] = path.rstrip("/") if normalize_ending_slashes and path != "/" else path
    if found["scheme"]:
        parts["scheme"] = found["scheme"]
    if found["query"]:
        parts["queryString"] = {key: value for key, value in _pairs(found["query"]) if key}
    if found["hash"]:
        parts["hash"] = found["hash"]
    return parts


def _authority(authority: str) -> dict[str, object]:
    parts: dict[str, object] = {}
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return parts
    if found["username"]:
        known = {"username": found["username"], "password": found["password"]}
        parts["auth"] = {name: value for name, value in known.items() if value}
    if found["host"]:
        parts["host"] = found["host"]
    if found["port"]:
        parts["port"] = int(found["port"])
    return parts


def query_parts(query: str) -> dict[str, object]:
    """Give the keys and values of `a=1&b=2`, decoded; without a value a key is left out.

    A key that repeats becomes an array.
    """
    parts: dict[str, object] = {}
    for key, value in _pairs(query.removeprefix("?")):
        if not key or not value:
            continue
        append(parts, unquote_plus(key), unquote_plus(value))
    return parts


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return [(key, value) for key, _, value in pairs]
