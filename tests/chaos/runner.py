"""Runs rows, several beside each other, each in a folder of its own."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from chaos.faults import compile_library
from chaos.trial import Outcome, Row, RowFailed, RowSkipped, Trial

ROW_SECONDS = {True: 240.0, False: 3_600.0}
"""A row of the quick and of the long form that takes longer hangs, and has failed."""


async def run_rows(
    rows: Sequence[Row], *, quick: bool, jobs: int, report: Callable[[Outcome], None]
) -> list[Outcome]:
    """Run rows.

    Args:
        rows: in the order in which they begin.
        quick: whether in the short form.
        jobs: how many at once.
        report: is told of each as it ends.

    Returns:
        The outcomes, in the order of the rows.
    """
    slots = asyncio.Semaphore(jobs)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        library = await asyncio.to_thread(compile_library, Path(folder))

        async def run(row: Row) -> Outcome:
            async with slots:
                trial = Trial(row, Path(folder, row.name), quick=quick, library=library)
                outcome = await run_row(row, trial)
                report(outcome)
                return outcome

        return list(await asyncio.gather(*(run(row) for row in rows)))


async def run_row(row: Row, trial: Trial) -> Outcome:
    """Run one row; whatever goes wrong is in its outcome."""
    bound = ROW_SECONDS[trial.quick]
    try:
        async with asyncio.timeout(bound):
            await row.run(trial)
    except RowSkipped as reason:
        return Outcome(row.name, row.done, skipped=str(reason))
    except RowFailed as error:
        return trial.outcome(str(error))
    except TimeoutError as error:
        return trial.outcome(str(error) or f"not done within {bound:g} s")
    except Exception as error:  # noqa: BLE001  # a row that breaks must not keep the others from being run
        cause = error
        while isinstance(cause, ExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, RowSkipped):
            return Outcome(row.name, row.done, skipped=str(cause))
        told = str(cause) if isinstance(cause, RowFailed) else f"{type(cause).__name__}: {cause}"
        return trial.outcome(" ".join(told.split())[:400])
    return trial.outcome()
