"""A body is read whole and unpacked, or refused within bounds of time, size and memory."""

import asyncio
import gzip
import random
import tracemalloc
import zlib

import pytest
from fakes import arriving, receiving
from starlette.types import Message, Receive

from relay.body import BODY_SECONDS, LARGE_BODY, MAX_BODY_BYTES, Disconnected, discard_body, read_body
from relay.errors import Refused
from relay.timelimit import TimeLimit

TEXT = b'{"event_type":"FLOW_FAIL"}' * 100
PACKED = gzip.compress(TEXT, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(data) + deflate.flush()


def read(receive: Receive, coding: str | None = None, seconds: float = BODY_SECONDS) -> bytes:
    headers = {b"content-encoding": coding.encode()} if coding else {}
    body, _ = asyncio.run(read_body(receive, headers, TimeLimit(seconds), asyncio.Semaphore(1)))
    return body


def refusal(receive: Receive, coding: str | None = None, seconds: float = BODY_SECONDS) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        read(receive, coding, seconds)
    return caught.value.status, caught.value.code


class Endless:
    """A sender that never stops; counts how often it was listened to."""

    def __init__(self, part: bytes) -> None:
        self.parts = 0
        self._part = part

    async def __call__(self) -> Message:
        self.parts += 1
        return {"type": "http.request", "body": self._part, "more_body": True}


def test_a_body_that_comes_in_parts_is_joined() -> None:
    assert read(arriving(b"one ", b"", b"two ", b"three")) == b"one two three"


def test_a_message_without_a_body_ends_an_empty_one() -> None:
    assert read(receiving({"type": "http.request"})) == b""


@pytest.mark.parametrize("coding", [None, "", "identity", " IDENTITY "])
def test_a_body_that_is_not_packed_stays_as_it_is(coding: str | None) -> None:
    assert read(arriving(TEXT), coding) == TEXT


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", PACKED),
        ("x-gzip", PACKED),
        (" GZip ", PACKED),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
    ],
    ids=["gzip", "x-gzip", "gzip in other letters", "deflate with a header", "deflate without one"],
)
def test_a_packed_body_is_unpacked(coding: str, packed: bytes) -> None:
    assert read(arriving(packed[:9], packed[9:]), coding) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_empty_body_may_claim_to_be_packed(coding: str) -> None:
    assert read(arriving(b""), coding) == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "\xff"])
def test_an_unknown_coding_is_refused_and_the_known_ones_are_named(coding: str) -> None:
    with pytest.raises(Refused) as caught:
        read(arriving(TEXT), coding)
    assert (caught.value.status, caught.value.code) == (415, "unknown_encoding")
    assert caught.value.headers == {"Accept-Encoding": "gzip, deflate"}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-1],
        lambda packed: packed[:5],
        lambda packed: packed + b"\0",
        lambda packed: packed + packed,
        lambda packed: packed[:-3] + b"abc",
        lambda packed: b"not packed at all",
    ],
    ids=["one byte short", "cut off", "a byte too many", "twice", "wrong checksum", "not packed"],
)
def test_a_body_that_is_not_one_whole_packed_stream_is_refused(coding: str, damage: object) -> None:
    assert callable(damage)
    packed = PACKED if coding == "gzip" else zlib.compress(TEXT)
    assert refusal(arriving(damage(packed)), coding) == (400, "bad_encoding")


def test_a_deflate_stream_without_header_that_is_cut_off_is_refused() -> None:
    assert refusal(arriving(raw_deflate(TEXT)[:-1]), "deflate") == (400, "bad_encoding")


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert len(read(arriving(b"x" * MAX_BODY_BYTES))) == MAX_BODY_BYTES
    assert refusal(arriving(b"x" * MAX_BODY_BYTES, b"x")) == (413, "body_too_large")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_the_limit_holds_for_what_is_unpacked_too(pack: object) -> None:
    assert callable(pack)
    coding = "gzip" if pack is gzip.compress else "deflate"
    assert len(read(arriving(pack(bytes(MAX_BODY_BYTES))), coding)) == MAX_BODY_BYTES
    assert refusal(arriving(pack(bytes(MAX_BODY_BYTES + 1))), coding) == (413, "body_too_large")


def test_the_limit_holds_for_what_is_packed_too() -> None:
    noise = gzip.compress(random.Random(1).randbytes(MAX_BODY_BYTES))
    assert len(noise) > MAX_BODY_BYTES
    assert refusal(arriving(noise), "gzip") == (413, "body_too_large")


