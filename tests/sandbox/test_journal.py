"""What was said in the workspace is there again after a stop or a kill."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.delivery import Delivery
from bot.sandbox.journal import Journal, Taken
from bot.sandbox.page.reading import Reading
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.talking import say
from bot.sandbox.web_api.call import METHODS, Call
from bot.sandbox.workspace import Workspace
from tests.sandbox.conftest import Time, manifest

Calling = Callable[..., dict[str, Any]]


def furnished(time: Time) -> Workspace:
    workspace = Workspace(manifest=manifest(), team_id="T0NEST", now=time)
    workspace.add_person("Ada Lovelace", id="U0ADA")
    workspace.add_channel("general", id="C0GENERAL", members=["U0ADA"])
    return workspace


def calling(workspace: Workspace) -> Calling:
    """Return the Web API of a workspace without the wire."""
    delivery = Delivery(workspace, SocketMode(workspace), None)
    return lambda method, **args: METHODS[method].run(Call(workspace, delivery, args))


@contextmanager
def kept(path: Path, time: Time) -> Iterator[Workspace]:
    """Give a workspace as it is after a start; the block's end is a kill, as nothing more is written then."""
    workspace, journal = furnished(time), Journal(path)
    journal.open(workspace)
    yield workspace
    journal.close()


def content(workspace: Workspace) -> list[dict[str, Any]]:
    return [asdict(message) for channel in workspace.channels.values() for message in channel.messages]


async def test_messages_threads_changes_and_direct_messages_are_there_again(tmp_path: Path, time: Time) -> None:
    path = tmp_path / "workspace.jsonl"
    with kept(path, time) as before:
        call = calling(before)
        first = call("chat.postMessage", channel="C0GENERAL", text="A request")
        call("chat.postMessage", channel="C0GENERAL", text="A reminder", thread_ts=first["ts"])
        call("chat.postMessage", channel="U0ADA", text="For you")
        gone = call("chat.postMessage", channel="C0GENERAL", text="A mistake")
        call("chat.delete", channel="C0GENERAL", ts=gone["ts"])
        call("chat.update", channel="C0GENERAL", ts=first["ts"], text="A request: approved")
        call("chat.postEphemeral", channel="C0GENERAL", user="U0ADA", text="Only you see this")
        await say(before, before.member("Ada"), before.channel("general"), "Thanks")
        said = content(before)
        direct = before.direct("U0ADA").id
    assert [one["text"] for one in said] == ["A request: approved", "A reminder", "Thanks", "For you"]
    with kept(path, time) as after:
        assert content(after) == said
        assert after.direct("U0ADA").id == direct
        call = calling(after)
        call("chat.update", channel="C0GENERAL", ts=first["ts"], text="A request: approved by Ada")
        call("chat.postMessage", channel=direct, text="For you again")
    with kept(path, time) as again:
        texts = [one["text"] for one in content(again)]
        assert texts == ["A request: approved by Ada", "A reminder", "Thanks", "For you", "For you again"]


def test_what_was_read_stays_read(tmp_path: Path, time: Time) -> None:
    with kept(tmp_path / "w", time) as before:
        general = before.channel("general")
        calling(before)("chat.postMessage", channel="C0GENERAL", text="Hello")
        assert Reading(before).unread("U0ADA", general)
        Reading(before).mark("U0ADA", general)
    with kept(tmp_path / "w", time) as after:
        assert not Reading(after).unread("U0ADA", after.channel("general"))


def test_a_line_that_a_kill_cut_off_is_as_if_it_had_not_happened(tmp_path: Path, time: Time) -> None:
    path = tmp_path / "w"
    with kept(path, time) as before:
        calling(before)("chat.postMessage", channel="C0GENERAL", text="Whole")
        calling(before)("chat.postMessage", channel="C0GENERAL", text="Cut off")
    os.truncate(path, path.stat().st_size - 9)
    with kept(path, time) as after:
        assert [one["text"] for one in content(after)] == ["Whole"]
        calling(after)("chat.postMessage", channel="C0GENERAL", text="Next")
    with kept(path, time) as again:
        assert [one["text"] for one in content(again)] == ["Whole", "Next"]


def test_a_start_forgets_what_was_changed_since(tmp_path: Path, time: Time) -> None:
    path = tmp_path / "w"
    with kept(path, time) as before:
        ts = calling(before)("chat.postMessage", channel="C0GENERAL", text="0")["ts"]
        for number in range(1, 20):
            calling(before)("chat.update", channel="C0GENERAL", ts=ts, text=str(number))
    assert len(path.read_text().splitlines()) == 20
    with kept(path, time):
        (line,) = path.read_text().splitlines()
        assert json.loads(line)["message"]["text"] == "19"


def test_two_workspaces_never_write_into_one_journal(tmp_path: Path, time: Time) -> None:
    with kept(tmp_path / "w", time) as first:
        calling(first)("chat.postMessage", channel="C0GENERAL", text="Mine")
        with pytest.raises(Taken):
            Journal(tmp_path / "w").open(furnished(time))
    with kept(tmp_path / "w", time) as second:
        assert [one["text"] for one in content(second)] == ["Mine"]


def test_people_and_channels_that_are_no_longer_there_are_passed_over(tmp_path: Path, time: Time) -> None:
    with kept(tmp_path / "w", time) as before:
        calling(before)("chat.postMessage", channel="C0GENERAL", text="Here")
        calling(before)("chat.postMessage", channel="U0ADA", text="There")
        Reading(before).mark("U0ADA", before.channel("general"))
    empty, journal = Workspace(manifest=manifest(), now=time), Journal(tmp_path / "w")
    journal.open(empty)
    journal.close()
    assert content(empty) == []


def test_only_its_owner_may_read_the_journal(tmp_path: Path, time: Time) -> None:
    with kept(tmp_path / "w", time):
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
