"""``gatehouse outbox list`` and ``outbox retry``: what did not arrive, and once more (INTERFACE 1)."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot import commands
from bot.cli import app
from bot.domain.notifications import DestinationType, Kind
from bot.store.engine import Store
from tests.store.conftest import StandingClock
from tests.store.deals import make_deal


@pytest.fixture
def set_aside(store: Store, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the id of a notification that was given up, in the database that the commands open."""
    monkeypatch.setenv("GATEHOUSE_DATABASE_URL", migrated_url)
    monkeypatch.setenv("GATEHOUSE_SECRET_KEY", "a-key-for-tests-that-protects-nothing")
    deal = store.write.run(make_deal)
    store.write.run(
        lambda unit: unit.outbox.add(deal.contract_id, Kind.REQUEST, DestinationType.CHANNEL, "C0APPROVALS", 1)
    )
    (one,) = store.write.run(lambda unit: unit.outbox.claim(1))
    store.write.run(lambda unit: unit.outbox.mark_failed(one, "is_archived"))
    return one.id


def test_the_list_tells_what_did_not_arrive_and_why(set_aside: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands.list_outbox()
    said = capsys.readouterr().out
    for words in (set_aside, "failed", "channel C0APPROVALS", "1 attempt, set aside", "is_archived", "1 undelivered."):
        assert words in said


def test_a_retry_makes_it_due_again_and_names_what_it_does_not_know(
    set_aside: str, store: Store, clock: StandingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.at = datetime.now(UTC) + timedelta(hours=1)  # commands take the time from the machine
    assert commands.retry_outbox([set_aside, "nothing"]) == 1
    said = capsys.readouterr()
    assert "1 will be tried again" in said.out and "nothing: no such notification" in said.err
    assert commands.retry_outbox([set_aside]) == 0
    assert [one.id for one in store.write.run(lambda unit: unit.outbox.claim(1))] == [set_aside]
    commands.list_outbox()
    assert "next try" in capsys.readouterr().out


def test_an_id_that_begins_with_a_hyphen_is_taken_as_it_was_listed(set_aside: str, store: Store) -> None:
    renamed = sa.text("UPDATE notifications SET id = '-9FcZ9RQboG8e' WHERE id = :id").bindparams(id=set_aside)
    store.write.run(lambda unit: unit.connection.execute(renamed))
    done = CliRunner().invoke(app, ["outbox", "retry", "-9FcZ9RQboG8e"])
    assert (done.exit_code, done.output) == (0, "1 will be tried again at once.\n")
