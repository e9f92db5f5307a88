"""How delivery gets on: which batches do not, why, and one log line for each change of the whole."""

import logging
from enum import StrEnum

from relay.intake import Held, Rejected, Retry, Split
from relay.metrics import Metrics

log = logging.getLogger(__name__)

Trouble = Retry | Held | Split | Rejected
"""Why a batch does not get on. `Split` and `Rejected`: it is refused, and no longer buried."""


class State(StrEnum):
    """What delivery does; also the metric's label."""

    DELIVERING = "delivering"
    RETRYING = "retrying"
    HOLDING = "holding"
    KEY_REFUSED = "key_refused"


_TOLD = {
    State.DELIVERING: "Datadog takes records again.",
    State.RETRYING: "Datadog does not take records: %s. They wait; trying again.",
    State.HOLDING: "Datadog refuses one record after the other: %s. No more are buried; they wait.",
    State.KEY_REFUSED: "Datadog refuses the API key: %s. Records wait; it is read again before each try.",
}


class Delivery:
    """The state of delivery as a whole: the worst that any batch under way is in.

    Attributes:
        state: as above.
        reason: of the trouble, for people; empty while there is none.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.state = State.DELIVERING
        self.reason = ""
        self._metrics = metrics
        self._troubles: dict[object, Trouble] = {}
        self._show()

    def troubled(self, batch: object, trouble: Trouble) -> None:
        """A batch does not get on."""
        self._troubles[batch] = trouble
        self._update()

    def relieved(self, batch: object) -> None:
        """A batch gets on, or is no longer under way."""
        if self._troubles.pop(batch, None):
            self._update()

    def _update(self) -> None:
        states = {_state(trouble): trouble.reason for trouble in self._troubles.values()}
        worst = max(states, key=[*State].index, default=State.DELIVERING)
        self.reason = states.get(worst, "")
        if worst is not self.state:
            self.state = worst
            self._show()
            log.log(
                logging.WARNING if self.reason else logging.INFO, _TOLD[worst], *filter(None, [self.reason])
            )

    def _show(self) -> None:
        for state in State:
            self._metrics.delivery_state.labels(state).set(state is self.state)


def _state(trouble: Trouble) -> State:
    match trouble:
        case Retry():
            return State.RETRYING
        case Held():
            return State.KEY_REFUSED
        case _:
            return State.HOLDING
