"""Two processes, each with its own Socket Mode connection, on one PostgreSQL (SPEC 10)."""

from bot.bootstrap import running
from tests import postgres
from tests.journeys.house import open_house
from tests.journeys.walking import create, step
from tests.store.conftest import StandingClock


async def test_a_wizard_goes_on_over_whichever_connection_slack_takes(
    postgres_server: postgres.Server, postgres_template: str, clock: StandingClock
) -> None:
    with postgres_server.database(postgres_template) as url:
        async with (
            open_house(url, clock, socket=True) as house,
            running(house.settings, clock=clock, strict=True) as second,
        ):
            await create(house.bob)
            assert step(house.bob) == "Client"
            await house.stop()
            await house.bob.dismiss()
            await create(house.bob, name="Second shop")
            assert step(house.bob) == "Client"
            assert await second.web.readiness.problems() == []
            assert house.clients() == ["Second shop", "Web shop"]
