"""How a sentence reaches the person who acted: in the answer where Slack has room for one, else just after it.

No error of ours ever leaves as a 5xx (SPEC 10): Slack would show a warning triangle and nobody would know why.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import orjson
import structlog

from bot.errors import Refusal
from handlers.opening import Windows
from handlers.payloads import Click, Command, Json, Payload, Shortcut, Submission, Suggestion
from handlers.replies import Reply

PROBLEM = "problem"
"""block_id of the warning on top of a view; the next one replaces it."""
MOST_BLOCKS = 100
"""Blocks a view may have (docs.slack.dev/reference/views)."""
LONGEST_TEXT = 2990
"""Characters of a section's text, 3,000 less the sign in front of it (docs.slack.dev/reference/block-kit/blocks)."""

_KEPT = (
    "type",
    "title",
    "submit",
    "close",
    "private_metadata",
    "callback_id",
    "external_id",
    "clear_on_close",
    "notify_on_close",
)
"""What a view that Slack sent may carry when it is sent back; ids, hash and state may not."""

log = structlog.get_logger(__name__)


class Telling(Windows, Protocol):
    """The calls to Slack that the door needs; ``bot.slack.Slack`` has them."""

    async def respond(
        self, response_url: str, text: str, blocks: list[Json] | None = None, replace_original: bool = False
    ) -> None: ...

    async def ephemeral(self, channel: str, user: str, text: str, blocks: list[Json] | None = None) -> None: ...

    async def post(self, channel: str, text: str, blocks: list[Json] | None = None) -> object: ...


class Door:
    """Turns sentences into answers and messages, for each kind of payload."""

    def __init__(self, slack: Telling) -> None:
        self._slack = slack

    def refuse(self, payload: Payload, error: Refusal) -> Reply:
        """Return the answer to an expected refusal: at its field if the submitted view has that input."""
        if error.field and isinstance(payload, Submission):
            block = input_block(payload, error.field)
            if block:
                return Reply.errors({block: str(error)})
        return self.answer(payload, str(error))

    def answer(self, payload: Payload, sentence: str) -> Reply:
        """Return the answer that shows ``sentence`` to the person, or sends it just after the acknowledgement."""
        match payload:
            case Command():
                return Reply.say(escape(sentence), warning(sentence))
            case Submission():
                return Reply.show(_again(payload.body["view"], sentence))
            case Suggestion():
                return Reply.options([])
            case Click() | Shortcut():
                return Reply.later(lambda: self.tell(payload, sentence))
            case _:
                return Reply.nothing()

    def instead(self, payload: Payload, title: str, sentence: str) -> Reply:
        """Like ``answer``, but a submitted view is replaced by the sentence: there is nothing to correct in it."""
        if isinstance(payload, Submission):
            return Reply.show(notice(title, sentence))
        return self.answer(payload, sentence)

    async def tell(self, payload: Payload, sentence: str, shown: Json | None = None) -> None:
        """Show ``sentence`` after the acknowledgement by the first way that works; a direct message is the last.

        ``shown`` is the view that the acknowledgement put in place of the submitted one, if it did.
        """
        for way in self._ways(payload, sentence, shown):
            try:
                await way()
            except Exception as error:  # noqa: BLE001 - the next way may work where this one didn't
                log.info(
                    "a way to tell somebody failed", kind=payload.kind, id=payload.name, error=type(error).__name__
                )
            else:
                return
        if payload.kind not in _TOLD_NOTHING:
            log.warning("nobody could be told", kind=payload.kind, id=payload.name)

    def _ways(self, payload: Payload, sentence: str, shown: Json | None) -> Iterator[Callable[[], Awaitable[object]]]:
        if payload.kind in _TOLD_NOTHING:
            return
        slack, text, blocks, person = self._slack, escape(sentence), warning(sentence), payload.person
        if isinstance(payload, Click) and payload.view:
            yield lambda: self._redraw(payload, sentence)
        elif isinstance(payload, Submission) and shown:
            yield lambda: slack.update_view(payload.view.id, with_problem(shown, sentence))
        elif isinstance(payload, Shortcut):
            yield lambda: slack.open_view(payload.trigger, notice("Gatehouse", sentence))
        if payload.response_url:
            yield lambda: slack.respond(payload.response_url, text, blocks)
        if isinstance(payload, Click) and payload.channel:
            yield lambda: slack.ephemeral(payload.channel, person.user, text, blocks)
        yield lambda: slack.post(person.user, text, blocks)

    async def _redraw(self, click: Click, sentence: str) -> None:
        raw, view = click.body["view"], click.view
        warned = with_problem(raw, sentence)
        if raw.get("type") == "home":
            await self._slack.publish_home(click.person.user, warned)
        elif view:
            await self._slack.update_view(view.id, warned, view.hash or None)


_TOLD_NOTHING = frozenset({"event", "closed", "options"})
"""Kinds where nobody waits for a sentence: an event, a window that is gone, a menu that shows only options."""


def input_block(submission: Submission, field: str) -> str | None:
    """Return the block_id of the input that holds ``field``: the name itself, or ``name__r3`` after a reset.

    Slack shows errors only at input blocks and breaks the modal over any other key (slack/RULES.md, rule 6).
    """
    for block in submission.view.blocks:
        name = block.get("block_id")
        if block.get("type") == "input" and isinstance(name, str) and _field(name) == _field(field):
            return name
    return None


def with_problem(view: Json, sentence: str) -> Json:
    """Return ``view`` as it can be sent again, ``sentence`` on top; typed values stay, their blocks being the same."""
    kept = {key: view[key] for key in _KEPT if view.get(key) not in (None, "")}
    given = view.get("blocks")
    blocks = [
        block
        for block in (given if isinstance(given, list) else ())
        if isinstance(block, dict) and block.get("block_id") != PROBLEM
    ]
    return kept | {"blocks": warning(sentence) + _fitting(blocks)}


def _again(view: Json, sentence: str) -> Json:
    """Return ``view`` with ``sentence`` on top; the sentence alone if the view is nested too deep to be sent back."""
    warned = with_problem(view, sentence)
    try:
        orjson.dumps(warned)
    except orjson.JSONEncodeError:
        return notice("Gatehouse", sentence)
    return warned


def notice(title: str, sentence: str) -> Json:
    """Return a modal that says one sentence and can only be closed."""
    return {
        "type": "modal",
        "title": _plain(title),
        "close": _plain("Close"),
        "blocks": warning(sentence),
    }


def warning(sentence: str) -> list[Json]:
    """Return the block that says ``sentence``, as plain text: names in it can neither mention nor link (T3)."""
    text = {"type": "plain_text", "text": f"⚠️ {sentence[:LONGEST_TEXT]}", "emoji": False}
    return [{"type": "section", "block_id": PROBLEM, "text": text}]


def _field(block_id: str) -> str:
    return block_id.partition("__r")[0]


def escape(text: str) -> str:
    """Return ``text`` with the three characters escaped that Slack reads as markup (slack/RULES.md A.2)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitting(blocks: list[Json]) -> list[Json]:
    """Leave out the last block that asks for nothing, if the warning is one block too many."""
    if len(blocks) < MOST_BLOCKS:
        return blocks
    for index in range(len(blocks) - 1, -1, -1):
        if blocks[index].get("type") not in ("input", "actions"):
            return blocks[:index] + blocks[index + 1 :]
    return blocks[: MOST_BLOCKS - 1]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}
