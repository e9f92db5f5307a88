"""`${name}`: where values come from, and how they are put in."""

import pytest

from datadog_assets.load.variables import CannotExpand, Definition, Variables

DEFINED = {
    "team": Definition(default="identity"),
    "count": Definition(default=5),
    "on": Definition(default=True),
    "digits": Definition(default="7"),
    "list": Definition(default=["a", "${team}"]),
    "both": Definition(default="${team}-${count}"),
    "env": Definition(env="DD_ENV", default="production"),
    "needed": Definition(env="NEEDED"),
    "given": Definition(),
    "secret": Definition(default="hush", secret=True),
    "hidden": Definition(default=["one", "two"], secret=True),
    "round": Definition(default="${about}"),
    "about": Definition(default="${round}"),
}


def expand(text: str, *, is_plain: bool = True, given: str = "", **environment: str) -> object:
    return Variables(DEFINED, {"given": given} if given else {}, environment).expand(text, is_plain=is_plain)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("team:${team}", "team:identity"),
        ("${team}", "identity"),
        ("${count}", 5),
        ("${on}", True),
        ("${digits}", 7),
        ("is ${on}, ${count}", "is true, 5"),
        ("${list}", ["a", "identity"]),
        ("of ${list}", "of a, identity"),
        ("${both}", "identity-5"),
        ("$${team} $team $$ {team}", "${team} $team $$ {team}"),
        ("${none:-else}", "else"),
        ("${none:-5}", 5),
        ("${none:-}", ""),
        ("${team:-else}", "identity"),
        ("${needed:-else}", "else"),
    ],
)
def test_a_value_is_put_in(text: str, value: object) -> None:
    assert expand(text) == value


def test_within_quotes_a_lone_variable_stays_what_it_is_written_as() -> None:
    assert expand("${digits}", is_plain=False) == "7"


def test_the_command_line_wins_over_the_environment_and_that_over_the_default() -> None:
    assert expand("${env}") == "production"
    assert expand("${env}", DD_ENV="staging") == "staging"
    both = Variables(DEFINED, {"env": "test"}, {"DD_ENV": "staging"})
    assert both.expand("${env}", is_plain=True) == "test"
    assert expand("${env}", DD_ENV="") == "production"
    assert expand("${given}", given="3") == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("${teem}", "refers to the variable teem, which is not declared; did you mean team?"),
        (
            "${xyz}",
            "refers to the variable xyz, which is not declared; there are: " + ", ".join(DEFINED),
        ),
        (
            "${needed}",
            "refers to the variable needed, which has no value: set NEEDED, or give --var needed=...",
        ),
        ("${given}", "refers to the variable given, which has no value: give --var given=..."),
        ("${round}", "refers to variables that go round in a circle: round -> about -> round"),
        ("a ${team", "holds ${ that no } closes; $${ stands for a literal ${"),
        ("${a b}", "holds ${a b}, which names no variable; $${ stands for a literal ${"),
        ("${}", "holds ${}, which names no variable; $${ stands for a literal ${"),
    ],
)
def test_what_cannot_be_put_in_is_told(text: str, fault: str) -> None:
    with pytest.raises(CannotExpand) as caught:
        expand(text)
    assert str(caught.value) == fault


def test_the_values_of_secret_variables_are_known() -> None:
    assert Variables(DEFINED, {}, {}).secrets() == {"hush", "one", "two"}
    assert Variables({"s": Definition(secret=True)}, {}, {}).secrets() == frozenset()
