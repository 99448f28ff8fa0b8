"""App Home: what somebody has, and where they can go from here."""

from typing import Any

from slack_sdk.models.blocks import Block, DividerBlock

from blocks import clients, kit
from bot.domain.clients import ClientPage

ALL = "home.clients"


def refused_view(sentence: str) -> dict[str, Any]:
    """Return the App Home of somebody who can do nothing here, and why."""
    return kit.home([kit.header("My clients"), kit.paragraph(sentence)])


def home_view(page: ClientPage) -> dict[str, Any]:
    """Return somebody's App Home."""
    blocks: list[Block] = [kit.header("My clients")]
    blocks += [clients.line(client) for client in page.clients] or [kit.paragraph("You have no clients yet.")]
    if page.total > len(page.clients):
        blocks.append(kit.note(f"{page.first}–{page.last} of {page.total:,}"))
    elements = [kit.button("Create client", clients.CREATE, "any", style="primary")]
    if page.clients:
        elements.append(kit.button("All my clients", ALL, "all"))
    blocks += [kit.buttons(*elements, block_id="home_actions"), DividerBlock()]
    blocks.append(kit.note("Type `/gatehouse` anywhere to see everything you can do."))
    return kit.home(blocks)
