"""Bundled sets of YAML assets."""

from importlib import resources


def read(name: str) -> str:
    """Give a pack's YAML."""
    return (resources.files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")
