"""Bugs as people really write them, each a small change of the program, and the tests that have to notice it.

``python -m tests.faults.seeded`` puts them into a copy of the repository one by one. A suite that lets one of them pass
is blind where it matters (RELIABILITY G23).
"""

from dataclasses import dataclass

RACES = "tests/faults/test_races.py"
KILL_POINTS = "tests/faults/test_kill_points.py"
KILLS = "tests/faults/test_kills.py"
FORGED = "tests/faults/test_forged.py"
FUZZ = "tests/faults/test_fuzz.py"
MODEL = "tests/faults/test_model.py"
LYING = "tests/faults/test_lying.py"
REPLICAS = "tests/faults/test_replicas.py"
DATABASE = "tests/faults/test_database.py"
BURSTS = "tests/journeys/test_bursts.py"
CHASING = "tests/journeys/test_chasing.py"
TEXTS = "tests/journeys/test_delivery_texts.py"
DELIVERY = "tests/journeys/test_delivery_faults.py"
FALLBACK = "tests/journeys/test_delivery_fallback.py"
AUDIT = "tests/store/test_audit.py"


@dataclass(frozen=True)
class Bug:
    """A bug: in ``path``, ``old`` (there once) becomes ``new``; ``tests`` are pytest's words for what must go red.

    ``also`` is a second such change, where one alone is harmless because another line holds.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    also: tuple[str, str, str] | None = None

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Path, old and new text of each change."""
        return [(self.path, self.old, self.new), *([self.also] if self.also else [])]


