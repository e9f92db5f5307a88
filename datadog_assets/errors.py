"""What can go wrong, as one tree:

AssetsError            its text is one line a fault, fit for a person; a command ends with 1
├── LoadFailed         the YAML is wrong: every fault, each with its place (`load`)
├── WrongEnvironment   keys, site, proxies or certificates are missing or wrong (`environment`)
├── ApiError           a call to Datadog failed; has a tree of its own (`api.errors`)
├── Blocked            the plan has problems, or Datadog refuses a part of it; nothing was changed (`apply`)
├── Stopped            a change failed; says what is done and what is not (`apply`)
├── CannotSave         what would be replaced could not be saved first; nothing was changed (`backup`)
├── CannotKeepPlan     a plan could not be written to a file (`plan.saved`)
├── CannotUsePlan      a file holds no plan that can be used (`plan.saved`)
├── NobodyToAsk        a question has to be answered, and there is no terminal; a command ends with 64
└── CannotListen       the sandbox's address is taken, or is not loopback
"""  # noqa: D415 - ends with a drawing


class AssetsError(Exception):
    """The root: every error that a user can do something about."""


class CannotListen(AssetsError):
    """The sandbox was given an address that it cannot, or will not, listen on."""


class NobodyToAsk(AssetsError):
    """Something needs a person's yes, and there is no terminal to ask on."""
