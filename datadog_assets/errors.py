"""What can go wrong, as one tree:

AssetsError            its text is one line, fit for a person; a command ends with 1
├── CannotListen       the sandbox's address is taken, or is not loopback
├── NobodyToAsk        a question has to be answered, and there is no terminal; a command ends with 64
└── UnsupportedSearch  a query outside the part of Datadog's syntax that is understood so far
"""  # noqa: D415 - ends with a drawing


class AssetsError(Exception):
    """The root: every error that a user can do something about."""


class CannotListen(AssetsError):
    """The sandbox was given an address that it cannot, or will not, listen on."""


class UnsupportedSearch(AssetsError):
    """A search query that Datadog may well take, and the sandbox does not."""


class NobodyToAsk(AssetsError):
    """Something needs a person's yes, and there is no terminal to ask on."""
