"""Imports point down only, what is pure stays pure, and modules stay small."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import datadog_assets
import relay

ROOT = Path(relay.__file__).parent.parent
PURE = ["okta", "mending", "envelope", "dates", "truncate", "batching", "jsontext"]
"""Modules of the relay that touch nothing outside: no file, socket, clock, process or event loop."""

HARMLESS = {
    *(
        "bisect",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "functools",
        "hashlib",
        "json",
        "math",
    ),
    *("operator", "re", "typing", "orjson", "relay"),
}
JOINS_BOTH = {"relay.demo", "relay.verify"}


def modules(package: str) -> dict[str, Path]:
    found = {}
    for path in (ROOT / package).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


RELAY = modules("relay")
ASSETS = modules("datadog_assets")


def imports(path: Path) -> set[str]:
    """Every module, or name in a module, that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def test_datadog_assets_never_imports_relay() -> None:
    assert Path(datadog_assets.__file__).parent.parent == ROOT
    assert [name for name, path in ASSETS.items() if "relay" in packages(path)] == []


def test_only_the_demo_and_the_senders_proof_join_both_packages() -> None:
    assert {name for name, path in RELAY.items() if "datadog_assets" in packages(path)} <= JOINS_BOTH


@pytest.mark.parametrize("package", ["relay", "datadog_assets"])
def test_imports_go_round_in_no_circle(package: str) -> None:
    found = modules(package)
    # a package's own __init__ is run before any of its modules: only what it names itself counts
    TopologicalSorter(
        {name: imports(path) & found.keys() - {name, package} for name, path in found.items()}
    ).prepare()


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_nothing_that_reaches_outside(name: str) -> None:
    assert packages(RELAY[f"relay.{name}"]) <= HARMLESS


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_only_pure_ones(name: str) -> None:
    inner = {found for found in imports(RELAY[f"relay.{name}"]) if found in RELAY and found != "relay"}
    assert inner <= {"relay.errors", *(f"relay.{pure}" for pure in PURE)}


def test_only_the_settings_read_the_environment() -> None:
    assert {name for name, path in RELAY.items() if reads_environment(path)} == {"relay.settings"}


def reads_environment(path: Path) -> bool:
    names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    return bool(names & {"environ", "environb", "getenv", "getenvb"}) or bool(
        imports(path) & {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
    )


@pytest.mark.parametrize("name", sorted(RELAY))
def test_no_module_of_the_relay_is_over_300_lines(name: str) -> None:
    assert len(RELAY[name].read_text().splitlines()) <= 300


def test_each_module_of_the_relay_says_what_it_is_for() -> None:
    silent = [name for name, path in RELAY.items() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_the_map_of_the_relay_names_modules_that_exist() -> None:
    told = relay.__doc__ or ""
    for name in ("receiver", "okta", "envelope", "spool", "forwarder", "intake"):
        assert f"`{name}`" in told
        assert f"relay.{name}" in RELAY


def test_only_packages_that_are_installed_with_the_product_are_imported() -> None:
    installed = {
        *(
            "dotenv",
            "h11",
            "httpx2",
            "hypercorn",
            "isal",
            "orjson",
            "prometheus_client",
            "pydantic",
            "regex",
            "rich",
        ),
        *("starlette", "typer", "ua_parser", "uvicorn", "uvloop", "yaml", "relay", "datadog_assets"),
        "pydantic_core",  # a part of pydantic that its documentation sends one to
    }
    used = set().union(*(packages(path) for path in (*RELAY.values(), *ASSETS.values())))
    assert used - set(sys.stdlib_module_names) <= installed
