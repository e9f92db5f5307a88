"""What the user set: environment and file to one frozen `Settings`. The only reader of the environment."""

import difflib
import ipaddress
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

from dotenv.parser import Original, parse_stream

from relay import logs
from relay.access import Network
from relay.errors import ConfigurationError
from relay.okta import EVENTS_PATH
from relay.values import Values, cannot_read, is_host_url

SITES = (
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
)
"""Datadog's sites. https://docs.datadoghq.com/getting_started/site/"""

SERVERS = ("hypercorn", "uvicorn")

MOST_WORKERS = 64
"""More processes that receive than one spool can serve."""

VARIABLES = {
    "DD_API_KEY": "Datadog's API key",
    "DD_API_KEY_FILE": "a file that holds it",
    "DD_SITE": "Datadog's site (datadoghq.com)",
    "DD_ENV": "the tag env (production)",
    "DD_SERVICE": "the service, and the tag service (okta)",
    "DD_SOURCE": "ddsource (okta-workflows-els)",
    "DD_TAGS": "further tags, comma separated; they win over env and service",
    "DD_HOSTNAME": "the hostname (the event's own org_hostname)",
    "DD_API_URL": "another host than the site's for Datadog's API",
    "DD_LOGS_URL": "another host than the site's for the logs intake",
    "RELAY_TOKEN": "what a sender must bring; several, comma separated, while one is replaced",
    "RELAY_TOKEN_FILE": "a file that holds it",
    "RELAY_TOKEN_HEADER": "the header in which it stands (Authorization)",
    "RELAY_ALLOWED_NETWORKS": "networks that may send, comma separated, such as 203.0.113.0/24 (all)",
    "RELAY_TRUSTED_PROXIES": "networks of proxies whose X-Forwarded-For tells the sender (none)",
    "RELAY_BIND": "host:port to listen on (127.0.0.1:8080)",
    "RELAY_SPOOL": "engine:path of the spool (sqlite:relay-spool.db)",
    "RELAY_SPOOL_MAX_BYTES": "how much the spool may hold (4GiB)",
    "RELAY_BATCH_WAIT": "seconds that a record may wait for others to fill its batch (1)",
    "RELAY_BURY_LIMIT": "dead letters in a row, with nothing delivered, before all is held (100)",
    "RELAY_LOG_FORMAT": "text, or json for an object a line (text)",
    "RELAY_SERVER": "the server that runs the receiver: hypercorn or uvicorn (hypercorn)",
    "RELAY_WORKERS": "processes that receive; one spool and one forwarder serve all of them (1)",
    "RELAY_TLS_CERT": "certificate chain, to serve HTTPS",
    "RELAY_TLS_KEY": "its private key",
}
"""Every variable that is read, with its meaning and (its default)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set, checked; secrets stay out of its repr.

    Attributes:
        api_key: empty if none is set.
        hostname: None takes the event's own.
        api_url, logs_url: without a path.
        tokens: none lets everybody in, which `serve` does on loopback only.
        networks, proxies, bury_limit: as in `relay.access` and `relay.forwarder`.
        tls: certificate and key files, or None for plain HTTP.
    """

    api_key: str = field(repr=False)
    site: str
    env: str
    service: str
    source: str
    tags: tuple[str, ...]
    hostname: str | None
    api_url: str
    logs_url: str
    tokens: tuple[str, ...] = field(repr=False)
    token_header: str
    networks: tuple[Network, ...]
    proxies: tuple[Network, ...]
    host: str
    port: int
    spool: str
    spool_max_bytes: int
    batch_wait: float
    bury_limit: int
    log_format: str
    server: str
    workers: int
    tls: tuple[str, str] | None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the receiver."""
        return self.host == "localhost" or _is_loopback_address(self.host)

    @property
    def token_headers(self) -> dict[str, str]:
        """The header that lets a sender in; none if everybody is let in."""
        return {self.token_header: f"Bearer {self.tokens[0]}"} if self.tokens else {}

    @property
    def events_url(self) -> str:
        """Where a sender on this machine posts events."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104  # compared, not bound
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{EVENTS_PATH}"


def load(
    env_file: Path | None = None, flags: Mapping[str, str] | None = None, *, serving: bool = False
) -> Settings:
    """Read the settings: a flag wins over the environment, that over the file, that over the default.

    Args:
        env_file: lines of `NAME=value`, as Docker's and systemd's environment files have them.
        flags: by the variable's name.
        serving: also require what `relay serve` cannot do without.

    Raises:
        ConfigurationError: with every fault that was found.
    """
    return read(_merged(_file_values(env_file), os.environ, flags or {}), serving=serving)