def peak(receive: Receive, coding: str) -> int:
    """The most memory that refusing a body took."""
    tracemalloc.start()
    try:
        assert refusal(receive, coding) == (413, "body_too_large")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_takes_no_more_memory_than_the_longest_body(coding: str, wbits: int) -> None:
    deflate = zlib.compressobj(wbits=wbits)
    bomb = b"".join(deflate.compress(bytes(1_000_000)) for _ in range(200)) + deflate.flush()
    assert len(bomb) < 1_000_000
    assert peak(arriving(bomb), coding) < 3 * MAX_BODY_BYTES


def test_of_a_body_that_never_ends_a_bounded_part_is_read_and_less_is_kept() -> None:
    endless = Endless(b"x" * 100_000)
    assert peak(endless, "gzip") < 2 * MAX_BODY_BYTES
    assert endless.parts * 100_000 < 5 * MAX_BODY_BYTES


@pytest.mark.parametrize(
    "receive", [receiving(), receiving({"type": "http.request", "body": b"{", "more_body": True})]
)
def test_a_body_that_does_not_come_is_refused_after_its_time(receive: Receive) -> None:
    assert refusal(receive, seconds=0.001) == (408, "body_too_slow")


@pytest.mark.parametrize("began", [True, False])
def test_a_sender_who_goes_away_gets_no_answer(*, began: bool) -> None:
    gone: list[Message] = [{"type": "http.disconnect"}]
    start: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}] if began else []
    with pytest.raises(Disconnected):
        read(receiving(*start, *gone))


def test_what_is_discarded_may_be_as_long_or_as_slow_as_it_likes_but_is_not_read_for_ever() -> None:
    endless = Endless(b"x" * 100_000)
    asyncio.run(discard_body(endless, TimeLimit(BODY_SECONDS)))
    assert endless.parts * 100_000 < 5 * MAX_BODY_BYTES
    asyncio.run(discard_body(receiving(), TimeLimit(0.001)))
    asyncio.run(discard_body(arriving(b""), TimeLimit(BODY_SECONDS)))


def test_discarding_tells_when_the_sender_is_gone() -> None:
    with pytest.raises(Disconnected):
        asyncio.run(discard_body(receiving({"type": "http.disconnect"}), TimeLimit(BODY_SECONDS)))


# --- many at once


@pytest.mark.parametrize(
    ("parts", "headers", "needs_a_place"),
    [
        ([b"x" * (LARGE_BODY - 1)], {}, False),
        ([b"x" * (LARGE_BODY - 1), b"x"], {}, True),
        ([gzip.compress(b"small", mtime=0)], {b"content-encoding": b"gzip"}, True),
    ],
)
def test_a_large_or_packed_body_waits_for_a_place_and_no_longer_than_it_may_take(
    parts: list[bytes], headers: dict[bytes, bytes], needs_a_place: bool
) -> None:
    async def main() -> None:
        places = asyncio.Semaphore(1)
        await places.acquire()
        reading = asyncio.create_task(read_body(arriving(*parts), headers, TimeLimit(60.0), places))
        for _ in range(10):
            await asyncio.sleep(0)
        assert reading.done() is not needs_a_place
        places.release()
        body, place = await reading
        assert body
        assert (place is places) is needs_a_place
        assert places.locked() is needs_a_place

    asyncio.run(main())


@pytest.mark.parametrize(
    ("parts", "headers"),
    [
        ([b"x" * LARGE_BODY] * 30, {}),
        ([b"no gzip"], {b"content-encoding": b"gzip"}),
        ([b"x" * LARGE_BODY], {b"content-encoding": b"br"}),
    ],
)
def test_a_body_that_is_refused_gives_its_place_back(parts: list[bytes], headers: dict[bytes, bytes]) -> None:
    async def main() -> None:
        places = asyncio.Semaphore(1)
        with pytest.raises(Refused):
            await read_body(arriving(*parts), headers, TimeLimit(60.0), places)
        assert not places.locked()

    asyncio.run(main())


def test_a_body_that_finds_no_place_in_time_is_refused() -> None:
    async def main() -> None:
        places = asyncio.Semaphore(0)
        with pytest.raises(Refused, match="did not arrive within"):
            await read_body(arriving(b"x" * LARGE_BODY), {}, TimeLimit(0.01), places)

    asyncio.run(main())
