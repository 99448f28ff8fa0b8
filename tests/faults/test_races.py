"""A slice of the races; ``python -m tests.faults.races`` runs more of them and prints figures."""

from tests.faults.races import run


async def test_of_two_who_decide_at_the_same_moment_one_wins_and_the_other_is_told(postgres_url: str) -> None:
    tally = await run(postgres_url, 30)
    assert tally.is_clean, tally
