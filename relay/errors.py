"""What can go wrong, as one tree.

RelayError                  anything that is told in one line, never as a traceback
├── ConfigurationError      what the user set cannot work; holds every fault found
├── Refused                 a request that gets an answer other than 202
├── SpoolError              the spool cannot do what it was asked
│   ├── SpoolFull           no room left under RELAY_SPOOL_MAX_BYTES
│   ├── SpoolUnwritable     the disk or the file does not take writes now
│   │   └── SpoolDamaged    the file is broken or gone; it has to be set aside
│   └── SpoolUnusable       the file cannot be a spool at all
│       └── SpoolInUse      another relay has it open
└── Died                    a part of the relay ended although nobody asked it to
"""

from collections.abc import Sequence


class RelayError(Exception):
    """Base of every error that the relay raises on purpose; its text is one line for a person."""


class ConfigurationError(RelayError):
    """What the user set cannot work.

    Attributes:
        faults: one line each: the variable, what is wrong with it, and what to do.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Refused(RelayError):
    """A request is not taken; nothing of it was stored.

    Attributes:
        status: the HTTP status of the answer.
        code: a stable word for programs: the answer's `error.code` and the metric's label.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


class SpoolError(RelayError):
    """The spool cannot do what it was asked.

    Attributes:
        code: as in `Refused`.
    """

    code = "spool_error"


class SpoolFull(SpoolError):
    """The records do not fit under the spool's limit; none of them was stored."""

    code = "spool_full"


class SpoolUnwritable(SpoolError):
    """The disk or the file does not take writes now; none of the records was stored."""

    code = "spool_unwritable"


class SpoolDamaged(SpoolUnwritable):
    """The file is broken or gone: `Spool.set_aside` saves what can be read."""


class SpoolUnusable(SpoolError):
    """The file cannot be a spool: foreign, not there, forbidden, or in use."""

    code = "spool_unusable"


class SpoolInUse(SpoolUnusable):
    """Another relay has the spool open."""


class Died(RelayError):
    """A part of the relay ended although nobody asked it to."""


def first_cause(error: Exception) -> Exception:
    """Give the first error of a group, and of groups in it: the others followed from it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