BUGS = (
    Bug(
        "answers before the commit",
        "bot/store/unit.py",
        "        return self._threads.submit(self.run, work)\n",
        """        early: Future[T] = Future()

        def first(unit: Unit) -> T:
            result = work(unit)
            early.set_result(result)
            __import__("time").sleep(0.05)
            return result

        done = self._threads.submit(self.run, first)
        done.add_done_callback(lambda ended: early.done() or early.set_exception(ended.exception()))
        return early
""",
        (KILL_POINTS,),
    ),
    Bug(
        "reads whether it waits, and writes later, with nothing held in between",
        "bot/store/contracts.py",
        """            contracts.c.id == contract_id, contracts.c.status == ContractStatus.AWAITING_APPROVAL
        )
        values = {"status": status,""",
        """            contracts.c.id == contract_id
        )
        values = {"status": status,""",
        (RACES,),
        (
            "bot/usecases/approvals.py",
            "    contract = known(unit, person, contract_id, lock=True)\n    if not may(",
            "    contract = known(unit, person, contract_id, lock=False)\n    if not may(",
        ),
    ),
    Bug(
        "claims without a lease",
        "bot/store/outbox.py",
        "claimed.values(lease_until=until, attempts=_COUNTED_ON,",
        "claimed.values(attempts=_COUNTED_ON,",
        (f"{KILLS}::test_two_processes_on_one_database_send_nothing_twice", "tests/store/test_outbox.py"),
    ),
    Bug(
        "marks before it sends",
        "bot/outbox/dispatcher.py",
        "        try:\n            posted = await call(blocks)\n",
        '        try:\n            await self._write(lambda unit: unit.outbox.mark_sent(one, one.destination, "1.0"))\n'
        "            posted = await call(blocks)\n",
        (KILLS, KILL_POINTS),
    ),
    Bug(
        "posts again without looking",
        "bot/outbox/dispatcher.py",
        "        elif one.unsure and not await self._may_post_again(one):\n            return\n",
        "",
        (f"{KILLS}::test_a_message_that_slack_posted_but_nobody_marked_is_found_and_not_posted_again",),
    ),
    Bug(
        "takes a timeout for a refusal",
        "bot/outbox/dispatcher.py",
        'await self._ledger.again(one, outcomes.LOOK_AFTER, unsure.reason, counted="unsure", unsure=True)',
        'await self._ledger.again(one, outcomes.LOOK_AFTER, unsure.reason, counted="unsure")',
        (LYING, DELIVERY),
    ),
    Bug(
        "lets whoever lost a lease mark",
        "bot/store/outbox.py",
        "        notifications.c.id == claimed.id, notifications.c.lease_until == claimed.lease_until\n    )\n",
        "        notifications.c.id == claimed.id\n    )\n",
        (KILLS, "tests/store/test_outbox.py"),
    ),
    Bug(
        "forgets what changed while it was drawing",
        "bot/store/outbox.py",
        "        more = sa.case((notifications.c.wanted > claimed.wanted, self._now), else_=None)\n",
        "        more = None\n",
        ("tests/store/test_outbox.py", LYING, DELIVERY),
    ),
    Bug(
        "redraws no copies after a decision",
        "bot/usecases/settling.py",
        "decided.revision, (Kind.REQUEST, Kind.WAITING, Kind.ASKED, Kind.TROUBLE))",
        "decided.revision, ())",
        (KILL_POINTS, LYING),
    ),
    Bug(
        "owes the message in another transaction",
        "bot/usecases/contracts.py",
        "        tell_approvers(unit, rules, contract, ways)\n    kind = ",
        "        pass\n    kind = ",
        (KILL_POINTS, LYING),
    ),
    Bug(
        "escapes no names",
        "blocks/kit.py",
        '    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}\n',
        "    entities: dict[str, str] = {}\n",
        (TEXTS, FUZZ),
    ),
    Bug(
        "serves any workspace",
        "handlers/switchboard.py",
        "        if not self._allowed(payload.person.team):\n",
        "        if False:\n",
        (FORGED, FUZZ),
    ),
    Bug(
        "compares no signature",
        "bot/edge.py",
        "        if not genuine:\n",
        "        if False:\n",
        (FORGED,),
    ),
    Bug(
        "lets approvers decide their own requests",
        "bot/usecases/approvals.py",
        "    if contract.requested_by == person and not rules.allow_self_approval:\n",
        "    if False:\n",
        (FUZZ, MODEL),
    ),
    Bug(
        "asks nobody's rights at a decision",
        "bot/usecases/approvals.py",
        "    if not may(unit, rules, person, contract.organization_id, Permission.PLAN_ADMIN, lock=True):\n",
        "    if False:\n",
        (FUZZ, MODEL),
    ),
    Bug(
        "makes a second client of a repeated submit",
        "bot/store/drafts.py",
        '        self._connection.execute(made.values({self._result.name: result_id, "updated_at": now}))\n',
        "        self._connection.execute(made.values(updated_at=now))\n",
        (KILL_POINTS,),
    ),
    Bug(
        "heeds no Retry-After",
        "bot/outbox/dispatcher.py",
        "limited(one, timedelta(seconds=limited.retry_after))\n        except SlackUnreachable",
        "limited(one, timedelta(seconds=0))\n        except SlackUnreachable",
        (LYING, DELIVERY),
    ),
    Bug(
        "gives a dead channel's requests to nobody",
        "bot/outbox/ledger.py",
        "            self._after_failure(unit, one)\n",
        "",
        (LYING, FALLBACK),
    ),
    Bug(
        "keeps no pace",
        "bot/domain/pacing.py",
        "        if self.free_at <= now:\n",
        "        if True:\n",
        (DELIVERY, BURSTS, "tests/store/test_pacing.py"),
    ),
    Bug(
        "releases nothing of a card that can't be posted",
        "bot/outbox/ledger.py",
        "            unit.bursts.release(card)\n",
        "",
        (BURSTS,),
    ),
    Bug(
        "writes no audit row of a decision",
        "bot/usecases/settling.py",
        '    record_both(unit, by, decided, what, {"status": contract.status}, after)\n',
        "",
        (RACES, KILL_POINTS, MODEL),
    ),
    Bug(
        "migrates without turns",
        "bot/store/schema.py",
        '            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})\n',
        "            pass\n",
        (REPLICAS,),
    ),
    Bug(
        "stops without an end to what is under way",
        "bot/bootstrap.py",
        "        late, _ = await asyncio.gather(self.board.drain(DRAIN), self.dispatcher.stop(DRAIN))\n",
        "        late = 0\n",
        ("tests/journeys/test_faults.py", REPLICAS),
    ),
)
