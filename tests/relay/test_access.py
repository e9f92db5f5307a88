"""Who is let in."""

from ipaddress import ip_network

import pytest

from relay.access import Access
from relay.errors import Refused

OFFICE = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
PROXIES = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))


def refused(access: Access, client: str | None, *forwarded: str, token: str = "") -> str:
    """The code with which a request is refused; empty if it is let in."""
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    headers += [(b"authorization", token.encode())] if token else []
    scope = {"client": (client, 1234) if client else None, "headers": headers}
    try:
        access.check(scope, dict(headers))
    except Refused as error:
        return f"{error.status} {error.code}"
    return ""


@pytest.mark.parametrize("client", ["203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7", "2001:db8::1%eth0"])
def test_a_sender_in_an_allowed_network_is_let_in(client: str) -> None:
    assert refused(Access(networks=OFFICE), client) == ""


@pytest.mark.parametrize("client", ["203.0.114.1", "127.0.0.1", "::1", "no address", None])
def test_any_other_is_refused_whatever_it_says_of_itself(client: str | None) -> None:
    assert refused(Access(networks=OFFICE), client) == "403 address_refused"
    assert refused(Access(networks=OFFICE), client, "203.0.113.7") == "403 address_refused"


@pytest.mark.parametrize(
    "forwarded",
    [
        ("203.0.113.7",),
        ("203.0.113.7, 10.1.2.3",),
        ("203.0.113.7", "10.1.2.3"),
        ("198.51.100.9, 203.0.113.7, 10.1.2.3",),
        ("203.0.113.7:4711",),
        ("[2001:db8::7]:4711",),
        ("2001:db8::7",),
    ],
)
def test_behind_trusted_proxies_the_last_address_that_is_none_of_theirs_counts(
    forwarded: tuple[str, ...],
) -> None:
    assert refused(Access(networks=OFFICE, proxies=PROXIES), "127.0.0.1", *forwarded) == ""


@pytest.mark.parametrize(
    "forwarded",
    [
        ("203.0.113.7, 198.51.100.9",),  # the first one is the sender's own invention
        ("203.0.113.7, 198.51.100.9, 10.1.2.3",),
        ("203.0.113.7, unknown",),
        ("",),
        (),
        ("10.1.2.3",),
        ("\xe9",),
    ],
)
def test_what_stands_before_an_untrusted_address_counts_for_nothing(forwarded: tuple[str, ...]) -> None:
    assert refused(Access(networks=OFFICE, proxies=PROXIES), "127.0.0.1", *forwarded) == "403 address_refused"


def test_from_an_allowed_network_the_token_is_needed_all_the_same() -> None:
    access = Access((b"right",), networks=OFFICE)
    assert refused(access, "203.0.113.7") == "401 token_missing"
    assert refused(access, "203.0.113.7", token="Bearer wrong") == "403 token_wrong"
    assert refused(access, "203.0.113.7", token="Bearer right") == ""
    assert refused(access, "198.51.100.1", token="Bearer right") == "403 address_refused"
