"""A slice of the races; ``python -m tests.faults.races 2000 --replicas 3`` runs them at full width."""

from tests.faults.races import run


async def test_of_all_who_decide_at_the_same_moment_one_wins_and_the_others_are_told(postgres_url: str) -> None:
    tally = await run(postgres_url, 200, most=4)
    tally.latest = 0.0  # how late is a matter of the machine; that everybody is told is not
    assert tally.breaches() == []
    assert tally.missing() == []
    assert tally.decisions == {1: 200}
