"""Figures as text: a line each, with medians, and the least and the most of the rounds."""

from collections.abc import Sequence

from figure import Bound, Figure, Spread

HEADINGS = ("", "median", "of rounds", "beside", "ratio", "of rounds", "bound")


def table(figures: Sequence[Figure], *, judges: bool = True) -> str:
    """Write figures in columns; with the verdict on each bound, unless it is not to be judged."""
    cells = [_cells(figure, judges=judges) for figure in figures]
    columns = [column for column in zip(HEADINGS, *cells, strict=True) if any(column[1:])]
    padded = [_padded(column) for column in columns]
    return "\n".join("  ".join(row).rstrip() for row in zip(*padded, strict=True))


def number(value: float) -> str:
    """Write a number with about three digits that count."""
    size = abs(value)
    return f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3}f}"


def _cells(figure: Figure, *, judges: bool) -> tuple[str, ...]:
    value, ratio, beside = figure.value, figure.ratio, figure.reference
    verdict = (": held" if figure.is_held else ": NOT HELD") if judges else ""
    return (
        f"  {figure.what}",
        f"{number(value.median)} {figure.unit}",
        _ends(value),
        f"{number(Spread.of(beside.samples).median)} {beside.what}" if beside else "",
        number(ratio.median) if ratio else "",
        _ends(ratio) if ratio else "",
        f"{_words(figure.bound)}{verdict}" if figure.bound else "",
    )


def _ends(spread: Spread) -> str:
    return "" if spread.least == spread.most else f"{number(spread.least)}..{number(spread.most)}"


def _words(bound: Bound) -> str:
    return f"{'ratio ' if bound.of == 'ratio' else ''}at {bound.at} {number(bound.limit)}"


def _padded(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    is_number = column[0] in {"median", "ratio"}
    return [cell.rjust(width) if is_number else cell.ljust(width) for cell in column]
