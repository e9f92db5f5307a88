"""What the user set: the only reader of the environment."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from datadog_assets.errors import AssetsError

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

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class WrongEnvironment(AssetsError):
    """Variables that cannot be used.

    Attributes:
        faults: one line each: the variable, what is wrong, and what to do.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Access:
    """Where Datadog's API is, and the keys that open it; they stay out of the repr.

    Attributes:
        api_url: scheme and host, without a path: "https://api.datadoghq.com".
        api_key, app_key: as they are sent.
        api_key_file, app_key_file: the files that they came from; empty for keys that did not.
    """

    api_url: str
    api_key: str = field(repr=False)
    app_key: str = field(repr=False)
    api_key_file: str = ""
    app_key_file: str = ""

    def renewed(self) -> "Access":
        """Read the files again, as keys may be replaced at any time; what cannot be used changes nothing."""
        api_key = _key_in(self.api_key_file) or self.api_key
        return replace(self, api_key=api_key, app_key=_key_in(self.app_key_file) or self.app_key)


def access(values: Mapping[str, str] | None = None) -> Access:
    """Read where to find Datadog, and the keys.

    Args:
        values: variables by name; those of the process if not given.

    Raises:
        WrongEnvironment: with every fault that was found, in proxies and certificates too.
    """
    reader = _Reader(os.environ if values is None else values)
    found = Access(
        reader.api_url(),
        reader.key("DD_API_KEY", "an API key of your Datadog organization"),
        reader.key("DD_APP_KEY", "an application key of the same organization"),
        reader.text("DD_API_KEY_FILE"),
        reader.text("DD_APP_KEY_FILE"),
    )
    reader.check_proxies()
    reader.check_certificates()
    if reader.faults:
        raise WrongEnvironment(list(dict.fromkeys(reader.faults)))
    return found


def variables() -> Mapping[str, str]:
    """Give everything that is set, for the variables of YAML files that ask for it by name."""
    return dict(os.environ)


def no_color() -> bool:
    """Tell whether the user wants no colours, as https://no-color.org has it."""
    return bool(os.environ.get("NO_COLOR"))


class _Reader:
    """Reads one variable after the other, and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        """Give the value without blanks around it; empty if it is not set, or is no text."""
        found = self._values.get(name, "").strip()
        if not found.isprintable():  # a line break, a control character, or bytes that are no text
            self.faults.append(f"{name}: holds a sign that cannot be printed. Write it anew.")
            return ""
        return found

    def api_url(self) -> str:
        """Give the override or, without one, the site's API host."""
        if found := self.text("DD_API_URL").rstrip("/"):
            if not _is_host_url(found):
                self.faults.append(
                    f"DD_API_URL: {_without_password(found)!r} is no URL of a host, such as"
                    " https://api.datadoghq.com. Correct it, or unset it and set DD_SITE."
                )
            return found
        site = self.text("DD_SITE").lower() or SITES[0]
        if site not in SITES:
            self.faults.append(f"DD_SITE: {site!r} is none of {', '.join(SITES)}.{_hint(site)}")
        return f"https://api.{site}"

    def key(self, name: str, meaning: str) -> str:
        """Give a key from the file that `NAME_FILE` names or, without one, from the variable itself."""
        path = self.text(f"{name}_FILE")
        try:
            found = _content(path) if path else self._values.get(name, "").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            self.faults.append(
                f"{name}_FILE: {path} cannot be read: {reason}. Check the path and its permissions."
            )
            return ""
        if not found and path:
            self.faults.append(f"{name}_FILE: {path} is empty. Write the key into it.")
        elif not found:
            self.faults.append(
                f"{name}: is not set. Set it to {meaning}, or {name}_FILE to a file that holds one."
            )
        elif not _fits_a_header(found):
            where = f"{name}_FILE: {path}" if path else f"{name}:"
            self.faults.append(f"{where} holds a blank or a sign that no key has. Copy the key again.")
        return found

    def check_proxies(self) -> None:
        """Find proxies that no client can be made with; the names count in small letters too."""
        for name in self._values:
            value = self.text(name) if name.upper() in _PROXIES else ""
            if value and (reason := _proxy_fault(value if "://" in value else f"http://{value}")):
                self.faults.append(f"{name}: {_without_password(value)!r} {reason}")

    def check_certificates(self) -> None:
        """Find certificates that cannot be loaded."""
        if path := self.text("SSL_CERT_FILE"):
            import ssl  # noqa: PLC0415  # takes 8 ms to load

            try:
                ssl.create_default_context(cafile=path)
            except OSError as error:  # ssl.SSLError is one: the file holds no certificate
                reason = "holds no certificate" if isinstance(error, ssl.SSLError) else "cannot be read"
                self.faults.append(
                    f"SSL_CERT_FILE: {path} {reason}. Let it name a file of certificates in PEM."
                )
        if (path := self.text("SSL_CERT_DIR")) and not Path(path).is_dir():
            self.faults.append(f"SSL_CERT_DIR: {path} is no folder. Correct it, or unset it.")


def _content(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").strip()


def _key_in(path: str) -> str:
    """Give the key in a file; empty if there is none to be used."""
    try:
        found = _content(path) if path else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return found if _fits_a_header(found) else ""


def _fits_a_header(key: str) -> bool:
    return re.fullmatch("[!-~]*", key) is not None


def _hint(site: str) -> str:
    """Give the site that was probably meant: people copy it from the address of a page, or misspell it."""
    bare = re.sub(r"^(https?://)?((app|api|www)\.)?", "", site).partition("/")[0]
    near = [bare] if bare in SITES else difflib.get_close_matches(bare, SITES, 1)
    return f" Did you mean {near[0]}?" if near else " See https://docs.datadoghq.com/getting_started/site/"


def _is_host_url(url: str) -> bool:
    """Tell whether a text is an HTTP URL of a host, without a path."""
    match = re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", url)
    return match is not None and _port_fits(url)


def _port_fits(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _proxy_fault(url: str) -> str:
    """Tell what is wrong with a proxy; empty if nothing is."""
    try:
        parts = urlsplit(url)
        is_proxy = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and _port_fits(url)
    except ValueError:
        is_proxy = False
    if not is_proxy:
        return "is no URL of a proxy, such as http://proxy.example:8080. Correct it, or unset it."
    if url.startswith("socks") and not find_spec("socksio"):
        return "is a SOCKS proxy, which needs a package more. pip install socksio"
    return ""


def _without_password(url: str) -> str:
    return re.sub("^(.*//)?.*@", r"\1...@", url)
