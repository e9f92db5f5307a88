"""The figures that tell most, as bars in an SVG whose colours can be read on white and on black."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from figure import Figure, Spread
from table import number

WIDTH, LABELS, BARS = 760, 250, 380
"""Of the whole, of the labels' column, and of the longest bar; the values stand after the bars."""

ROW, HEAD, GAP, BAR = 24, 28, 16, 14
"""Heights of a row, of a panel's title, of what lies between panels, and of a bar."""

TEXT, BESIDE, MEASURED, BOUND = "#7b7f86", "#9aa1a9", "#3f87d6", "#d9663b"
"""The text's grey has the same contrast, 4 to 1, with GitHub's white and with its black."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure, or its reference, under a label."""

    label: str
    figure: str
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of one scale."""

    title: str
    bars: tuple[Bar, ...]


PANELS = (
    Panel(
        "CPU per event on one core, one event a POST",
        (
            Bar("bare app on uvicorn", "one.uvicorn.cpu", is_reference=True),
            Bar("relay on uvicorn", "one.uvicorn.cpu"),
            Bar("bare app on Hypercorn", "one.hypercorn.cpu", is_reference=True),
            Bar("relay on Hypercorn", "one.hypercorn.cpu"),
        ),
    ),
    Panel(
        "CPU per event on one core, arrays of 100",
        (
            Bar("orjson.loads and gzip alone", "arrays.uvicorn.cpu", is_reference=True),
            Bar("relay on uvicorn", "arrays.uvicorn.cpu"),
            Bar("relay on Hypercorn", "arrays.hypercorn.cpu"),
        ),
    ),
    Panel(
        "An answer at half of the highest rate, p99",
        (Bar("relay on uvicorn", "latency.uvicorn.p99"), Bar("relay on Hypercorn", "latency.hypercorn.p99")),
    ),
    Panel(
        "Peak memory",
        (
            Bar("1,000 connections", "memory.hypercorn.one"),
            Bar("1,000 connections, arrays", "memory.hypercorn.arrays"),
            Bar("a backlog of 1,000,000 grows", "backlog.fill.peak"),
            Bar("and drains", "backlog.drain.peak"),
        ),
    ),
)


def chart(figures: Sequence[Figure]) -> str:
    """Draw what there is of the panels."""
    known = {figure.name: figure for figure in figures}
    shown = [panel for panel in PANELS if any(bar.figure in known for bar in panel.bars)]
    top = 34
    body: list[str] = []
    for panel in shown:
        bars = [bar for bar in panel.bars if bar.figure in known]
        body += _panel(panel.title, bars, known, top)
        top += HEAD + ROW * len(bars) + GAP
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
        f'role="img" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="13" fill="{TEXT}">'
    )
    title = "<title>What the relay costs; medians</title>"
    return "\n".join([opening, title, *_legend(), *body, "</svg>\n"])


def _legend() -> Iterator[str]:
    entries = ((BESIDE, "without the relay"), (MEASURED, "with it"), (BOUND, "the bound"))
    for x, (colour, text) in zip((LABELS, LABELS + 150, LABELS + 240), entries, strict=True):
        width = 3 if colour == BOUND else BAR
        yield f'<rect x="{x}" y="6" width="{width}" height="{BAR}" rx="1" fill="{colour}"/>'
        yield f'<text x="{x + width + 6}" y="17.5">{text}</text>'


def _panel(title: str, bars: Sequence[Bar], known: Mapping[str, Figure], top: int) -> Iterator[str]:
    """The lines of a panel: its title, then for each bar the label, the bar, the value and the bound."""
    drawn = [(bar, known[bar.figure], _median(bar, known[bar.figure])) for bar in bars]
    limits = [_limit(figure) for bar, figure, _ in drawn if not bar.is_reference]
    scale = BARS / max([value for *_, value in drawn] + [limit for limit in limits if limit])
    yield f'<text x="{LABELS}" y="{top + 17}" font-weight="600" font-size="14">{escape(title)}</text>'
    for at, (bar, figure, value) in enumerate(drawn):
        y = top + HEAD + at * ROW
        colour = BESIDE if bar.is_reference else MEASURED
        limit = None if bar.is_reference else _limit(figure)
        end = LABELS + scale * max(value, limit or 0) + 10
        yield f'<text x="{LABELS - 10}" y="{y + 11.5}" text-anchor="end">{escape(bar.label)}</text>'
        yield (
            f'<rect x="{LABELS}" y="{y}" width="{scale * value:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'
        )
        if limit:
            x = LABELS + scale * limit
            yield f'<rect x="{x - 1.5:.1f}" y="{y - 3}" width="3" height="{BAR + 6}" rx="1" fill="{BOUND}"/>'
        yield f'<text x="{end:.1f}" y="{y + 11.5}">{number(value)} {escape(figure.unit)}</text>'


def _median(bar: Bar, figure: Figure) -> float:
    if bar.is_reference and figure.reference:
        return Spread.of(figure.reference.samples).median
    return figure.value.median


def _limit(figure: Figure) -> float | None:
    """Where the bound lies among the values; that on a ratio, by the reference's median."""
    if figure.bound is None or figure.bound.of == "value" or figure.reference is None:
        return figure.bound.limit if figure.bound else None
    return figure.bound.limit * Spread.of(figure.reference.samples).median
