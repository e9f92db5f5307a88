"""A run's results are kept whole, printed so that one can read them, and drawn so that any viewer can."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import relays
import run
from chart import PANELS, chart
from figure import Bound, Figure, Reference
from machine import in_words, machine
from results import Results
from size import Size
from table import number, table

SVG = "{http://www.w3.org/2000/svg}"

HELD = Figure(
    "one.uvicorn.cpu",
    "CPU <&>",
    "µs",
    (30.0, 34.0, 32.0),
    Reference("bare", (20.0, 20.0, 20.0)),
    Bound(1.7, "ratio"),
)
MISSED = Figure("backlog.drain.rate", "drained", "/s", (20_000.4,), bound=Bound(30_000.0, at="least"))
TOLD = Figure("start.serve", "a start", "s", (0.0123,))


def test_a_table_shows_medians_spreads_and_what_became_of_each_bound() -> None:
    assert table([HELD, MISSED, TOLD]).splitlines() == [
        "              median  of rounds   beside     ratio  of rounds   bound",
        "  CPU <&>    32.0 µs  30.0..34.0  20.0 bare   1.60  1.50..1.70  ratio at most 1.70: held",
        "  drained  20,000 /s                                            at least 30,000: NOT HELD",
        "  a start    0.012 s",
    ]


def test_a_table_without_verdict_tells_the_bound_all_the_same_and_leaves_empty_columns_out() -> None:
    assert table([MISSED], judges=False).splitlines() == [
        "              median  bound",
        "  drained  20,000 /s  at least 30,000",
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1_234_567.8, "1,234,568"),
        (123.4, "123"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.0214, "0.021"),
        (-5, "-5.00"),
    ],
)
def test_a_number_has_about_three_digits_that_count(value: float, written: str) -> None:
    assert number(value) == written


def test_results_are_the_same_when_they_are_read_again(tmp_path: Path) -> None:
    results = Results.of("python bench/run.py", [HELD, MISSED, TOLD])
    results.write(tmp_path / "results.json")
    assert Results.read(tmp_path / "results.json") == results
    assert results.missed() == ["backlog.drain.rate"]


def test_the_machine_is_told_with_the_versions_of_what_does_the_work() -> None:
    told = machine()
    assert told.keys() >= {
        "cpu",
        "cores",
        "kernel",
        "python",
        "sqlite",
        "hypercorn",
        "uvicorn",
        "uvloop",
        "isal",
    }
    assert f"python {told['python']}, sqlite {told['sqlite']}" in in_words(told)


def drawn(figures: list[Figure]) -> ET.Element:
    return ET.fromstring(chart(figures))


def every_figure() -> list[Figure]:
    names = {bar.figure for panel in PANELS for bar in panel.bars}
    return [
        Figure(name, name, "µs", (3.0,), Reference("x", (2.0,)), Bound(1.7, "ratio"))
        for name in sorted(names)
    ]


def test_the_chart_is_xml_of_less_than_10_kb_with_its_words_as_text() -> None:
    svg = drawn(every_figure())
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert svg.tag == f"{SVG}svg"
    assert {panel.title for panel in PANELS} <= set(words)
    assert words.count("3.00 µs") == sum(not bar.is_reference for panel in PANELS for bar in panel.bars)
    assert len(chart(every_figure()).encode()) < 10_000


def test_a_bar_is_as_long_as_its_median_is_great_and_the_bound_stands_at_its_own_value() -> None:
    rows = list(drawn([HELD]).iter(f"{SVG}rect"))[3:]  # after those of the legend
    bare, relay, bound = ([float(rect.get(name, "")) for name in ("x", "width")] for rect in rows)
    assert relay[1] / bare[1] == pytest.approx(32 / 20, rel=0.01)
    middle_of_bound = bound[0] + bound[1] / 2 - relay[0]
    assert middle_of_bound / bare[1] == pytest.approx(1.7, rel=0.01)


def test_nothing_that_is_drawn_lies_outside_the_picture() -> None:
    svg = drawn(every_figure())
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for rect in svg.iter(f"{SVG}rect"):
        x, y, wide, high = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
        assert x >= 0 <= y
        assert x + wide <= width
        assert y + high <= height
    assert all(float(text.get("y", "")) <= height for text in svg.iter(f"{SVG}text"))


def test_what_was_not_measured_is_not_drawn() -> None:
    words = {text.text for text in drawn([HELD]).iter(f"{SVG}text")}
    assert {panel.title for panel in PANELS} & words == {PANELS[0].title}


class Measures:
    """A group of figures that are known beforehand."""

    def __init__(self, *figures: Figure, fault: Exception | None = None) -> None:
        self.figures = figures
        self.fault = fault

    async def measure(self, size: Size) -> list[Figure]:
        if self.fault:
            raise self.fault
        return list(self.figures)


def test_a_run_ends_with_1_if_a_bound_is_not_held_after_all_were_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "GROUPS", {"backlog": Measures(MISSED), "one": Measures(HELD)})
    files = ["--json", str(tmp_path / "results.json"), "--svg", str(tmp_path / "figures.svg")]
    assert run.main(files) == 1
    assert "CPU <&>" in capsys.readouterr().out
    assert Results.read(tmp_path / "results.json").figures == (MISSED, HELD)
    assert ET.parse(tmp_path / "figures.svg").getroot().tag == f"{SVG}svg"
    assert run.main(["--read", str(tmp_path / "results.json")]) == 1
    assert run.main(["--read", str(tmp_path / "results.json"), "--only", "one"]) == 0


def test_a_quick_run_gives_no_verdict_but_fails_if_something_could_not_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(relays, "settings", {})
    monkeypatch.setattr(run, "GROUPS", {"backlog": Measures(MISSED)})
    assert run.main(["--quick"]) == 0
    assert "HELD" not in capsys.readouterr().out
    monkeypatch.setattr(
        run, "GROUPS", {"one": Measures(fault=RuntimeError("no")), "backlog": Measures(MISSED)}
    )
    assert run.main(["--quick"]) == 1
    assert "drained" in capsys.readouterr().out
