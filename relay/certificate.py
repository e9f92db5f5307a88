"""The certificate of the settings: what TLS connections begin with, and its renewal while the relay runs."""

import logging
import ssl

from relay import server
from relay.errors import ConfigurationError
from relay.settings import Settings

log = logging.getLogger(__name__)


def context(settings: Settings) -> ssl.SSLContext | None:
    """Make what TLS connections begin with; None for plain HTTP.

    Raises:
        ConfigurationError: the files cannot be used.
    """
    try:
        return server.tls_context(*settings.tls) if settings.tls else None
    except OSError as error:  # the files were right when the settings were read
        raise ConfigurationError([f"RELAY_TLS_CERT, RELAY_TLS_KEY: {error}."]) from error


def renew(tls: ssl.SSLContext | None, settings: Settings) -> bool:
    """Take the certificate as it is on disk now, for connections that begin from now on.

    Returns:
        Whether that was possible, or there is none; else it is left as it is.
    """
    if tls and settings.tls:
        try:
            tls.load_cert_chain(*settings.tls)
        except OSError as error:
            log.error("The certificate is left as it is: %s.", error)  # noqa: TRY400  # the line says it all
            return False
    return True
