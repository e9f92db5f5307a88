"""What the documents say is what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

import relay
from datadog_assets import cli as assets_cli
from datadog_assets import packs
from datadog_assets.load import load_text
from datadog_assets.rehearse.run import Stage
from relay import cli
from relay.metrics import Metrics
from relay.settings import VARIABLES
from relay.spool import Depth

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(text: str) -> dict[str, str]:
    """The rows of a table whose first column is code."""
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, re.MULTILINE))


def test_the_readme_lists_every_variable_with_its_meaning() -> None:
    assert rows(section("Settings")) == VARIABLES


def test_the_readme_lists_every_metric_with_its_meaning() -> None:
    metrics = Metrics()
    metrics.watch(lambda: Depth(0, 0, 0, 0, 0.0), 0)
    shown = dict(re.findall(r"^# HELP (\S+) (.*)$", metrics.render().decode(), re.MULTILINE))
    assert rows(section("Metrics")) == shown


def test_the_readme_lists_every_code_of_an_error() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "relay").rglob("*.py"))
    codes = {*re.findall(r'Refused\(\s*\d+,\s*"(\w+)"', sources), "spool_full", "spool_unwritable"} - {
        "internal_error"
    }
    assert codes == set(re.findall(r"`(\w+_\w+)`", section("Endpoints")))


@pytest.mark.parametrize(
    "line", sorted(set(re.findall(r"(?:\$ |`)((?:relay|datadog-assets) [a-z][^`#\n\\]*)", README)))
)
def test_a_command_in_the_readme_is_one_that_exists(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, command, *rest = line.split()
    run = cli.run if program == "relay" else assets_cli.run
    group = rest[:1] if command == "dead-letters" else []
    assert run([command, *group, "--help"]) == 0
    shown = capsys.readouterr().out
    for flag in (word for word in rest if word.startswith("--")):
        assert flag in shown


def test_one_version_is_told_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert project["version"] == relay.__version__ == newest[1]


def test_the_readmes_example_of_a_rehearsal_passes_beside_the_pack() -> None:
    found = re.search(
        r"^```yaml\n(rehearsals:\n.*?)^```", section("Set Datadog up"), re.MULTILINE | re.DOTALL
    )
    assert found
    text = packs.read(packs.OKTA).partition("\nrehearsals:\n")[0] + "\n" + found[1]
    loaded = load_text("x.yaml", text, {"alert_recipients": "slack-okta, pagerduty-Okta"}, {})
    [(mark, rehearsal)] = loaded.rehearsals
    assert Stage(loaded.declared).run(rehearsal, mark).faults == ()


def test_the_readmes_example_of_yaml_loads_without_a_warning() -> None:
    found = re.search(r"^```yaml\n(.*?)^```", section("Set Datadog up"), re.MULTILINE | re.DOTALL)
    assert found
    loaded = load_text("README.md", found[1], {}, {"OKTA_ALERT_RECIPIENTS": "slack-okta"})
    assert loaded.warnings == ()
    assert [len(resources) for resources in loaded.declared.values()] == [0, 1, 1]
