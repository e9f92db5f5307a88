"""Who may bring events: from which addresses, and with which token."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from relay.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Access:
    """Who is let in.

    Attributes:
        tokens: any of them lets in; none at all lets everybody in.
        headers: where the token may stand, with or without `Bearer ` before it; names in lower case.
        networks: a sender has to be in one of these; none at all lets everybody in.
        proxies: whose word about the sender's address is taken (`X-Forwarded-For`).
    """

    tokens: tuple[bytes, ...] = field(default=(), repr=False)
    headers: tuple[bytes, ...] = (b"authorization",)
    networks: tuple[Network, ...] = ()
    proxies: tuple[Network, ...] = ()

    def check(self, scope: Scope, headers: dict[bytes, bytes], also: bytes | None = None) -> None:
        """Let a request in or raise `Refused`: 401 without a token, 403 with a wrong one or from elsewhere.

        Args:
            scope: of the ASGI request.
            headers: of the request, names in lower case.
            also: a further header in which the token may stand.
        """
        if self.networks and not _is_in(self._sender(scope), self.networks):
            raise Refused(403, "address_refused", "Requests from this address are not taken.")
        if not self.tokens:
            return
        for name in (*self.headers, also) if also else self.headers:
            if given := headers.get(name):
                break
        else:
            message = f"Send the token in the header {self.headers[0].decode()}."
            raise Refused(401, "token_missing", message, {"WWW-Authenticate": "Bearer"})
        kind, _, rest = given.partition(b" ")
        token = rest.strip() if kind.lower() == b"bearer" else given
        is_known = False
        for known in self.tokens:  # all of them, so that each takes the same time
            is_known |= hmac.compare_digest(token, known)
        if not is_known:
            raise Refused(403, "token_wrong", "The token is not one of this relay's.")

    def _sender(self, scope: Scope) -> Address | None:
        """Where a request comes from: the last address that no trusted proxy vouches for as another proxy.

        Each proxy appends the address that it was called from, so the list is read from its end: what stands
        before the first untrusted address may be made up.
        """
        sender = _address(scope["client"][0]) if scope.get("client") else None
        told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for text in reversed(told.decode("latin-1").split(",")):
            if not _is_in(sender, self.proxies) or not text.strip():
                break
            sender = _address(text)
        return sender


def _is_in(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """An address, with or without a port; None if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
