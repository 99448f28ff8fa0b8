"""What ``/gatehouse`` says: what this person can do, and with which words."""

from typing import Any

from slack_sdk.models.blocks import Block

from blocks import apis, clients, kit
from bot.domain.help import Abilities

TITLE = "What you can do with Gatehouse"


def help_message(can: Abilities) -> tuple[str, list[dict[str, Any]]]:
    """Return the fallback text and the blocks of the help for one person."""
    lines = list(_lines(can))
    blocks: list[Block] = [kit.header(TITLE), *(kit.paragraph(line) for line in lines)]
    create = [kit.button("Create client", clients.CREATE, "any", style="primary")] if can.may_create else []
    if not can.refused:
        blocks.append(kit.buttons(*create, kit.button("Find an API", apis.FIND, "all")))
    return kit.escape(f"{TITLE}: " + " ".join(lines)), [block.to_dict() for block in blocks]


def _lines(can: Abilities) -> list[str]:
    if can.refused:
        return [can.refused]
    lines = [_create(can), "/apis [text]  –  find an API by its name, tag, organization or description, and its plans."]
    lines.append(f"/my-clients  –  see the {_counted(can.clients, 'client')} you may look at, and edit descriptions.")
    if can.approvals:
        lines.append("/approvals  –  see what waits for your approval, and decide.")
    lines.append("Everything is in the Home tab of this app, too.")
    if can.is_admin:
        lines.append("You are a platform admin: you may do this in every organization, and the audit says so.")
    return lines


def _create(can: Abilities) -> str:
    if not can.may_create:
        return "You can't create clients in any organization yet: ask an owner of one to make you a Client Developer."
    if can.personal:
        return "/create-client  –  create a client; you get a personal organization for it."
    where = _counted(can.organizations, "organization")
    return f"/create-client [organization]  –  create a client in one of your {where}."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
