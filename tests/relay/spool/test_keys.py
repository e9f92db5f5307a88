"""Which keys are known: whatever is in memory, on disk, forgotten, undone or opened again."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes import unhurried
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.envelope import Record
from relay.spool import _keys
from relay.spool._keys import REPEAT_WINDOW, Keys
from relay.spool._sqlite_tables import make_tables

WINDOW = 1_000 * REPEAT_WINDOW
START = 1_772_600_767_000


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    is_new = not path.exists()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        if is_new:
            make_tables(connection)
        yield connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "db") as connection:
        yield connection


def key(number: int, length: int = 40) -> bytes:
    return f"{number:0{length}d}".encode()


def put(
    keys: Keys, connection: sqlite3.Connection, now: int, *new: bytes, commit: bool = True
) -> Sequence[bytes | None]:
    """Put records of these keys, as one transaction; gives the keys that were new."""
    connection.execute("BEGIN")
    keys.begin()
    keys.forget(now)
    stored = keys.without_repeats([Record(b"", each) for each in new])
    keys.keep(now)
    connection.execute("COMMIT" if commit else "ROLLBACK")
    if commit:
        keys.committed()
    return [record.key for record in stored]


def count(connection: sqlite3.Connection, table: str) -> int:
    (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(number)


def test_a_key_is_new_once(connection: sqlite3.Connection) -> None:
    keys = Keys(connection)
    assert put(keys, connection, START, key(1), key(2), key(1)) == [key(1), key(2)]
    assert put(keys, connection, START, key(2), key(3)) == [key(3)]
    assert put(keys, connection, START, key(2), key(3)) == []
    assert count(connection, "seen") == 2


def test_records_without_a_key_are_all_new(connection: sqlite3.Connection) -> None:
    keys = Keys(connection)
    assert len(keys.without_repeats([Record(b"a"), Record(b"a"), Record(b"a", b"")])) == 3


def test_memory_is_bounded_and_what_leaves_it_is_known_still(connection: sqlite3.Connection) -> None:
    keys = Keys(connection, most=100)
    for number in range(300):
        put(keys, connection, START, *(key(10 * number + one) for one in range(10)))
        assert len(keys) <= 110
    assert count(connection, "old") == 2_900
    for number in (0, 1_500, 2_999):
        assert put(keys, connection, START, key(number)) == []


def test_fresh_keys_are_not_looked_for_on_disk(connection: sqlite3.Connection) -> None:
    keys = Keys(connection, most=10)
    for number in range(50):
        put(keys, connection, START, key(number))
    looked: list[str] = []
    connection.set_trace_callback(lambda text: looked.append(text) if "FROM old" in text else None)
    assert put(keys, connection, START, key(100), key(101)) == [key(100), key(101)]
    assert looked == []
    assert put(keys, connection, START, key(5)) == []
    assert len(looked) == 1


def test_a_key_on_disk_is_forgotten_after_the_window_like_one_in_memory(
    connection: sqlite3.Connection,
) -> None:
    keys = Keys(connection, most=2)
    for number in range(6):
        put(keys, connection, START, key(number))
    assert put(keys, connection, START + WINDOW, *map(key, range(6))) == []
    assert put(keys, connection, START + WINDOW + 1_001, *map(key, range(6))) == list(map(key, range(6)))
    assert count(connection, "seen") == 1
    assert count(connection, "old") == 0


def test_what_is_done_in_one_transaction_is_bounded(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_keys, "_AT_ONCE", 50)
    keys = Keys(connection, most=100_000)
    for number in range(200):
        put(keys, connection, START, *(key(10 * number + one) for one in range(10)))
    keys._most = 0
    left = len(keys)
    for number in range(30):
        put(keys, connection, START, key(9_000 + number))
        assert left - 50 <= len(keys) <= left - 40
        left = len(keys)
    rows = count(connection, "seen")
    for number in range(30):
        put(keys, connection, START + 2 * WINDOW, key(9_100 + number))
        assert rows - count(connection, "seen") == 4
        rows = count(connection, "seen")


def test_more_than_memory_may_hold_is_moved_to_disk_at_opening(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with opened(path) as connection:
        keys = Keys(connection)
        for number in range(50):
            put(keys, connection, START, *(key(100 * number + one) for one in range(100)))
    with opened(path) as connection:
        keys = Keys(connection, most=1_050)
        assert len(keys) == 1_000
        assert count(connection, "old") == 4_000
        assert put(keys, connection, START, *map(key, range(5_001))) == [key(5_000)]


def test_after_all_rows_are_forgotten_new_ones_are_not_taken_for_old(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with opened(path) as connection:
        keys = Keys(connection, most=2)
        for number in range(6):
            put(keys, connection, START, key(number))
        put(keys, connection, START + 3 * WINDOW)
        assert count(connection, "seen") == 0
    with opened(path) as connection:
        keys = Keys(connection, most=2)
        assert put(keys, connection, START + 3 * WINDOW, key(3)) == [key(3)]
    with opened(path) as connection:
        assert put(Keys(connection, most=2), connection, START + 3 * WINDOW, key(3)) == []


def test_what_is_taken_back_is_new_again(connection: sqlite3.Connection) -> None:
    keys = Keys(connection)
    new = keys.without_repeats([Record(b"", key(1)), Record(b"", key(2)), Record(b"")])
    keys.take_back(new[1:])
    assert keys.without_repeats([Record(b"", key(1)), Record(b"", key(2))]) == [Record(b"", key(2))]


TRANSACTIONS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 40), st.sampled_from([2, 40])), max_size=8),
        st.sampled_from([1_000, 400_000, 1_200_000, WINDOW, 2 * WINDOW, -WINDOW]),
        st.sampled_from(["commit", "commit", "commit", "undo", "open again"]),
    ),
    max_size=40,
)


@settings(unhurried, max_examples=150)
@given(transactions=TRANSACTIONS, most=st.integers(0, 20))
def test_what_is_known_is_what_was_committed_within_the_window(
    transactions: list[tuple[list[tuple[int, int]], int, str]], most: int
) -> None:
    """Against a plain dict of when each key was put, in the order in which they were."""
    known: dict[bytes, int] = {}
    now = START
    with TemporaryDirectory() as directory:
        path = Path(directory, "db")
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        make_tables(connection)
        keys = Keys(connection, most)
        for numbers, passed, end in transactions:
            now += passed
            # a key is forgotten with all that were put before it, whatever the clock said then
            past = [place for place, then in enumerate(known.values()) if then < now - WINDOW]
            left = dict(list(known.items())[past[-1] + 1 :]) if past else dict(known)
            wanted = [key(number, length) for number, length in numbers]
            fresh = list(dict.fromkeys(each for each in wanted if each not in left))
            assert put(keys, connection, now, *wanted, commit=end != "undo") == fresh
            if end != "undo":
                known = {**left, **dict.fromkeys(fresh, now)}
            if end == "open again":
                connection.close()
                connection = sqlite3.connect(path, isolation_level=None)
                connection.execute("PRAGMA synchronous = OFF")
                keys = Keys(connection, most)
        keys.begin()
        assert [each for each in known if keys.without_repeats([Record(b"", each)])] == []
        connection.close()
