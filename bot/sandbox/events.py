"""Events to the bot, sent again if it does not answer (https://docs.slack.dev/apis/events-api)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.sandbox.delivery import Answer, Delivery, Parcel
from bot.sandbox.payloads import Payloads
from bot.sandbox.records import Json
from bot.sandbox.workspace import Workspace


async def emit(at: Workspace, event: Json, *, who: str | None = None) -> Answer | None:
    """Send an event, if the manifest subscribes to its kind; repetitions follow in the background.

    Args:
        at: the workspace.
        event: the inner event; ``event_ts`` is added.
        who: id of the person it comes from; it decides on the workspace named in the envelope.

    Returns:
        The answer to the first try, or None if nobody has subscribed.
    """
    delivery = at.delivery
    if delivery is None or not _subscribed(at, event):
        return None
    member = at.people[who or at.bot_user_id]
    payload = Payloads(at, member, member.id).event({"event_ts": f"{at.now():.6f}"} | event)
    parcel = Parcel("events", payload)
    answer = await delivery.send(parcel)
    if _again(delivery, answer):
        delivery.later(_retry(at, delivery, parcel, answer))
    return answer


def _subscribed(at: Workspace, event: Json) -> bool:
    kind = event["type"]
    if kind == "message":
        suffix = {"im": "im", "channel": "channels", "group": "groups"}[event.get("channel_type", "channel")]
        kind = f"message.{suffix}"
    return kind in at.manifest.bot_events


def _again(delivery: Delivery, answer: Answer) -> bool:
    over_http = delivery.events_url is not None
    return over_http and not answer.is_ack and answer.headers.get("x-slack-no-retry") != "1"


async def _retry(at: Workspace, delivery: Delivery, parcel: Parcel, answer: Answer) -> None:
    for number, delay in enumerate(at.event_retry_delays, start=1):
        reason = answer.headers.get("fault", "http_error")
        await asyncio.sleep(delay)
        headers = (("X-Slack-Retry-Num", str(number)), ("X-Slack-Retry-Reason", reason))
        answer = await delivery.send(replace(parcel, headers=headers))
        if not _again(delivery, answer):
            return
