"""From what Slack sent to one of the frozen payloads, or a reason why not.

Everything here is total: a field of the wrong type reads as absent, and a payload whose person, kind or id cannot be
named raises ``Unreadable``; nothing else is ever raised, whatever the JSON looks like.
"""

from collections.abc import Callable
from typing import Any

from bot.domain.people import Person
from handlers.payloads import Click, Closed, Command, Event, Json, Payload, Shortcut, Submission, Suggestion, View

LONGEST_ID = 255
"""``callback_id``, ``action_id`` and ``block_id`` have at most 255 characters (docs.slack.dev/reference/block-kit)."""

WITHOUT_ACTOR = frozenset(
    {
        "app_uninstalled",
        "channel_id_changed",
        "channel_shared",
        "channel_unshared",
        "subteam_members_changed",
        "subteam_updated",
        "team_access_granted",
        "team_access_revoked",
        "tokens_revoked",
    }
)
"""Events that nobody does: their person has an empty user id (docs.slack.dev/reference/events)."""


class Unreadable(Exception):
    """The payload names no person, no kind or no id. The text says which, and repeats nothing of the payload."""


def read(body: Json) -> Payload:
    """Return the payload that ``body`` is.

    Raises:
        Unreadable: kind, person or id is missing or has the wrong shape.
    """
    if "command" in body:
        return _command(body)
    reader = _READERS.get(_text(body.get("type")))
    if reader is None:
        raise Unreadable("unknown kind")
    return reader(body)


def value_of(action: Json) -> str:
    """Return what a click chose: a button's value, the chosen option, person, channel, date or the text typed."""
    option = _object(action.get("selected_option"))
    if option:
        return _text(option.get("value"))
    for key in ("value", "selected_user", "selected_conversation", "selected_channel", "selected_date"):
        if isinstance(action.get(key), str):
            return _text(action[key])
    return ""


def _command(body: Json) -> Command:
    return Command(
        person=_person(_installation(body, body.get("team_id"), body.get("enterprise_id")), body.get("user_id")),
        kind="command",
        name=_name(body.get("command")),
        trigger=_text(body.get("trigger_id")),
        response_url=_text(body.get("response_url")),
        text=_typed(body.get("text")).strip(),
        channel=_text(body.get("channel_id")),
        body=body,
    )


def _shortcut(body: Json) -> Shortcut:
    return Shortcut(kind="shortcut", name=_name(body.get("callback_id")), **_shared(body))


def _message_shortcut(body: Json) -> Shortcut:
    return Shortcut(kind="message_shortcut", name=_name(body.get("callback_id")), **_shared(body))


def _click(body: Json) -> Click:
    actions = body.get("actions")
    action = _object(actions[0]) if isinstance(actions, list) and actions else {}
    place = _object(body.get("container"))
    return Click(
        kind="action",
        name=_name(action.get("action_id")),
        value=value_of(action),
        view=_view(body.get("view")) if body.get("view") else None,
        channel=_text(place.get("channel_id")) or _text(_object(body.get("channel")).get("id")),
        ts=_message_ts(body, place),
        **_shared(body),
    )


def _message_ts(body: Json, place: Json) -> str:
    """Return which message was pressed in; what only one person saw is no message that could be found again."""
    if place.get("is_ephemeral"):
        return ""
    return _text(place.get("message_ts")) or _text(_object(body.get("message")).get("ts"))


def _submission(body: Json) -> Submission:
    view = _view(body.get("view"))
    return Submission(kind="submission", name=_name(view.callback), view=view, **_shared(body))


def _closed(body: Json) -> Closed:
    view = _view(body.get("view"))
    cleared = body.get("is_cleared") is True
    return Closed(kind="closed", name=_name(view.callback), view=view, cleared=cleared, **_shared(body))


def _suggestion(body: Json) -> Suggestion:
    return Suggestion(
        kind="options",
        name=_name(body.get("action_id")),
        text=_typed(body.get("value")),
        view=_view(body.get("view")) if body.get("view") else None,
        **_shared(body),
    )


