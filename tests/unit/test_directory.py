"""Accounts as Slack tells of them, also where it leaves out what the app may not read."""

from typing import Any, cast

import pytest

from bot.directory import SlackDirectory
from bot.domain.people import Person, Stranger
from bot.endings import SlackRateLimited, SlackRefused, SlackUnreachable, SlackUnsure
from bot.errors import Refusal, Unavailable
from bot.slack import Slack

PASSING = [
    SlackRateLimited(30.0),
    SlackUnsure("HTTP 200 internal_error"),
    SlackUnreachable("refused"),
    *(SlackRefused(code) for code in ("missing_scope", "token_revoked", "accesslimited", "request_timeout", "odd")),
]
"""Endings that say nothing of the account."""


class TerseSlack:
    """Knows one account and says as little as it can."""

    async def user_info(self, user: str) -> dict[str, Any]:
        if user != "U0PAT":
            raise SlackRefused("user_not_found")
        return {"profile": {}}

    async def user_by_email(self, email_address: str) -> dict[str, Any]:
        if email_address != "pat@acme.example":
            raise SlackRefused("users_not_found")
        return {"id": "U0PAT", "profile": {}}


@pytest.fixture
def directory() -> SlackDirectory:
    return SlackDirectory(cast(Slack, TerseSlack()))


async def test_an_account_found_by_its_address_has_that_address(directory: SlackDirectory) -> None:
    found = await directory.meet(Stranger(id="1", team="T1", email="pat@acme.example"))
    assert found is not None
    assert (found.person, found.email) == (Person(team="T1", user="U0PAT"), "pat@acme.example")


async def test_whoever_was_asked_about_is_whom_the_answer_is_about(directory: SlackDirectory) -> None:
    profile = await directory.look_up(Person(team="T1", user="U0PAT"))
    assert (profile.person.user, profile.name) == ("U0PAT", "U0PAT")
    assert await directory.meet(Stranger(id="1", team="T1", user="U0PAT")) == profile


@pytest.mark.parametrize("named", [{"user": "U0NO"}, {"email": "no@acme.example"}], ids=["an id", "an address"])
async def test_nobody_is_met_whom_slack_does_not_know(directory: SlackDirectory, named: dict[str, str]) -> None:
    assert await directory.meet(Stranger(id="1", team="T1", **named)) is None


class FailingSlack:
    """Can't tell about anybody just now."""

    def __init__(self, ending: Exception) -> None:
        self._ending = ending

    async def user_info(self, user: str) -> dict[str, Any]:
        raise self._ending

    async def user_by_email(self, email_address: str) -> dict[str, Any]:
        raise self._ending


@pytest.mark.parametrize("ending", PASSING, ids=str)
async def test_a_refusal_that_is_not_about_the_account_says_nothing_of_it(ending: Exception) -> None:
    directory = SlackDirectory(cast(Slack, FailingSlack(ending)))
    with pytest.raises(Unavailable):
        await directory.meet(Stranger(id="1", team="T1", user="U0PAT"))
    with pytest.raises(Unavailable):
        await directory.meet(Stranger(id="1", team="T1", email="pat@acme.example"))
    with pytest.raises(Unavailable):
        await directory.look_up(Person(team="T1", user="U0PAT"))


async def test_an_account_that_slack_does_not_know_is_refused(directory: SlackDirectory) -> None:
    with pytest.raises(Refusal):
        await directory.look_up(Person(team="T1", user="U0NO"))


@pytest.mark.parametrize("odd", [None, 5, [], "text", {"email": 5, "real_name": []}])
def test_a_profile_of_another_shape_tells_nothing(directory: SlackDirectory, odd: object) -> None:
    profile = directory.read("T1", {"id": "U0PAT", "profile": odd, "enterprise_user": odd, "real_name": odd, "tz": odd})
    assert (profile.name, profile.email, profile.home_team) in (("U0PAT", "", "T1"), ("text", "", "T1"))


def test_what_slack_says_fits_into_the_database(directory: SlackDirectory) -> None:
    said = {"id": "U0PAT", "real_name": "P\0at" + "x" * 300, "team_id": "T" * 30, "locale": "x" * 30}
    profile = directory.read("T1", said)
    assert profile.name.startswith("Patx") and "\0" not in profile.name
    assert [len(text) for text in (profile.name, profile.home_team, profile.locale)] == [255, 20, 20]
