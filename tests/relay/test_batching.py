"""A payload is exactly as long as was counted, so that a batch within its bounds fits Datadog's."""

import asyncio

import orjson
import pytest
from fakes import json_values, record, unhurried
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.batching import MAX_BATCH_BYTES, MAX_ENTRIES, MAX_PAYLOAD_BYTES, payload
from relay.spool import Claimed, open_spool


@unhurried
@given(st.lists(json_values, min_size=1))
def test_a_payload_is_the_list_of_its_entries_and_exactly_as_long_as_they_and_their_commas(
    values: list[object],
) -> None:
    entries = [orjson.dumps(value) for value in values]
    joined = payload(entries)
    assert orjson.loads(joined) == values
    assert len(joined) == sum(map(len, entries)) + len(entries) + 1


def test_the_largest_batch_makes_a_payload_of_exactly_the_limit() -> None:
    rest, last = divmod(MAX_BATCH_BYTES, MAX_ENTRIES)
    entries = [b"x" * rest] * (MAX_ENTRIES - 1) + [b"x" * (rest + last)]
    assert len(payload(entries)) == MAX_PAYLOAD_BYTES


def claim_all(sizes: list[int]) -> list[list[Claimed]]:
    """Every batch that the forwarder would claim of records of these sizes."""

    async def main() -> list[list[Claimed]]:
        spool = await open_spool("memory:", max_bytes=10**12)
        await spool.put([record("x" * size) for size in sizes])
        batches = []
        while spool.depth().waiting:
            batches.append(await spool.claim(MAX_ENTRIES, MAX_BATCH_BYTES, 0))
        return batches

    return asyncio.run(main())


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 20, 2_000, 4_999, 700_000, 1_000_000]), st.integers(1, 1_500)),
        max_size=3,
    )
)
def test_any_batch_that_a_claim_gives_fits_into_one_request(runs: list[tuple[int, int]]) -> None:
    sizes = [size for size, number in runs for _ in range(min(number, 20_000_000 // size))]
    batches = claim_all(sizes)
    assert [len(found.data) for batch in batches for found in batch] == sizes
    for batch in batches:
        assert len(batch) <= MAX_ENTRIES
        assert len(payload([found.data for found in batch])) <= MAX_PAYLOAD_BYTES


@pytest.mark.parametrize(("size", "batches"), [(1, [1_000, 1_000, 500]), (999_799, [5, 5, 5])])
def test_batches_are_as_full_as_the_limits_allow(size: int, batches: list[int]) -> None:
    assert [len(batch) for batch in claim_all([size] * sum(batches))] == batches
