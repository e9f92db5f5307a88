"""The settings in force, which may be read again while the relay runs."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import fields, replace

from relay.access import Access
from relay.envelope import Envelope, merge_tags
from relay.errors import ConfigurationError
from relay.metrics import Metrics
from relay.receiver import Policy
from relay.settings import Settings

log = logging.getLogger(__name__)

_FIXED = {
    "site": "DD_SITE",
    "logs_url": "DD_LOGS_URL",
    "api_url": "DD_API_URL",
    "host": "RELAY_BIND",
    "port": "RELAY_BIND",
    "spool": "RELAY_SPOOL",
    "spool_max_bytes": "RELAY_SPOOL_MAX_BYTES",
    "log_format": "RELAY_LOG_FORMAT",
    "server": "RELAY_SERVER",
    "workers": "RELAY_WORKERS",
    "tls": "RELAY_TLS_CERT, RELAY_TLS_KEY",
}
"""What a restart alone can change, and the variables that set it."""


class Current:
    """The settings in force, and what the receiver makes of them.

    Attributes:
        settings: replaced as a whole by `reload`.
        policy: of `settings`.
    """

    def __init__(self, settings: Settings, read: Callable[[], Settings], metrics: Metrics) -> None:
        """Begin.

        Args:
            settings: the first ones.
            read: reads them again; raises `ConfigurationError`.
            metrics: counts what happens.
        """
        self.settings = settings
        self.policy = policy_of(settings)
        self._read = read
        self._metrics = metrics
        self._told = ""

    async def reload(self) -> bool:
        """Read the settings again; tells whether any of them changed. Faulty ones leave all as it is."""
        try:
            found = await asyncio.to_thread(self._read)
        except ConfigurationError as error:
            self._metrics.reloads.labels("failed").inc()
            self._tell(f"The settings are left as they are: {'; '.join(error.faults)}")
            return False
        fixed = [name for name in _FIXED if getattr(found, name) != getattr(self.settings, name)]
        names = ", ".join(dict.fromkeys(_FIXED[name] for name in fixed))
        self._tell(f"A change of {names} takes a restart." if fixed else "")
        fresh = replace(found, **{name: getattr(self.settings, name) for name in fixed})
        changed = [field.name for field in fields(fresh) if not self._is_same(fresh, field.name)]
        self._metrics.reloads.labels("changed" if changed else "same").inc()
        if changed:
            self.settings = fresh
            self.policy = policy_of(fresh)
            log.info("Settings were read again. Changed: %s.", ", ".join(changed))
        return bool(changed)

    def _is_same(self, fresh: Settings, name: str) -> bool:
        return bool(getattr(fresh, name) == getattr(self.settings, name))

    def _tell(self, text: str) -> None:
        """Log a fault once, not each time that a refused key is read again."""
        if text and text != self._told:
            log.error("%s", text)
        self._told = text


def policy_of(settings: Settings) -> Policy:
    """What the receiver makes of settings."""
    tags = merge_tags((f"env:{settings.env}", f"service:{settings.service}"), settings.tags)
    access = Access(
        tuple(token.encode() for token in settings.tokens),
        (settings.token_header.lower().encode(),),
        settings.networks,
        settings.proxies,
    )
    return Policy(access, Envelope(settings.source, settings.service, settings.hostname, tuple(tags)))
