"""How people and the app appear: name, initials, a steady colour, and badges in words."""

from dataclasses import dataclass

from bot.sandbox.records import Member
from bot.sandbox.workspace import Workspace

SHADES = 8
"""Avatar colours in the style sheet (``shade-0`` …)."""


@dataclass(frozen=True, slots=True)
class Face:
    """One author or person on the screen."""

    id: str
    name: str
    initials: str
    shade: str
    badges: tuple[str, ...] = ()
    is_app: bool = False


def face_of(workspace: Workspace, user_id: str) -> Face:
    """The face of this id; somebody unknown is shown by id."""
    member = workspace.people.get(user_id)
    if member is None:
        return Face(user_id, user_id, "?", _shade(workspace, user_id))
    if member.is_bot:
        return Face(member.id, member.real_name, member.real_name[:1].upper(), "avatar-app", is_app=True)
    return Face(
        member.id,
        member.real_name,
        _initials(member.real_name),
        _shade(workspace, member.id),
        badges(workspace, member),
    )


def badges(workspace: Workspace, member: Member) -> tuple[str, ...]:
    """What is unusual about this person, in words."""
    guest = "Single-channel guest" if member.is_ultra_restricted else "Guest" if member.is_restricted else ""
    team = workspace.teams.get(member.team_id)
    elsewhere = "" if member.team_id == workspace.team_id else f"From {team.name if team else member.team_id}"
    words = ("Admin" if member.is_admin else "", guest, "Deactivated" if member.deleted else "", elsewhere)
    return tuple(word for word in words if word)


def humans(workspace: Workspace) -> list[Face]:
    """Everyone whom the page can act as, in the order they were added."""
    return [face_of(workspace, member.id) for member in workspace.people.values() if not member.is_bot]


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or [name or "?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def _shade(workspace: Workspace, user_id: str) -> str:
    """Neighbours in the list of people never share a colour."""
    known = list(workspace.people)
    return f"shade-{known.index(user_id) % SHADES}" if user_id in workspace.people else "shade-0"