def _event(body: Json) -> Event:
    event = _object(body.get("event"))
    name = _name(event.get("type"))
    installation = _installed_in(body)
    actor = event.get("user") or event.get("user_id")
    user = actor.get("id") if isinstance(actor, dict) else actor
    person = Person(team=installation, user="") if name in WITHOUT_ACTOR else _person(installation, user)
    home = _text(event.get("user_team")) or _text(_object(actor).get("team_id"))
    return Event(person=person, kind="event", name=name, home_team=home, event=event, body=body)


def _installed_in(body: Json) -> str:
    """Return the installation an event is for (docs.slack.dev/apis/events-api)."""
    grants = body.get("authorizations")
    grant = _object(grants[0]) if isinstance(grants, list) and grants else {}
    team = body.get("context_team_id") or grant.get("team_id") or body.get("team_id")
    return _installation(grant, team, grant.get("enterprise_id") or body.get("enterprise_id"))


def _shared(body: Json) -> dict[str, Any]:
    user = _object(body.get("user"))
    team, enterprise = _object(body.get("team")), _object(body.get("enterprise"))
    return {
        "person": _person(_installation(body, team.get("id"), enterprise.get("id")), user.get("id")),
        "trigger": _text(body.get("trigger_id")),
        "response_url": _text(body.get("response_url")),
        "home_team": _text(user.get("team_id")),
        "body": body,
    }


def _view(raw: object) -> View:
    view = _object(raw)
    blocks = view.get("blocks")
    return View(
        id=_text(view.get("id")),
        is_modal=view.get("type") == "modal",
        root=_text(view.get("root_view_id")) or _text(view.get("id")),
        callback=_text(view.get("callback_id")),
        hash=_text(view.get("hash")),
        metadata=_text(view.get("private_metadata")),
        values=_values(view.get("state")),
        blocks=tuple(block for block in blocks if isinstance(block, dict)) if isinstance(blocks, list) else (),
    )


def _values(state: object) -> Json:
    """Return ``state.values`` with only objects at its two levels, so that readers need not look twice."""
    values = _object(_object(state).get("values"))
    return {
        block: {name: entry for name, entry in entries.items() if isinstance(entry, dict)}
        for block, entries in values.items()
        if isinstance(entries, dict)
    }


def _person(installation: str, user: object) -> Person:
    return Person(team=installation, user=_identity(user, "no person"))


def _installation(grant: Json, team: object, enterprise: object) -> str:
    """Return whose installation this is: a workspace's, or an enterprise's.

    An organization-wide install names no team in windows, but the workspace somebody is in in commands and events:
    without a look at the flag one person would be two (slack/RULES.md, rule 11).
    """
    if enterprise and grant.get("is_enterprise_install") in (True, "true"):
        return _identity(enterprise, "no workspace")
    return _identity(team or enterprise, "no workspace")


def _identity(raw: object, reason: str) -> str:
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_ID and raw.isascii() and raw.isalnum():
        return raw
    raise Unreadable(reason)


def _name(raw: object) -> str:
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_ID:
        return raw
    raise Unreadable("no id")


def _object(raw: object) -> Json:
    return raw if isinstance(raw, dict) else {}


def _text(raw: object) -> str:
    """Return a string that no database refuses: one with NUL in it names nothing of ours and reads as absent."""
    return raw if isinstance(raw, str) and "\0" not in raw else ""


def _typed(raw: object) -> str:
    """Return what somebody typed, without the NUL that PostgreSQL's text refuses (RELIABILITY B19)."""
    return raw.replace("\0", "") if isinstance(raw, str) else ""


_READERS: dict[str, Callable[[Json], Payload]] = {
    "shortcut": _shortcut,
    "message_action": _message_shortcut,
    "block_actions": _click,
    "view_submission": _submission,
    "view_closed": _closed,
    "block_suggestion": _suggestion,
    "event_callback": _event,
}
