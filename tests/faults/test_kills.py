"""Processes that are killed or stand still at the worst moment: what was committed arrives, and arrives once."""

from typing import Any

from bot.domain.notifications import DestinationType, Kind
from bot.sandbox.records import Message
from tests.faults.town import HISTORY, Town, town


def posted(at: Town) -> list[Message]:
    """Return what stands in the approval channel."""
    return at.workspace.channel("approvals").messages


def pending(at: Town) -> list[dict[str, Any]]:
    """Return the notifications that did not arrive."""
    return [one for one in at.export()["notifications"] if one["state"] != "sent"]


async def sign_up(at: Town) -> None:
    """Walk through the wizard as Bob does, up to the answer that says it is done."""
    bob = at.workspace.actor("bob")

    async def seen(words: str) -> None:
        await at.until(lambda: words in bob.sees())

    await bob.command("/apis", "Payments")
    await seen("Learn More")
    await bob.press("Learn More")
    await seen("Sign Up")
    await bob.press("Sign Up", near="Gold")
    await seen("Client to sign up")
    await bob.fill("Name", "Till")
    await bob.fill("Version", "1.0")
    await bob.fill("Reason", "We sell things.")
    await bob.submit("Next")
    await bob.submit("Sign Up")
    assert "Waiting for approval" in bob.sees()


async def killed_during_the_post(at: Town, kind: str) -> None:
    """Kill the process while its first posts wait for Slack's answer, which never comes, and start another one."""
    server = await at.serve()
    at.workspace.faults.add(method="chat.postMessage", kind=kind, times=2)
    await sign_up(at)
    await at.until(lambda: at.calls("chat.postMessage") == 2)
    server.kill()
    at.workspace.faults.clear()
    await at.leases_end()
    await at.serve()
    await at.until(lambda: not pending(at))


async def test_a_message_that_a_kill_kept_from_slack_arrives_after_the_restart_once(database_url: str) -> None:
    async with town(database_url) as at:
        await killed_during_the_post(at, "timeout")
        assert len(posted(at)) == 1
        assert len(at.workspace.direct("U0BOB").messages) == 1
        assert [one["status"] for one in at.export()["contracts"]] == ["AwaitingApproval"]


async def test_a_message_that_slack_posted_but_nobody_marked_is_found_and_not_posted_again(database_url: str) -> None:
    async with town(database_url, scopes=HISTORY) as at:
        await killed_during_the_post(at, "lost_answer")
        assert at.calls("conversations.history") >= 2
        assert len(posted(at)) == 1
        assert len(at.workspace.direct("U0BOB").messages) == 1
        recorded = {one["message"]["ts"] for one in at.export()["notifications"]}
        assert posted(at)[0].ts in recorded
        assert at.workspace.violations == []


async def test_without_a_history_scope_there_is_at_most_one_more(tmp_path: object) -> None:
    async with town(f"sqlite:///{tmp_path}/gatehouse.db") as at:
        await killed_during_the_post(at, "lost_answer")
        assert len(posted(at)) == 2
        assert at.calls("conversations.history") == 0


async def test_a_process_that_stood_still_marks_and_sends_nothing_that_another_one_took_over(postgres_url: str) -> None:
    async with town(postgres_url, scopes=HISTORY) as at:
        paused = await at.serve()
        at.workspace.faults.add(method="chat.postMessage", kind="lost_answer", times=2)
        await at.request("Till")
        await at.until(lambda: at.calls("chat.postMessage") == 2)
        paused.pause()
        await at.leases_end()
        await at.serve()
        await at.until(lambda: not pending(at))
        found = {one["id"]: one["message"] for one in at.export()["notifications"]}
        paused.resume()
        await at.request("Kiosk")
        await at.until(lambda: len(posted(at)) == 2 and not pending(at))
        after = {one["id"]: one["message"] for one in at.export()["notifications"]}
        assert found.items() <= after.items()
        assert len(posted(at)) == 2
        assert len(at.workspace.direct("U0BOB").messages) == 2


async def test_two_processes_on_one_database_send_nothing_twice(postgres_url: str) -> None:
    async with town(postgres_url) as at:
        everybody = [at.workspace.add_person(f"Person {number}").id for number in range(60)]
        await at.serve()
        await at.serve()
        contract = await at.request("Till", plan="Free")

        def owe(user: str) -> None:
            at.store.write.run(lambda unit: unit.outbox.add(contract, Kind.OUTCOME, DestinationType.USER, user, 1))

        for user in everybody:
            owe(user)
        await at.until(lambda: not pending(at))
        assert [len(at.workspace.direct(user).messages) for user in everybody] == [1] * 60


async def test_a_kill_during_what_follows_a_decision_leaves_no_copy_behind(postgres_url: str) -> None:
    async with town(postgres_url, scopes=HISTORY) as at:
        server = await at.serve()
        await at.request("Till")
        await at.until(lambda: not pending(at))
        for method in ("chat.update", "chat.postMessage"):
            at.workspace.faults.add(method=method, kind="lost_answer", times=9)
        await at.workspace.actor("pat").press("Approve", message=posted(at)[0])
        await at.until(lambda: at.calls("chat.update") >= 1)
        server.kill()
        at.workspace.faults.clear()
        await at.leases_end()
        await at.serve()
        await at.until(lambda: not pending(at) and "Approved" in posted(at)[0].text)
        await at.until(lambda: len(at.workspace.direct("U0BOB").messages) == 2)
        assert all(block["type"] != "actions" for block in posted(at)[0].blocks)
        assert [one.text.split(":")[0] for one in at.workspace.direct("U0BOB").messages] == ["Approved", "Approved"]
