"""A slice of the lying Slack; ``python -m tests.faults.lying`` tells more destinations and prints figures."""

from tests.faults import lying
from tests.faults.lying_plan import Shares
from tests.faults.lying_run import Size


async def test_a_thousand_destinations_of_a_lying_slack_hear_and_see_it_once(postgres_url: str) -> None:
    size = Size(destinations=1000, rate=1000, replicas=2, history=True, seed=1, gap=0.2, thorough=False)
    result = await lying.run(postgres_url, Shares(), size)
    assert result.lies.silent() == []
    assert result.lies.unknown_posts(acted=True) > 80
    assert result.breaches == []
    assert result.heard + len(result.lies.gone) == result.owed
