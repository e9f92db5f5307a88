"""Bundled sets of YAML assets."""

from importlib import resources

OKTA = "okta_workflows"
"""What is meant where no path is given."""


def read(name: str) -> str:
    """Give a pack's YAML."""
    return (resources.files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")
