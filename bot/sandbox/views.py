"""Modals and App Homes: the stack of views each client shows, and how a view changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.completion import completed
from bot.sandbox.fields import Pair, carried, state_values
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused

STACK_LIMIT = 3
"""Views in a modal stack: one opened, two pushed (https://docs.slack.dev/surfaces/modals)."""


@dataclass(slots=True)
class View:
    """One view that a person sees. ``body`` is what the bot gave, completed as Slack completes it."""

    id: str
    seat: str
    body: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    typed: dict[Pair, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    busy: bool = False

    @property
    def blocks(self) -> list[Json]:
        """Its blocks."""
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def type(self) -> str:
        """``modal`` or ``home``."""
        return str(self.body["type"])

    @property
    def title(self) -> str:
        """The title's text ("" for a home)."""
        return str(self.body["title"]["text"]) if self.type == "modal" else ""

    @property
    def submit_label(self) -> str | None:
        """The words on the submit button; None if there is none."""
        submit = self.body.get("submit")
        return str(submit["text"]) if submit else None

    @property
    def close_label(self) -> str:
        """The words on the close button: Slack's own "Cancel" if the bot gave none."""
        return str((self.body.get("close") or {}).get("text", "Cancel"))

    def replace(self, body: Json, view_hash: str) -> None:
        """Show another body in the same place; fields of the same block_id and action_id keep what they hold."""
        new = completed(body)
        self.typed = carried(self.blocks, self.typed, new["blocks"])
        self.body, self.hash, self.errors = new, view_hash, {}


class Screens:
    """Which views are open where. A *seat* is one client of one person: "U1", or "U1/phone" for a second device."""

    def __init__(self) -> None:
        self.stacks: dict[str, list[list[View]]] = {}
        self.homes: dict[str, View] = {}
        self._open: dict[str, View] = {}

    def stack(self, seat: str) -> list[View]:
        """The modal stack in front, top last; empty if no modal is open."""
        stacks = self.stacks.get(seat)
        return stacks[-1] if stacks else []

    def find(self, view_id: str | None, external_id: str | None = None) -> View:
        """An open view.

        Raises:
            Refused: ``not_found``: never there, or closed by the person.
        """
        view = self._open.get(view_id or "") or self._named(external_id)
        if view is None:
            raise Refused("not_found")
        return view

    def open(self, seat: str, view: View) -> None:
        """Open a modal; one that is open already waits behind it (slackapi/bolt-js#1827)."""
        self._check_external_id(view)
        self.stacks.setdefault(seat, []).append([view])
        self._open[view.id] = view

    def push(self, seat: str, view: View) -> None:
        """Push a view on the open stack.

        Raises:
            Refused: ``not_found`` without an open modal, ``push_limit_reached`` above three views.
        """
        stack = self.stack(seat)
        if not stack:
            raise Refused("not_found")
        if len(stack) >= STACK_LIMIT:
            raise Refused("push_limit_reached")
        self._check_external_id(view)
        view.root_view_id, view.previous_view_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._open[view.id] = view

    def publish(self, user: str, view: View) -> None:
        """Show this view as the person's App Home."""
        old = self.homes.get(user)
        if old:
            self._open.pop(old.id, None)
        self.homes[user] = view
        self._open[view.id] = view

    def close(self, view: View) -> None:
        """Take one view off its stack."""
        self._open.pop(view.id, None)
        for stack in self.stacks.get(view.seat, []):
            if view in stack:
                stack.remove(view)
        self._drop_empty(view.seat)

    def clear(self, seat: str) -> None:
        """Close the whole stack in front."""
        for view in self.stack(seat):
            self._open.pop(view.id, None)
        if self.stacks.get(seat):
            self.stacks[seat].pop()
        self._drop_empty(seat)

    def is_open(self, view: View) -> bool:
        """Whether the person still has it before them."""
        return view.id in self._open

    def _drop_empty(self, seat: str) -> None:
        self.stacks[seat] = [stack for stack in self.stacks.get(seat, []) if stack]

    def _check_external_id(self, view: View) -> None:
        if self._named(view.body.get("external_id")):
            raise Refused("duplicate_external_id")

    def _named(self, external_id: str | None) -> View | None:
        named = (view for view in self._open.values() if view.body.get("external_id") == external_id)
        return next(named, None) if external_id else None


def new_hash(now: float) -> str:
    """A view's hash in Slack's format; another one after every change."""
    return f"{int(now)}.{secrets.token_urlsafe(6)}"


def view_state(view: View) -> Json:
    """``view.state`` of a payload."""
    return {"values": state_values(view.blocks, view.typed)}
