"""A slice of the spoiled payloads; ``python -m tests.faults.fuzz`` sends more of them and prints figures."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.fuzz import Fuzzer, Tally, fuzzing

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEED, MUTATIONS, PART = 4, 5_000, 1_000


def checked(tally: Tally) -> None:
    assert not tally.missing, f"there is no genuine payload of {sorted(tally.missing)}: let tests/faults/corpus.py walk"
    assert not tally.refused, f"the genuine payloads of {sorted(tally.refused)} are not accepted"
    assert not tally.breaches, "\n".join(tally.breaches[:10])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fuzzer]:
    async with fuzzing(f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'gatehouse.db'}") as (one, missing):
        tally = Tally(missing=missing)
        await one.prove(tally)
        checked(tally)
        yield one


@pytest.mark.parametrize("first", range(0, MUTATIONS, PART))
async def test_whatever_is_spoiled_in_a_payload_nothing_fails_and_nobody_gets_a_right(
    fuzzer: Fuzzer, first: int
) -> None:
    tally = Tally()
    for number in range(first, first + PART):
        await fuzzer.attempt(SEED, number, tally)
    checked(tally)
    ends = sum(tally.ends.values(), Counter[str]())
    assert ends["ok"] > PART / 3 and ends["wrote"] > PART / 20, ends


async def test_a_stricter_database_refuses_no_spoiled_payload_either(postgres_url: str) -> None:
    tally = Tally()
    async with fuzzing(postgres_url) as (one, _):
        for number in range(200):
            await one.attempt(SEED, number, tally)
    checked(tally)
