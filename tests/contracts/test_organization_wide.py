"""On an organization-wide install the enterprise stands for the workspace, whichever its people are from."""

from collections.abc import Iterator

import pytest

from bot.desk import Desk
from bot.directory import SlackDirectory
from bot.domain.people import Person, Profile
from bot.domain.policy import HouseRules
from bot.slack import Json
from bot.store.engine import Store, open_store
from tests.store.conftest import StandingClock

ADA = Person(team="E111", user="W0ADA")


class Told(SlackDirectory):
    """Says of everybody what the test wants."""

    def __init__(self, **says: Json) -> None:
        self._says = says

    async def look_up(self, person: Person) -> Profile:
        return self.read(person.team, {"id": person.user, "team_id": "T111"} | self._says)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    opened = open_store(migrated_url, StandingClock())
    yield opened
    opened.close()


@pytest.mark.parametrize("home", ["", "T111", "T222", "E111"])
async def test_a_member_of_the_enterprise_is_at_home_from_each_of_its_workspaces(store: Store, home: str) -> None:
    desk = Desk(store, HouseRules(), Told(enterprise_user={"enterprise_id": "E111"}), StandingClock())
    assert not (await desk.profile(ADA, home)).is_stranger


async def test_somebody_of_another_enterprise_is_a_stranger(store: Store) -> None:
    desk = Desk(store, HouseRules(), Told(enterprise_user={"enterprise_id": "E999"}), StandingClock())
    assert (await desk.profile(ADA, "T111")).is_stranger
