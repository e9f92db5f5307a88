"""One module a kind of resource. A new kind is a new module here that defines `KIND`; it is found by name."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from datadog_assets.kind import Kind


def _found() -> Mapping[str, Kind]:
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    kinds: list[Kind] = [import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.key: kind for kind in sorted(kinds, key=lambda kind: kind.rank)}


KINDS = _found()
"""Every kind by its key, in the order in which they are made."""
