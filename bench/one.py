"""One event a POST over 64 connections: CPU of a server that has one core, from the request to the delivery.

Beside the relay runs the bare app, on the same server, in turn. Most of what either costs is HTTP, and that
is the server's: so the relay's own share is held against the bare app on uvicorn, the cheapest there is. The
least relay (`least.py`) tells how much of that share nobody could do without.
"""

from functools import partial

from figure import Bound, Figure, Reference
from relays import SERVERS, Cost, Load, cost_of_bare, cost_of_least, cost_of_relay
from rounds import in_turn
from samples import singles
from size import Size

MOST = {"uvicorn": 1.7, "hypercorn": 1.25}
"""The relay's CPU as a multiple of the bare app's on the same server."""

OWN_SHARE = 15 / 21
"""The relay's CPU beyond the bare app's, as a multiple of that app's on uvicorn: 15 µs where it has 21."""

_STOCK = "bare app on stock uvicorn"


async def measure(size: Size) -> list[Figure]:
    """Measure relay and bare app on each server, and the bare app on uvicorn as it comes."""
    warm, bodies = list(singles(size.warm, seed=2)), list(singles(size.events))
    load = Load(warm, bodies)
    loads = {"uvicorn": load, "hypercorn": load.part(4)}
    measures = {_STOCK: partial(cost_of_bare, "stock", load)}
    for server in SERVERS:
        measures[f"bare app on {server}"] = partial(cost_of_bare, server, loads[server])
        measures[f"least relay on {server}"] = partial(cost_of_least, server, loads[server])
        measures[f"relay on {server}"] = partial(cost_of_relay, server, loads[server])
    turns = await in_turn(size, measures)
    found = turns.samples
    figures = [figure for server in SERVERS for figure in _figures(server, found)]
    stock = _stock(found[_STOCK], found["bare app on uvicorn"])
    return [*figures, stock, turns.disturbance("one")]


def _figures(server: str, found: dict[str, tuple[Cost, ...]]) -> list[Figure]:
    bare, least, relay = (found[f"{what} on {server}"] for what in ("bare app", "least relay", "relay"))
    own = tuple(one.cpu - beside.cpu for one, beside in zip(relay, bare, strict=True))
    yardstick = found["bare app on uvicorn"]
    return [
        Figure(
            f"one.{server}.cpu",
            f"CPU per event, {server}",
            "µs",
            tuple(one.cpu for one in relay),
            Reference("bare app", tuple(one.cpu for one in bare)),
            Bound(MOST[server], of="ratio"),
        ),
        Figure(
            f"one.{server}.least",
            f"the same of the least relay, {server}",
            "µs",
            tuple(one.cpu for one in least),
            Reference("bare app", tuple(one.cpu for one in bare)),
        ),
        Figure(
            f"one.{server}.own",
            f"the relay's own share, {server}",
            "µs",
            own,
            Reference("bare app, uvicorn", tuple(one.cpu for one in yardstick)),
            Bound(OWN_SHARE, of="ratio"),
        ),
        Figure(
            f"one.{server}.rate",
            f"requests a second, {server}",
            "/s",
            tuple(one.rate for one in relay),
            Reference("bare app", tuple(one.rate for one in bare)),
        ),
    ]


def _stock(stock: tuple[Cost, ...], guarded: tuple[Cost, ...]) -> Figure:
    """What the relay's guard over connections costs: the same app with it and without."""
    return Figure(
        "one.guard.cpu",
        "CPU per request, bare app, uvicorn",
        "µs",
        tuple(one.cpu for one in guarded),
        Reference("stock uvicorn", tuple(one.cpu for one in stock)),
    )
