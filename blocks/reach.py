"""What is said about requests that did not reach whom they should: to the requester, and to the platform admins."""

from typing import Any

from blocks import approvals, kit
from blocks.approvals import Card
from bot.domain.contracts import Contract
from bot.domain.reach import Reach

Json = dict[str, Any]

HELP = "Ask the admins of Gatehouse for help."
CHANGE = "name another one as approval_channel in the catalog file of the organization"
_NO_ENTRY = ("Gatehouse may not post in it", f"Let Gatehouse post there, or {CHANGE}.")
REASONS = {
    "channel_not_found": (
        "it is not there any more, or it is private and Gatehouse is not in it",
        f"Invite Gatehouse (type /invite @Gatehouse in the channel), or {CHANGE}.",
    ),
    "not_in_channel": (
        "Gatehouse is not in it",
        f"Invite Gatehouse (type /invite @Gatehouse in the channel), or {CHANGE}.",
    ),
    "is_archived": ("it is archived", f"Unarchive it and invite Gatehouse again, or {CHANGE}."),
    "channel_is_limited_access": _NO_ENTRY,
    "restricted_action": _NO_ENTRY,
    "restricted_action_read_only_channel": _NO_ENTRY,
    "ekm_access_denied": (
        "your workspace suspended posting there (Enterprise Key Management)",
        f"Ask an admin of your workspace, or {CHANGE}.",
    ),
}
"""Why a channel can't be reached and what to do about it, by what chat.postMessage says
(docs.slack.dev/reference/methods/chat.postMessage)."""
_OTHER = ("Slack refuses it", f"Look at the channel's settings, or {CHANGE}.")


def trouble_card(contract: Contract, reach: Reach) -> Card:
    """Return what the requester is told when the request did not go the usual way (RELIABILITY F7, F8)."""
    beginning = kit.escape(f"{approvals.state(contract)}: {approvals.asked(contract)}.")
    text = f"{beginning} {_how_far(contract, reach)}"
    return text, [kit.linked(text).to_dict()]


def _how_far(contract: Contract, reach: Reach) -> str:
    """Return how far a request got, as mrkdwn; once it is decided only that there was trouble."""
    said = _not_reached(contract, reach)
    if not contract.is_waiting:
        return f"{said}."
    sentence = "; ".join([said, *_instead(contract, reach), *(["the admins are informed"] if reach.informed else [])])
    return f"{sentence}." if reach.people else f"{sentence}. {HELP}"


def _not_reached(contract: Contract, reach: Reach) -> str:
    organization = kit.escape(contract.organization)
    if contract.unreachable:
        where = f" in {kit.channel(reach.channel)} or directly" if reach.channel else ""
        return f"No approver of {organization} can be reached{where}"
    where = f" in {kit.channel(reach.channel)}" if reach.channel else ""
    return f"The approvers of {organization} could not be reached{where}"


def _instead(contract: Contract, reach: Reach) -> list[str]:
    """Return who has the request, or gets it, although it did not reach those it was for."""
    if not reach.people:
        return []
    who = ("platform admin" if contract.unreachable else "other") + ("" if reach.people == 1 else "s")
    verb = "is being" if reach.people == 1 else "are being"
    if not reach.pending:
        verb = "was" if reach.people == 1 else "were"
    return [f"{reach.people} {who} {verb} {'asked in their place' if contract.unreachable else 'told'}"]


def alert_card(contract: Contract, reach: Reach) -> Card:
    """Return what platform admins are told about an approval channel that can't be reached."""
    why, advice = REASONS.get(reach.reason, _OTHER)
    organization, code = kit.escape(contract.organization), kit.escape(reach.reason)
    where = f"{kit.channel(reach.channel)}, where requests for {organization} belong"
    text = f"Gatehouse can't post in {where}: {why} ({code})."
    meanwhile = "Until then each request goes to the approvers in direct messages. You hear of a channel once an hour."
    said = f"{text}\n{kit.escape(advice)} Now it is {kit.escape(reach.channel)}."
    return text, [kit.linked(said).to_dict(), kit.note(meanwhile).to_dict()]
