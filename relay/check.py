"""Looks at everything that `relay serve` needs, and names each thing that is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

from relay import outbound
from relay.errors import ConfigurationError, SpoolError, SpoolInUse
from relay.okta import EVENTS_PATH
from relay.settings import Settings
from relay.spool import open_spool

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        ok: whether it is as it should be.
        text: what was found, and what to do where it is not.
    """

    ok: bool
    text: str


async def check(read: Callable[[], Settings], misspelt: Mapping[str, str]) -> list[Finding]:
    """Look at configuration, spool, key, site and intake.

    Args:
        read: gives the settings, checked for serving, or raises `ConfigurationError`.
        misspelt: variables that are not read, each with the one that was probably meant.
    """
    findings = [
        Finding(False, f"{name}: is not read. Did you mean {meant}?") for name, meant in misspelt.items()
    ]
    try:
        settings = read()
    except ConfigurationError as error:
        return [*findings, *(Finding(False, fault) for fault in error.faults)]
    findings.append(Finding(True, "configuration: complete"))
    findings.append(await _spool(settings))
    try:
        async with outbound.client(timeout=_TIMEOUT) as client:
            findings.append(await _key(settings, client))
            findings.append(await _intake(settings, client))
    except ConfigurationError as error:
        findings += [Finding(False, fault) for fault in error.faults]
    return findings


async def is_alive(settings: Settings) -> bool:
    """Whether a relay with these settings answers on this machine."""
    url = settings.events_url.replace(EVENTS_PATH, "/livez")
    # a certificate is for the name that others use, not for this one
    async with httpx2.AsyncClient(timeout=_TIMEOUT, verify=False, trust_env=False) as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False


async def _spool(settings: Settings) -> Finding:
    """Open the spool, making it as `serve` would."""
    try:
        spool = await open_spool(settings.spool, max_bytes=settings.spool_max_bytes)
    except SpoolInUse:
        return Finding(True, f"spool: {settings.spool} is in use by a relay that runs")
    except SpoolError as error:
        return Finding(False, f"RELAY_SPOOL: {error}")
    try:
        await spool.probe()
    except SpoolError as error:
        return Finding(False, f"RELAY_SPOOL: {error}")
    finally:
        await spool.close()
    depth = spool.depth()
    return Finding(
        True, f"spool: {settings.spool} can be written; {depth.waiting} waiting, {depth.dead} dead letters"
    )


async def _key(settings: Settings, client: httpx2.AsyncClient) -> Finding:
    url = f"{settings.api_url}/api/v1/validate"
    try:
        answer = await client.get(url, headers={"DD-API-KEY": settings.api_key})
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        fault = _unreachable("DD_SITE, DD_API_URL", settings.api_url, error)
        return Finding(False, f"{fault.text} So the key could not be tried.")
    match answer.status_code:
        case 200:
            return Finding(True, f"key: valid at {settings.api_url}")
        case 401 | 403:
            hint = "Check the key, and that DD_SITE is the site where you log in to Datadog"
            return Finding(False, f"DD_API_KEY: {settings.api_url} refuses it. {hint} (now {settings.site}).")
        case status:
            hint = "Check DD_SITE, DD_API_URL and the proxy"
            return Finding(False, f"DD_SITE: {url} answered HTTP {status}, which Datadog does not. {hint}.")


async def _intake(settings: Settings, client: httpx2.AsyncClient) -> Finding:
    """Any answer will do: nothing can be sent to the intake just to try it."""
    try:
        await client.get(settings.logs_url)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return _unreachable("DD_SITE, DD_LOGS_URL", settings.logs_url, error)
    return Finding(True, f"intake: {settings.logs_url} answers")


def _unreachable(variable: str, url: str, error: Exception) -> Finding:
    advice = "Check it, DNS, firewall and HTTPS_PROXY"
    return Finding(False, f"{variable}: {url} cannot be reached: {outbound.why(error)}. {advice}.")
