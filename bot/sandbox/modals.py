"""Opening, changing and publishing views: what views.* and the answers to a submission both do."""

from __future__ import annotations

from typing import Any

from bot.sandbox.completion import completed
from bot.sandbox.fields import Pair
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.surfaces import check_view
from bot.sandbox.views import View, new_hash
from bot.sandbox.workspace import Workspace, new_id


def open_view(at: Workspace, trigger_id: str, body: Json) -> View:
    """views.open: a modal for whoever the trigger is from."""
    check_view(at, body, "modal")
    trigger = at.triggers.look(trigger_id)
    view = _new(at, trigger.seat, body)
    at.screens.open(trigger.seat, view)
    trigger.used = True
    _shown(at, view)
    return view


def push_view(at: Workspace, trigger_id: str, body: Json) -> View:
    """views.push: one more view on the stack of whoever the trigger is from."""
    check_view(at, body, "modal")
    trigger = at.triggers.look(trigger_id)
    view = push_on(at, trigger.seat, body)
    trigger.used = True
    return view


def push_on(at: Workspace, seat: str, body: Json) -> View:
    """Push a view that has been checked."""
    view = _new(at, seat, body)
    at.screens.push(seat, view)
    _shown(at, view)
    return view


def update_view(at: Workspace, view: View, body: Json, given_hash: str | None = None) -> View:
    """views.update: another body for an open view.

    Raises:
        Refused: ``hash_conflict`` if the view has changed since ``given_hash``; ``invalid_arguments``.
    """
    check_view(at, body, view.type)
    if given_hash and given_hash != view.hash:
        raise Refused("hash_conflict")
    view.replace(body, new_hash(at.now()))
    _shown(at, view)
    return view


def publish_view(at: Workspace, user: str, body: Json, given_hash: str | None = None) -> View:
    """views.publish: the App Home of a person."""
    check_view(at, body, "home")
    if not at.manifest.home_enabled:
        raise Refused("not_enabled")
    old = at.screens.homes.get(user)
    if old and given_hash and given_hash != old.hash:
        raise Refused("hash_conflict")
    view = _new(at, user, body, view_id=old.id if old else None)
    at.screens.publish(user, view)
    _shown(at, view)
    return view


def _new(at: Workspace, seat: str, body: Json, view_id: str | None = None) -> View:
    view_id = view_id or new_id("V")
    typed: dict[Pair, Any] = {}
    return View(view_id, seat, completed(body), new_hash(at.now()), view_id, typed=typed)


def _shown(at: Workspace, view: View) -> None:
    at.changed(f"{view.type}:{view.seat}")
