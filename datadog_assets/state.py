"""All that Datadog has of what this product manages, read with list calls only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from datadog_assets.api import Api
from datadog_assets.kinds import KINDS
from datadog_assets.kinds._pipeline_order import read_order
from datadog_assets.resource import Live


@dataclass(frozen=True, slots=True)
class State:
    """What Datadog has at one time.

    Attributes:
        live: the resources of each kind that was asked for.
        order: the ids of all pipelines, read-only ones too, in the order in which logs pass them; empty if
            it was not asked for.
    """

    live: Mapping[str, Sequence[Live]]
    order: Sequence[str]


def read_state(
    api: Api,
    tell: Callable[[str], None],
    keys: Collection[str] = KINDS.keys(),
    *,
    with_order: bool = False,
) -> State:
    """Read everything of some kinds: a key without the permission for another kind is enough.

    Args:
        api: Datadog.
        tell: is told how many there are, a line a kind.
        keys: of the kinds.
        with_order: read the pipelines' order too; it matters only to those that have a place.

    Raises:
        ApiError: any page of any list could not be read.
    """
    live = {}
    for key, kind in KINDS.items():
        if key in keys:
            live[key] = kind.list(api)
            tell(f"{kind.word}s in Datadog: {len(live[key])}")
    return State(live, read_order(api) if with_order else ())
