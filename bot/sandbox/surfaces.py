"""Checks of whole views and messages; a breach is recorded and, if the workspace is strict, refused."""

from __future__ import annotations

from typing import Any

from bot.sandbox.refused import Refused
from bot.sandbox.workspace import Workspace


def check_view(at: Workspace, body: Any, surface: str) -> None:
    """Refuse a view that is not one of this surface."""
    if not isinstance(body, dict) or body.get("type") != surface or not isinstance(body.get("blocks"), list):
        raise Refused("invalid_arguments")


def check_blocks(at: Workspace, blocks: Any) -> None:
    """Refuse blocks that a message can't hold."""
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks")
