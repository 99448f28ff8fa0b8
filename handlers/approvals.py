"""Deciding and withdrawing: from a message, from the queue, from App Home (SPEC 5)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from blocks import approvals as view
from blocks import chasing as talk
from blocks import kit
from bot.desk import Desk
from bot.domain.contracts import AlreadyDecided, Contract, Verdict
from bot.domain.notifications import Kind
from handlers.copies import Copies
from handlers.home import Homes
from handlers.opening import Windows, opening, turning
from handlers.payloads import Click, Command, Payload, Submission
from handlers.places import page_of, place_of
from handlers.replies import Reply
from handlers.switchboard import Switchboard

Json = dict[str, Any]


def register(board: Switchboard, desk: Desk, slack: Windows, homes: Homes) -> None:
    """Put the handlers of the queue and of the buttons on the board."""
    copies = Copies(board, desk)

    async def queued(payload: Payload, page: int = 0) -> Json:
        profile = await desk.profile(payload.person, payload.home_team)
        return view.queue_view(await desk.queue(profile, page=page))

    async def redrawn(click: Click) -> Reply:
        """After a decision the window it was made in is drawn anew; messages are redrawn by the outbox."""
        place = place_of(click, view.Place())
        if place.from_queue:
            return await turning(click, slack, lambda: queued(click, place.page))
        if click.view:
            return Reply.later(lambda: homes.refresh(click))
        return Reply.nothing()

    @asynccontextmanager
    async def fresh(payload: Payload, contract_id: str) -> AsyncIterator[None]:
        """Whoever comes second is told so, and sees the message as it now is (SPEC 5.4)."""
        try:
            yield
        except AlreadyDecided:
            await desk.redraw(payload.person, contract_id)
            raise

    async def asking(click: Click, form: Callable[[Contract, view.Place], Json]) -> Reply:
        """Show a form about a request that still waits."""

        async def build() -> Json:
            profile = await desk.profile(click.person, click.home_team)
            async with fresh(click, click.value):
                contract = await desk.look(profile, click.value)
            return form(contract, place_of(click, view.Place()))

        return await turning(click, slack, build)

    @board.command("/approvals")
    async def by_command(command: Command) -> Reply:
        return await opening(command, slack, lambda: queued(command))

    @copies.action(view.TO_QUEUE, Kind.BURST)
    async def from_home_or_card(click: Click) -> Reply:
        return await turning(click, slack, lambda: queued(click))

    @board.action(view.PREVIOUS)
    @board.action(view.NEXT)
    async def turn_page(click: Click) -> Reply:
        page = page_of(click)
        return await turning(click, slack, lambda: queued(click, page))

    @copies.action(view.APPROVE, Kind.REQUEST)
    async def approve(click: Click) -> Reply:
        profile = await desk.deciding_profile(click.person, click.home_team)
        async with fresh(click, click.value):
            await desk.decide(profile, click.value, Verdict.APPROVE)
        return await redrawn(click)

    @copies.action(view.REJECT, Kind.REQUEST)
    async def ask_why(click: Click) -> Reply:
        return await asking(click, view.reject_view)

    @board.submission(view.REASON)
    async def reject(submission: Submission) -> Reply:
        place = kit.read_metadata(view.Place, submission.view.metadata)
        profile = await desk.deciding_profile(submission.person, submission.home_team)
        reason = view.read_reason(submission.view.values)
        try:
            contract = await desk.decide(profile, place.contract, Verdict.REJECT, reason)
        except AlreadyDecided as decided:
            await desk.redraw(submission.person, place.contract)
            return Reply.show(view.done_view(decided.contract, str(decided)))
        if place.from_queue:
            return Reply.show(view.queue_view(await desk.queue(profile, page=place.page)))
        body = Reply.show(view.done_view(contract)).body
        return Reply(body, lambda: homes.refresh(submission))

    @copies.action(view.CLAIM, Kind.REQUEST)
    async def claim(click: Click) -> Reply:
        profile = await desk.deciding_profile(click.person, click.home_team)
        async with fresh(click, click.value):
            await desk.claim(profile, click.value)
        return await redrawn(click)

    @copies.action(view.ASK, Kind.REQUEST)
    async def ask_what(click: Click) -> Reply:
        return await asking(click, talk.question_view)

    @board.submission(talk.QUESTION)
    async def ask(submission: Submission) -> Reply:
        place = kit.read_metadata(view.Place, submission.view.metadata)
        profile = await desk.deciding_profile(submission.person, submission.home_team)
        question = talk.read_question(submission.view.values)
        async with fresh(submission, place.contract):
            await desk.ask_for_changes(profile, place.contract, question)
        if place.from_queue:
            return Reply.show(view.queue_view(await desk.queue(profile, page=place.page)))
        return Reply.clear()

    @copies.action(talk.EDIT, Kind.ASKED)
    async def edit(click: Click) -> Reply:
        async def build() -> Json:
            profile = await desk.profile(click.person, click.home_team)
            return talk.edit_view(*await desk.begin_edit(profile, click.value))

        return await turning(click, slack, build)

    @board.action(talk.PLAN)
    async def noted(click: Click) -> Reply:
        return Reply.nothing()

    @board.submission(talk.CHANGES)
    async def send_again(submission: Submission) -> Reply:
        contract_id = kit.read_metadata(talk.Editing, submission.view.metadata).contract
        profile = await desk.profile(submission.person, submission.home_team)
        reason, offer_id, description = talk.read_changes(submission.view.values)
        contract = await desk.send_again(
            profile, contract_id, reason=reason, offer_id=offer_id, description=description
        )
        return Reply.show(talk.sent_view(contract))

    @copies.action(view.WITHDRAW, Kind.WAITING)
    async def withdraw(click: Click) -> Reply:
        profile = await desk.profile(click.person, click.home_team)
        async with fresh(click, click.value):
            await desk.withdraw(profile, click.value)
        return Reply.nothing()
