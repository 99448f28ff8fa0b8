"""A slice of the forgeries; ``python -m tests.faults.forged`` sends more, lets a flood come, and prints figures."""

from collections import Counter

from tests.faults.forged import Options, Result, run
from tests.faults.forgeries import watch
from tests.faults.forgeries.drive import Tally, complete
from tests.faults.forgeries.genuine import MARK
from tests.faults.forgeries.table import CLASSES, LEAST_CLASSES
from tests.faults.forgeries.watch import Counted


async def test_of_two_thousand_forgeries_of_every_class_none_gets_in(postgres_url: str) -> None:
    result = await run(postgres_url, Options(requests=2_000, flood=0))
    assert result.invalid == []
    assert result.breaches == []


def test_there_are_as_many_classes_as_promised() -> None:
    assert len(CLASSES) >= LEAST_CLASSES


def test_a_class_that_was_not_sent_or_has_no_honest_twin_makes_a_run_invalid() -> None:
    tally = Tally()
    complete(tally, 1)
    assert len(tally.invalid) > 2 * len(CLASSES)
    assert Result(Options(), tally).invalid


def test_a_changed_row_and_a_handler_that_ran_are_noticed() -> None:
    assert watch.differences({"contracts": (1, "a")}, {"contracts": (1, "b")})
    assert watch.differences({}, {"drafts": (1, "a")})
    before = Counted(Counter(), Counter())
    after = Counted(Counter({("action approval.approve", "refused"): 1, ("action *", "elsewhere"): 1}), Counter())
    assert after.since(before).handled == 1


def test_a_log_that_repeats_itself_or_tells_too_much_is_noticed() -> None:
    line = '{"event": "request refused", "reason": "time", "logger": "bot.web"}'
    assert watch.repetitions([line] * 4, 1.0)
    assert not watch.repetitions([line] * 3, 1.0)
    assert watch.secrets_told([f'{{"event": "{MARK}7"}}', "Traceback (most recent call last):"])
