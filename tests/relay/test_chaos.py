"""`python -m chaos --quick`, a test for each row; and that the faults it makes are such."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from chaos.__main__ import main
from chaos.faults import Faults, compile_library, survivors
from chaos.rows import ROWS, chosen
from chaos.runner import run_rows
from chaos.trial import Outcome

JOBS = 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """The outcome of each row that was asked for; all of them run beside each other, as most only wait."""
    asked = [item for item in request.session.items if isinstance(item, pytest.Function)]
    names = {item.callspec.params.get("row") for item in asked if hasattr(item, "callspec")}
    rows = [row for row in ROWS if row.name in names]
    found = asyncio.run(run_rows(rows, quick=True, jobs=JOBS, report=lambda _: None))
    return {outcome.row: outcome for outcome in found}


@pytest.mark.slow
@pytest.mark.parametrize("row", [row.name for row in ROWS])
def test_what_must_hold_in_this_row_holds(row: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[row]
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert not outcome.failed, f"{outcome.line()}\n{''.join(outcome.log)}"


COMMITS = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute(f"PRAGMA synchronous = {sys.argv[2]}")
connection.execute("CREATE TABLE commits (number INTEGER)")
for number in range(100):
    connection.execute("INSERT INTO commits VALUES (?)", (number,))
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = compile_library(tmp_path_factory.mktemp("library"))
    if not found:
        pytest.skip("no C compiler")
    return found


@pytest.mark.parametrize(("synchronous", "survive"), [("FULL", 100), ("OFF", 0)])
def test_a_power_cut_takes_just_the_commits_that_were_not_synced(
    tmp_path: Path, library: Path, synchronous: str, survive: int
) -> None:
    files = tmp_path / "files"
    faults = Faults(library, files, mirror=tmp_path / "mirror")
    database = files / "commits.db"
    done = subprocess.run(
        [sys.executable, "-c", COMMITS, database, synchronous],
        env={**os.environ, **faults.environment},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert faults.loaded
    assert commits(database) == 100  # a kill alone takes nothing
    survivors(faults, files, 0.0, random.Random(1))
    assert commits(database) == survive


def commits(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            return 0
        (number,) = connection.execute("SELECT count(*) FROM commits").fetchone()
        return int(number)


FAULTS = """
import os, socket, sys, time
from pathlib import Path
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__ + str(error.errno)
path = Path(sys.argv[1])
print(told(lambda: path.write_bytes(b"x" * 10)))
with path.open("r+b", buffering=0) as file:
    print(told(lambda: file.write(b"y" * 10)))
    print(told(lambda: os.fsync(file.fileno())))
    print(told(lambda: os.posix_fallocate(file.fileno(), 0, 20)))
print(os.statvfs(path.parent).f_bavail > 0)
print(told(lambda: Path(sys.argv[2]).write_bytes(b"x" * 10)))
print(told(lambda: socket.getaddrinfo("intake.chaos.test", 80)[0][4][0]))
print(round((time.time() - float(sys.argv[3])) / 86400))
"""


def test_each_fault_is_what_python_sees_and_in_its_directory_only(tmp_path: Path, library: Path) -> None:
    files = tmp_path / "files"
    faults = Faults(library, files)
    inside, outside = files / "file", tmp_path / "outside"

    def seen() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, inside, outside, str(time.time())],
            env={**os.environ, **faults.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split()

    unknown = "gaierror-3"
    assert seen() == ["10", "10", "None", "None", "True", "10", unknown, "0"]
    faults.disk_full()  # the file has 20 bytes by now, and loses them to the first of these
    assert seen() == ["10", "10", "None", "None", "False", "10", unknown, "0"]
    inside.unlink()
    assert seen()[:2] == ["OSError28", "OSError28"]
    faults.disk_well()
    seen()
    faults.disk_read_only()
    assert seen()[:1] == ["OSError30"]
    faults.disk_well()
    faults.write_error()
    assert seen()[1:4] == ["OSError5", "None", "OSError5"]
    faults.disk_well()
    faults.sync_error()
    assert seen()[:4] == ["10", "10", "OSError5", "None"]
    faults.disk_well()
    faults.clock(3 * 86_400)
    faults.dns(known=True)
    assert seen() == ["10", "10", "None", "None", "True", "10", "127.0.0.1", "3"]


def test_every_row_is_listed_and_families_are_chosen_by_their_first_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [row.name for row in ROWS]
    assert {row.name for row in chosen(["disk"])} == {"disk-full", "disk-read-only", "disk-io-error"}
    assert main(["no-such-row"]) == os.EX_USAGE
    assert "no-such-row" in capsys.readouterr().err