def read(values: Mapping[str, str], *, serving: bool = False) -> Settings:
    """As `load`, from one mapping."""
    reader = Values(values)
    site = reader.one_of("DD_SITE", SITES, "datadoghq.com").lower()
    host, port = reader.address("RELAY_BIND", "127.0.0.1:8080")
    settings = Settings(
        api_key=reader.key("DD_API_KEY"),
        site=site,
        env=reader.text("DD_ENV", "production"),
        service=reader.text("DD_SERVICE", "okta"),
        source=reader.text("DD_SOURCE", "okta-workflows-els"),
        tags=tuple(tag for tag in re.split(r"[,\s]+", reader.text("DD_TAGS")) if tag),
        hostname=reader.text("DD_HOSTNAME") or None,
        api_url=reader.url("DD_API_URL", f"https://api.{site}"),
        logs_url=reader.url("DD_LOGS_URL", f"https://http-intake.logs.{site}"),
        tokens=reader.keys("RELAY_TOKEN"),
        token_header=reader.header("RELAY_TOKEN_HEADER", "Authorization"),
        networks=reader.networks("RELAY_ALLOWED_NETWORKS"),
        proxies=reader.networks("RELAY_TRUSTED_PROXIES"),
        host=host,
        port=port,
        spool=reader.text("RELAY_SPOOL", "sqlite:relay-spool.db"),
        spool_max_bytes=reader.size("RELAY_SPOOL_MAX_BYTES", "4GiB"),
        batch_wait=reader.seconds("RELAY_BATCH_WAIT", 1.0, longest=60.0),
        bury_limit=reader.count("RELAY_BURY_LIMIT", 100),
        log_format=reader.one_of("RELAY_LOG_FORMAT", logs.FORMATS, "text").lower(),
        server=reader.one_of("RELAY_SERVER", SERVERS, "hypercorn"),
        workers=reader.count("RELAY_WORKERS", 1, most=MOST_WORKERS),
        tls=reader.files("RELAY_TLS_CERT", "RELAY_TLS_KEY"),
    )
    if faults := [*reader.faults, *(_serving_faults(settings, reader.faults) if serving else ())]:
        raise ConfigurationError(faults)
    return settings


def given(env_file: Path | None) -> dict[str, str]:
    """What file and environment set, of whatever name."""
    return {**_file_values(env_file), **os.environ}


def misspelt(values: Mapping[str, str]) -> dict[str, str]:
    """Variables that look like one of the relay's own and are none, each with the one that was meant."""
    strange = (name for name in values if name.startswith("RELAY_") and name not in VARIABLES)
    near = {name: difflib.get_close_matches(name, VARIABLES, 1, cutoff=0.85) for name in strange}
    return {name: found[0] for name, found in near.items() if found}


def endpoint(url: str) -> str | None:
    """The URL for events of a relay that was given with or without that path; None if it is no URL."""
    host = url.rstrip("/").removesuffix(EVENTS_PATH)
    return host + EVENTS_PATH if is_host_url(host) else None


def _serving_faults(settings: Settings, told: list[str]) -> list[str]:
    """What keeps `relay serve` from starting, besides what was told already."""
    faults = []
    if not settings.api_key and not any(fault.startswith("DD_API_KEY") for fault in told):
        faults.append(
            "DD_API_KEY: is not set. Set it to an API key of your Datadog organization,"
            " or DD_API_KEY_FILE to a file that holds one."
        )
    if (
        not settings.tokens
        and not settings.is_loopback
        and not any(f.startswith("RELAY_TOKEN") for f in told)
    ):
        faults.append(
            f"RELAY_TOKEN: is not set, and {settings.host} can be reached from other machines."
            " Set it to a long random text, or bind to 127.0.0.1."
        )
    if settings.server == "uvicorn" and not find_spec("uvicorn"):
        faults.append("RELAY_SERVER: uvicorn is not installed. pip install 'okta-datadog-relay[fast]'")
    if settings.tls and (reason := _tls_fault(*settings.tls)):
        faults.append(f"RELAY_TLS_CERT, RELAY_TLS_KEY: {reason}")
    return faults


def _merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """The values of all layers; a later layer wins, whether it sets a value or the file that holds it."""
    merged: dict[str, str] = {}
    for layer in layers:
        given = {name: value for name, value in layer.items() if value.strip()}
        for name in given:
            merged.pop(name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE", None)
        merged |= given
    return merged


def _tls_fault(certificate: str, key: str) -> str | None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        return f"the files that they name are not a certificate chain and its key in PEM: {error}."
    return None


def _file_values(env_file: Path | None) -> dict[str, str]:
    if env_file is None:
        return {}
    try:
        bindings = list(parse_stream(StringIO(env_file.read_text())))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"--env-file: {cannot_read(str(env_file), error)}"]) from error
    if faults := [_no_binding(env_file, binding.original) for binding in bindings if binding.error]:
        raise ConfigurationError(faults)
    return {binding.key: binding.value for binding in bindings if binding.key and binding.value is not None}


def _no_binding(env_file: Path, found: Original) -> str:
    blank = len(found.string) - len(found.string.lstrip("\n"))
    return f"--env-file: {env_file}:{found.line + blank}: is no NAME=value."


def _is_loopback_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
