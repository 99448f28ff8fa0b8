"""What Slack sent becomes one frozen payload, and only the one who acted counts; each id has one handler."""

import pytest

from bot.errors import Refusal
from handlers.payloads import Payload
from handlers.reading import read
from handlers.replies import Reply
from tests.bodies import CLOSED, COMMAND, EVENT, IN_MESSAGE, OPTIONS, SUBMISSION, Json, raising, with_handler
from tests.doorway import switchboard


async def seen(body: Json) -> Payload:
    """Return what the handler of ``body`` got."""
    got: list[Payload] = []

    async def handler(payload: Payload) -> Reply:
        got.append(payload)
        return Reply.nothing()

    await with_handler(handler).answer(body)
    return got[0]


async def test_each_kind_is_frozen_into_its_own_shape() -> None:
    assert (await seen(COMMAND)).text == "pay"  # type: ignore[attr-defined]
    click = await seen(IN_MESSAGE)
    assert (click.value, click.channel, click.ts, click.view) == ("c1", "C1", "1.5", None)  # type: ignore[attr-defined]
    modal = (await seen(SUBMISSION)).view  # type: ignore[attr-defined]
    assert (modal.id, modal.root, modal.callback, modal.hash, modal.metadata) == (
        "V1",
        "V0",
        "client.details",
        "h1",
        "draft",
    )
    assert modal.values["name"]["name"]["value"] == "Zoë"
    assert (await seen(CLOSED)).cleared is True  # type: ignore[attr-defined]
    assert (await seen(OPTIONS)).text == "ac"  # type: ignore[attr-defined]
    assert (await seen(EVENT)).event["user"] == "U111"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ({"value": "x"}, "x"),
        ({"selected_option": {"value": "o"}}, "o"),
        ({"selected_option": None}, ""),
        ({"selected_user": "U9"}, "U9"),
        ({"selected_conversation": "C9"}, "C9"),
        ({"selected_date": "2026-03-01"}, "2026-03-01"),
        ({"selected_options": [{"value": "a"}]}, ""),
        ({"value": "x\0y"}, ""),
        ({"value": 5}, ""),
    ],
)
async def test_a_click_says_what_was_chosen(action: Json, value: str) -> None:
    click = await seen(IN_MESSAGE | {"actions": [{"action_id": "contract.approve"} | action]})
    assert click.value == value  # type: ignore[attr-defined]


async def test_somebody_from_another_workspace_is_told_apart() -> None:
    stranger = IN_MESSAGE | {"user": {"id": "U9", "team_id": "T999"}}
    assert (await seen(stranger)).home_team == "T999"


async def test_only_the_one_who_acted_counts() -> None:
    body = IN_MESSAGE | {
        "message": {"user": "U999", "bot_id": "B1"},
        "actions": [{"action_id": "contract.approve", "selected_user": "U998"}],
    }
    assert (await seen(body)).person.user == "U111"


async def test_an_event_of_nobody_keeps_its_workspace() -> None:
    board, got = switchboard(), []

    @board.event("app_uninstalled")
    async def gone(event: Payload) -> Reply:
        got.append(event.person)
        return Reply.nothing()

    await board.answer({"type": "event_callback", "team_id": "T111", "event": {"type": "app_uninstalled"}})
    assert [(person.team, person.user) for person in got] == [("T111", "")]


async def test_an_event_in_a_shared_channel_belongs_to_the_installed_workspace() -> None:
    body = EVENT | {"team_id": "T999", "authorizations": [{"team_id": "T111", "enterprise_id": None}]}
    assert (await seen(body)).person.team == "T111"


@pytest.mark.parametrize("kind", [COMMAND, IN_MESSAGE], ids=["a command", "a click"])
async def test_on_an_organization_wide_install_the_same_person_acts_in_every_workspace(kind: Json) -> None:
    organization = {"is_enterprise_install": "true" if kind is COMMAND else True}
    body = kind | organization | {"enterprise_id": "E111", "enterprise": {"id": "E111"}}
    assert read(body).person.team == "E111"


async def test_an_event_of_an_organization_wide_install_belongs_to_the_organization() -> None:
    grant = {"team_id": None, "enterprise_id": "E111", "is_enterprise_install": True}
    body = EVENT | {"team_id": "T111", "enterprise_id": "E111", "authorizations": [grant]}
    assert read(body).person.team == "E111"


async def test_a_workspace_of_an_organization_that_installed_by_itself_stays_one() -> None:
    body = COMMAND | {"is_enterprise_install": "false", "enterprise_id": "E111"}
    assert read(body).person.team == "T111"


async def test_an_id_has_one_handler() -> None:
    board = with_handler(raising(Refusal("x")))
    with pytest.raises(ValueError, match="Two handlers for the command '/apis'"):
        board.command("/apis")(raising(Refusal("x")))


async def test_the_table_can_be_read() -> None:
    assert [(route.kind, route.name) for route in with_handler(raising(Refusal("x"))).routes()] == [
        ("action", "contract.approve"),
        ("closed", "client.details"),
        ("command", "/apis"),
        ("event", "app_home_opened"),
        ("options", "organization"),
        ("shortcut", "client.create"),
        ("submission", "client.details"),
    ]
