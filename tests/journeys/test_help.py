"""``/gatehouse`` says what can be done, to each person their own (SPEC 10)."""

from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.walking import create


async def test_a_member_reads_what_they_can_do(house: House) -> None:
    await create(house.bob)
    await house.bob.command("/gatehouse")
    assert house.bob.told("create a client in one of your 2 organizations")
    assert house.bob.told("see the 1 client you may look at")
    assert not house.bob.told("platform admin")


async def test_a_newcomer_reads_that_they_get_an_organization(house: House) -> None:
    await house.nia.command("/gatehouse")
    assert house.nia.told("you get a personal organization for it")


async def test_a_viewer_reads_whom_to_ask(house: House, opened: OpenHouse) -> None:
    await house.stop()
    async with opened(GATEHOUSE_SELF_SERVICE="false") as strict:
        await strict.eve.command("/gatehouse")
        assert strict.eve.told("ask an owner of one to make you a Client Developer")
        message = strict.eve.reads("general")[-1]
        assert "Create client" not in str(message.blocks)
    await house.start()


async def test_a_guest_reads_why_they_can_do_nothing(house: House) -> None:
    await house.gus.command("/gatehouse")
    assert house.gus.told("Guests can't work with clients here")
    assert not house.gus.told("/create-client")


async def test_a_platform_admin_reads_that_the_audit_says_so(opened: OpenHouse) -> None:
    async with opened(GATEHOUSE_ADMINS="U0EVE") as house:
        await house.eve.command("/gatehouse")
        assert house.eve.told("You are a platform admin")
        assert house.eve.told("one of your 3 organizations")


async def test_help_is_seen_by_nobody_else(house: House) -> None:
    await house.bob.command("/gatehouse")
    assert house.eve.reads("general") == []
