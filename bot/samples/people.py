"""Who is who in the demo's catalog, and what is made up around the real APIs: plans, approvals, members."""

from typing import Any

ADA, BOB, EVE, PAT = "U0ADA", "U0BOB", "U0EVE", "U0PAT"
"""People of the demo's workspace. Gus (a guest) and Nia (a newcomer) are members of no organization on purpose."""
APPROVALS = "C0APPROVALS"
"""The demo's approval channel."""

OWNED_BY_ADA = {"twilio.com", "xero.com"}
SEEN_BY_EVE = {"spotify.com"}
DEVELOPED_BY_BOB = {
    "asana.com", "circleci.com", "cisco.com", "clickup.com", "digitalocean.com", "docker.com", "elevenlabs.io",
    "giphy.com", "launchdarkly.com", "medium.com", "plaid.com", "sendgrid.com", "shipstation.com", "soundcloud.com",
    "spotify.com", "twilio.com", "vercel.com", "vimeo.com", "zapier.com", "zuora.com",
}  # fmt: skip
OWNED_BY_PAT = {"amazonaws.com", "plaid.com"}
TOLD_IN_CHANNEL = OWNED_BY_ADA | OWNED_BY_PAT | {"azure.com", "giphy.com", "nexmo.com", "spotify.com", "vonage.com"}
TOLD_BOTH_WAYS = {"plaid.com", "spotify.com"}
TERMS = {
    "amazonaws.com": "https://aws.amazon.com/service-terms/",
    "twilio.com": "https://www.twilio.com/en-us/legal/tos",
}
"""Terms of use that really stand there; their version is made up."""

_FREE = {"name": "Free", "version": "1.0", "description": "100 calls an hour"}
_SILVER = {"name": "Silver", "version": "1.1", "description": "1,000 calls an hour"}
_GOLD = {"name": "Gold", "version": "2.0", "description": "10,000 calls an hour, with support"}
_PARTNER = {"name": "Partner", "version": "2026-03", "description": "For partners under contract"}
_MIXES: tuple[tuple[tuple[dict[str, str], bool], ...], ...] = (
    ((_FREE, False), (_GOLD, True)),
    ((_FREE, False), (_SILVER, False), (_GOLD, True)),
    ((_PARTNER, True),),
    ((_FREE, False),),
)
"""Plans an organization may have, and whether its APIs offer them with approval."""


def plans(index: int) -> list[dict[str, Any]]:
    """Return the plans of the organization with this number."""
    return [dict(plan) for plan, _ in _mix(index)]


def offers(index: int) -> list[dict[str, Any]]:
    """Return what each API of the organization with this number offers."""
    return [
        {"plan": plan["name"], "version": plan["version"], "requires_approval": approval}
        for plan, approval in _mix(index)
    ]


def needs_approver(index: int) -> bool:
    """Whether one of the plans of the organization with this number needs approval."""
    return any(approval for _, approval in _mix(index))


def members(provider: str, index: int) -> list[dict[str, Any]]:
    """Return the members of a provider's organization; wherever a plan needs approval, Pat may give it."""
    pat = ["Owner"] if provider in OWNED_BY_PAT else ["Editor"] if needs_approver(index) else []
    bob = ["Client Developer"] if provider in DEVELOPED_BY_BOB else []
    ada = ["Owner"] if provider in OWNED_BY_ADA else []
    eve = ["Viewer"] if provider in SEEN_BY_EVE else []
    everybody = ((ADA, ada), (BOB, bob), (EVE, eve), (PAT, pat))
    return [{"user": user, "roles": roles} for user, roles in everybody if roles]


def approvals(provider: str) -> dict[str, Any]:
    """Return where a provider's approvers are told."""
    channel = {"approval_channel": APPROVALS} if provider in TOLD_IN_CHANNEL else {}
    return channel | ({"approvals": {"notify": "both"}} if provider in TOLD_BOTH_WAYS else {})


def _mix(index: int) -> tuple[tuple[dict[str, str], bool], ...]:
    return _MIXES[index % len(_MIXES)]
