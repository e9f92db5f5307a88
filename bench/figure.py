"""A figure: what was measured, a sample a round, beside what, and the bound that is to hold."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self


class Spread(NamedTuple):
    """The middle and both ends of samples."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Self:
        """Give the spread of samples, of which there is one at least."""
        return cls(statistics.median(samples), min(samples), max(samples))


@dataclass(frozen=True, slots=True)
class Bound:
    """What a median is held against.

    Attributes:
        limit: the value that it may just reach.
        of: whether that of the samples is meant, or that of their ratios to the reference.
        at: whether it is to be this `most` or this `least`.
    """

    limit: float
    of: Literal["value", "ratio"] = "value"
    at: Literal["most", "least"] = "most"

    def admits(self, found: float) -> bool:
        """Tell whether a median is within it."""
        return found <= self.limit if self.at == "most" else found >= self.limit


@dataclass(frozen=True, slots=True)
class Reference:
    """What a figure is measured beside, in turn with it: a sample of the same unit for each of its own."""

    what: str
    samples: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the results.

    Attributes:
        name: dotted and lasting: `group.of what.quantity`.
        what: the same for people.
        unit: of the samples.
        samples: one a round.
        reference: what it was measured beside, if anything.
        bound: what is to hold; None for what is only told.
    """

    name: str
    what: str
    unit: str
    samples: tuple[float, ...]
    reference: Reference | None = None
    bound: Bound | None = None

    @property
    def value(self) -> Spread:
        """The spread of the samples."""
        return Spread.of(self.samples)

    @property
    def ratio(self) -> Spread | None:
        """The spread of each round's ratio to the reference: what disturbs a round disturbs both."""
        if self.reference is None:
            return None
        pairs = zip(self.samples, self.reference.samples, strict=True)
        return Spread.of([sample / beside for sample, beside in pairs])

    @property
    def is_held(self) -> bool | None:
        """Whether the median keeps the bound; None where there is none."""
        if self.bound is None:
            return None
        spread = self.ratio if self.bound.of == "ratio" else self.value
        if spread is None:
            raise ValueError(f"{self.name} has a bound on its ratio, and no reference")
        return self.bound.admits(spread.median)

    def as_dict(self) -> dict[str, object]:
        """Give everything, also what follows from the samples, for whoever reads the JSON."""
        follows = {"value": self.value, "ratio": self.ratio, "is_held": self.is_held}
        spreads = {name: one._asdict() if isinstance(one, Spread) else one for name, one in follows.items()}
        return {**asdict(self), **spreads}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave, also after it was JSON."""
        beside, bound = given["reference"], given["bound"]
        return cls(
            given["name"],
            given["what"],
            given["unit"],
            tuple(given["samples"]),
            Reference(beside["what"], tuple(beside["samples"])) if beside else None,
            Bound(**bound) if bound else None,
        )
