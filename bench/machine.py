"""What the figures were measured on."""

import os
import platform
import re
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("hypercorn", "uvicorn", "httptools", "uvloop", "h11", "orjson", "isal", "starlette", "httpx2")


def machine() -> dict[str, object]:
    """Tell of processor, system and the versions of what does the work; None for what is not installed."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: _version(name) for name in PACKAGES},
    }


def in_words(told: Mapping[str, object]) -> str:
    """Write what `machine` tells in a line."""
    versions = [
        f"{name} {one}" for name, one in told.items() if name not in {"cpu", "cores", "kernel"} and one
    ]
    return f"{told['cpu']}, {told['cores']} cores, {told['kernel']}; {', '.join(versions)}"


def _cpu() -> str:
    about = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", about.read_text(), re.MULTILINE) if about.exists() else None
    return found[1] if found else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
