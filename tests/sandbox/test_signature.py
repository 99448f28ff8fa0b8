import json
from pathlib import Path

from bot.sandbox.acting import Actor
from bot.sandbox.signature import signature
from bot.sandbox.workspace import Workspace
from tests.sandbox.parrot import Parrot

VECTOR = json.loads((Path(__file__).parent / "data" / "signing_vector.json").read_text())


def test_the_signature_of_slacks_own_example_comes_out() -> None:
    made = signature(VECTOR["signing_secret"], VECTOR["timestamp"], VECTOR["body"].encode())
    assert made == VECTOR["expected_signature"]


def test_another_secret_makes_another_signature() -> None:
    assert signature("other", VECTOR["timestamp"], VECTOR["body"].encode()) != VECTOR["expected_signature"]


async def test_every_request_to_the_bot_is_signed(workspace: Workspace, parrot: Parrot, ada: Actor) -> None:
    await ada.command("/squawk", "a b&c=ü")
    heard = parrot.heard[0]
    expected = signature(workspace.signing_secret, heard.headers["x-slack-request-timestamp"], heard.body)
    assert heard.headers["x-slack-signature"] == expected


async def test_a_replay_carries_the_old_signature_and_a_repetition_a_new_one(
    workspace: Workspace, parrot: Parrot, ada: Actor
) -> None:
    await ada.command("/squawk")
    workspace.signing_secret = "0" * 32
    await ada.repeat(exact=True)
    await ada.repeat()
    first, replay, again = parrot.heard
    assert replay.body == first.body == again.body
    assert replay.headers["x-slack-signature"] == first.headers["x-slack-signature"]
    assert again.headers["x-slack-signature"] != first.headers["x-slack-signature"]
