"""App Home: what somebody has, and where they can go from here."""

from typing import Any

from slack_sdk.models.blocks import Block, DividerBlock

from blocks import apis, approvals, clients, kit
from bot.domain.clients import ClientPage
from bot.domain.contracts import Queue

ALL = "home.clients"


def refused_view(sentence: str) -> dict[str, Any]:
    """Return the App Home of somebody who can do nothing here, and why."""
    return kit.home([kit.header("My clients"), kit.paragraph(sentence)])


def home_view(page: ClientPage, queue: Queue) -> dict[str, Any]:
    """Return somebody's App Home."""
    blocks: list[Block] = [kit.header("My clients")]
    blocks += [clients.line(client) for client in page.clients] or [kit.paragraph("You have no clients yet.")]
    if page.total > len(page.clients):
        blocks.append(kit.note(f"{page.first}–{page.last} of {page.total:,}"))
    elements = [kit.button("Create client", clients.CREATE, "any", style="primary")]
    elements.append(kit.button("Find an API", apis.FIND, "all"))
    if page.clients:
        elements.append(kit.button("All my clients", ALL, "all"))
    blocks += [kit.buttons(*elements, block_id="home_actions"), DividerBlock(), *_waiting(queue)]
    blocks.append(kit.note("Type `/gatehouse` anywhere to see everything you can do."))
    return kit.home(blocks)


def _waiting(queue: Queue) -> list[Block]:
    """Return what waits for this person's decision: the oldest, and the way to the rest."""
    blocks: list[Block] = [kit.header("Waiting for my approval")]
    if not queue.contracts:
        return [*blocks, kit.paragraph("Nothing is waiting for your approval.")]
    for contract in queue.contracts:
        blocks += approvals.waiting_blocks(contract)
    if queue.total > len(queue.contracts):
        counted = approvals.counted(queue)
        blocks += [kit.note(counted), kit.buttons(kit.button("All requests", approvals.TO_QUEUE, "all"))]
    return blocks
