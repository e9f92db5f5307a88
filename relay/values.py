"""Typed values from named texts, with a line for each fault.

No fault shows the value: a key may have been put where it does not belong.
"""

import difflib
import math
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit


def cannot_read(file: str, error: OSError | UnicodeDecodeError) -> str:
    """One line for a file that cannot be read."""
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return f"{file} cannot be read: {reason}. Check the path and its permissions."


_LARGEST = 2**62
"""SQLite counts in 64 bits."""


def is_host_url(url: str) -> bool:
    """Whether a text is an HTTP URL of a host, without a path."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises if it is none
    except ValueError:
        return False
    rest = parts.path or parts.query or parts.fragment or parts.username or parts.password
    is_name = re.fullmatch(
        r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    )
    return parts.scheme in {"http", "https"} and bool(is_name) and not rest


class Values:
    """Reads typed values by name and collects what is wrong with them.

    Attributes:
        faults: one line each: the name, what is wrong, and what to do.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The value without blanks around it; an empty one counts as none."""
        found = self._values.get(name, "").strip()
        if not found.isprintable():  # a line break, a control character, or bytes that are no text
            self.faults.append(f"{name}: holds a sign that cannot be printed. Write it anew.")
            return default
        return found or default

    def secret(self, name: str) -> str:
        """The value, or what the file in `NAME_FILE` holds; empty if neither is set."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name)
        try:
            found = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{name}_FILE: {cannot_read('the file that it names', error)}")
            return ""
        if not found:
            self.faults.append(f"{name}_FILE: the file that it names is empty. Write the value into it.")
        return found

    def key(self, name: str) -> str:
        """A secret that is sent in a header: without blanks, in ASCII."""
        found = self.secret(name)
        if not re.fullmatch("[!-~]*", found):
            self.faults.append(f"{name}: holds a blank or a sign that no key has. Copy the key again.")
        return found

    def keys(self, name: str) -> tuple[str, ...]:
        """Secrets that are sent in a header, comma separated."""
        found = tuple(one for part in self.secret(name).split(",") if (one := part.strip()))
        if not all(re.fullmatch("[ -~]+", one) for one in found):
            self.faults.append(f"{name}: holds a sign outside printable ASCII, which no header can carry.")
            return ()
        return found

    def header(self, name: str, default: str) -> str:
        """The name of a header."""
        found = self.text(name, default)
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", found):
            self.faults.append(f"{name}: is no name of a header, such as {default}.")
        return found

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        found = self.text(name, default)
        if found.lower() not in choices:
            near = difflib.get_close_matches(found.lower(), choices, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.faults.append(f"{name}: is none of {', '.join(choices)}.{hint}")
        return found

    def seconds(self, name: str, default: float, longest: float) -> float:
        """A number above 0, up to `longest`."""
        found = self.text(name, str(default))
        try:
            number = float(found)
        except ValueError:
            number = -1
        if not 0 < number <= longest:
            self.faults.append(f"{name}: is no number of seconds above 0 and up to {longest:g}.")
        return number

    def count(self, name: str, default: int, most: int | None = None) -> int:
        """A whole number above 0, up to `most`."""
        found = self.text(name, str(default))
        is_whole = re.fullmatch("0*[1-9][0-9]{0,8}", found, re.ASCII)
        if not is_whole or (most and int(found) > most):
            self.faults.append(f"{name}: is no whole number {f'from 1 to {most}' if most else 'above 0'}.")
            return default
        return int(found)

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks or single addresses, comma separated."""
        networks = []
        for part in filter(None, map(str.strip, self.text(name).split(","))):
            try:
                networks.append(ip_network(part))
            except ValueError:
                self.faults.append(
                    f"{name}: holds what is no network, such as 203.0.113.0/24 with no bit set behind the 24."
                )
        return tuple(networks)

    def size(self, name: str, default: str) -> int:
        """Bytes, written as such or as 500MB, 4GiB."""
        found = self.text(name, default)
        match = re.fullmatch(r"0*([1-9]\d{0,14})\s*([kMGT]?)(i?)B?", found, re.IGNORECASE | re.ASCII)
        if not match:
            self.faults.append(f"{name}: is no size. Write bytes, or a number with MB, MiB, GB, GiB.")
            return 0
        number, prefix, binary = match.groups()
        power = " kmgt".index(prefix.lower() or " ")
        return min(int(number) * int(math.pow(1024 if binary else 1000, power)), _LARGEST)

    def url(self, name: str, default: str) -> str:
        """The URL of a host, without a path."""
        found = self.text(name, default)
        if not is_host_url(found.rstrip("/")):
            self.faults.append(f"{name}: is no URL of a host, such as https://proxy.example:8443.")
        return found.rstrip("/")

    def address(self, name: str, default: str) -> tuple[str, int]:
        """A host and a port."""
        found = self.text(name, default)
        host, _, port = found.rpartition(":")
        is_address = re.fullmatch(r"[^\[\]]+|\[[^\[\]]+\]", host) and re.fullmatch("[0-9]{1,5}", port)
        if not is_address or int(port) > 65535:
            self.faults.append(f"{name}: is no host:port, such as 0.0.0.0:8080 or [::1]:8080.")
            return found, 0
        return host.strip("[]"), int(port)

    def files(self, *names: str) -> tuple[str, str] | None:
        """Two readable files that go together, or None if neither is set."""
        paths = [self.text(name) for name in names]
        if not any(paths):
            return None
        told = len(self.faults)
        for name, path in zip(names, paths, strict=True):
            if not path:
                self.faults.append(f"{name}: is not set. {' and '.join(names)} go together.")
            elif not os.access(path, os.R_OK):
                self.faults.append(
                    f"{name}: the file that it names cannot be read. Check the path and its permissions."
                )
        return (paths[0], paths[1]) if len(self.faults) == told else None
