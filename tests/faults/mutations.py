"""Ways to spoil a genuine payload: whatever somebody could make of it, well signed all the same (RELIABILITY B15–B21).

Each way takes dice, the payload (changed in place) and a stock of what stands in other payloads and rows; it gives a
few words on what it did, or nothing if it does not fit. The same dice on the same corpus do the same again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.sandbox.records import Json
from tests.faults.corpus import Seed
from tests.faults.envelopes import DEEP
from tests.faults.furnished import FOREIGN
from tests.faults.oddities import ODD_TEXTS, ODD_VALUES

Place = tuple[Any, Any]
"""A container and the key or index in it."""
Way = Callable[[Random, Json, "Stock"], str]

PEOPLE = ("U0ADA", "U0BOB", "U0PAT", "U0EVE", "U0NEW", "U0GUS", "U0DAN", "U0SAM", "U0ROOT", "U0OLGA", "U0NOBODY")
TEAMS = (FOREIGN, "T0GATEHOUSE", "E0BIG", "T0FAR")
WHO = ("user.id", "user_id", "event.user", "event.user.id", "user.team_id", "team.id", "team_id", "context_team_id")


@dataclass(frozen=True)
class Stock:
    """What a mutation can take from elsewhere: other payloads, and the ids of rows by table in a steady order."""

    seeds: Sequence[Seed]
    ids: Mapping[str, Sequence[str]]

    def id(self, dice: Random, instead: object) -> str:
        """Return the id of another row: mostly one of the same table, which is what somebody would try."""
        same = next((ids for ids in self.ids.values() if instead in ids), None)
        return dice.choice(same if same and dice.random() < 0.7 else dice.choice(list(self.ids.values())))

    def view(self, dice: Random, type_: object) -> Json:
        """Return the view of some other payload, a modal or a Home."""
        views = [seed.payload["view"] for seed in self.seeds if seed.payload.get("view")]
        found: Json = json_copy(dice.choice([view for view in views if view["type"] == type_] or views))
        return found


def json_copy(value: Any) -> Any:
    """Return a copy of what consists of JSON only."""
    return json.loads(json.dumps(value))


def mutate(dice: Random, payload: Json, stock: Stock) -> list[str]:
    """Spoil a payload in one way or two, and return in words how."""
    done: list[str] = []
    wanted = 2 if dice.random() < 0.35 else 1
    while len(done) < wanted:
        way = dice.choices(WAYS, _WEIGHTS)[0]
        said = way(dice, payload, stock)
        if said:
            done.append(f"{way.__name__}: {said}")
    return done


def delete(dice: Random, payload: Json, _: Stock) -> str:
    """Take a node away."""
    holder, key = _somewhere(dice, payload)
    del holder[key]
    return _named(key)


def duplicate(dice: Random, payload: Json, _: Stock) -> str:
    """Let a node stand there twice."""
    holder, key = _somewhere(dice, payload)
    if isinstance(holder, list):
        holder.insert(dice.randint(0, len(holder)), json_copy(holder[key]))
    else:
        holder[dice.choice([f"{key} ", f"{key}__r2", key.upper(), "value", "type"])] = json_copy(holder[key])
    return _named(key)


def retype(dice: Random, payload: Json, _: Stock) -> str:
    """Put something of another type in the place of a node."""
    holder, key = _somewhere(dice, payload)
    value = dice.choice(ODD_VALUES)
    holder[key] = json_copy(value)
    return f"{_named(key)} = {value!r:.40}"


def swap(dice: Random, payload: Json, _: Stock) -> str:
    """Let two nodes change places."""
    (one, here), (other, there) = _somewhere(dice, payload), _somewhere(dice, payload)
    one[here], other[there] = json_copy(other[there]), json_copy(one[here])
    return f"{_named(here)}, {_named(there)}"


def rewrite(dice: Random, payload: Json, _: Stock) -> str:
    """Put a strange text in the place of one."""
    texts = [place for place in _weighed(dice, payload) if isinstance(place[0][place[1]], str)]
    if not texts:
        return ""
    holder, key = dice.choice(texts)
    text = dice.choice(ODD_TEXTS)
    holder[key] = text
    return f"{_named(key)} = {text!r:.40}"


def deepen(dice: Random, payload: Json, _: Stock) -> str:
    """Bury a node under nested lists."""
    holder, key = _somewhere(dice, payload)
    depth = dice.choice((60, 900, 5_000, 100_000))
    holder[key] = f"{DEEP}{depth}"
    return f"{_named(key)} {depth}"


def impersonate(dice: Random, payload: Json, _: Stock) -> str:
    """Let somebody else have done it."""
    places = [found for path in WHO[:4] if (found := _at(payload, path)) and isinstance(found[0][found[1]], str)]
    if not places:
        return ""
    who = dice.choice(PEOPLE)
    for holder, key in places:
        holder[key] = who
    if dice.random() < 0.2 and (home := _at(payload, "user.team_id")):
        home[0][home[1]] = dice.choice(TEAMS)
    return who


def relocate(dice: Random, payload: Json, _: Stock) -> str:
    """Let it come from another workspace."""
    places = [found for path in WHO[4:] if (found := _at(payload, path))]
    team = dice.choice(TEAMS)
    if dice.random() < 0.2:
        payload |= {"is_enterprise_install": True, "enterprise": {"id": team}, "enterprise_id": team}
        return f"enterprise {team}"
    if not places:
        return ""
    holder, key = dice.choice(places)
    if not isinstance(holder, dict):
        return ""
    holder[key] = team
    return f"{key} = {team}"


def aim(dice: Random, payload: Json, stock: Stock) -> str:
    """Name another row: a request, client, offer, draft or organization of somebody else's."""
    targets = [place for place in _ids(payload) if isinstance(place[0][place[1]], str)]
    if not targets:
        return ""
    holder, key = dice.choice(targets)
    holder[key] = stock.id(dice, holder[key])
    return _named(key)


def reroute(dice: Random, payload: Json, stock: Stock) -> str:
    """Send it to another handler, or as another kind of payload."""
    place = dice.choice(
        [
            _at(payload, path)
            for path in (
                "actions.0.action_id",
                "view.callback_id",
                "type",
                "callback_id",
                "action_id",
                "command",
                "event.type",
            )
        ]
    )
    if place is None or not isinstance(place[0], dict):
        return ""
    kinds = ("block_actions", "view_submission", "view_closed", "block_suggestion", "shortcut", "message_action")
    other = dice.choice(kinds) if place[1] == "type" else dice.choice(stock.seeds).route[1]
    place[0][place[1]] = other
    return f"{place[1]} = {other}"


def retarget(dice: Random, payload: Json, _: Stock) -> str:
    """Say that it happened in another window, channel, message or block."""
    paths = (
        "view.id",
        "view.root_view_id",
        "view.hash",
        "container.view_id",
        "container.channel_id",
        "container.message_ts",
        "channel.id",
        "message.ts",
        "actions.0.block_id",
        "response_url",
        "trigger_id",
        "channel_id",
    )
    place = dice.choice([_at(payload, path) for path in paths])
    if place is None or not isinstance(place[0], dict):
        return ""
    holder, key = place
    holder[key] = dice.choice(
        (
            "V0OTHER",
            "C0GENERAL",
            "C0APPROVALS",
            "D0NOWHERE",
            "1772442000.000001",
            "1.stale",
            "",
            "http://127.0.0.1:9/x",
            "https://hooks.slack.com@evil.example/x",
            "https://evil.example/hooks.slack.com",
        )
    )
    return f"{key} = {holder[key]}"


def restate(dice: Random, payload: Json, stock: Stock) -> str:
    """Carry the entries, the blocks or the whole of another window."""
    view = payload.get("view")
    if not isinstance(view, dict):
        return ""
    other = stock.view(dice, view.get("type"))
    what = dice.choice(("state", "blocks", "private_metadata", "callback_id", "everything"))
    if what == "everything":
        payload["view"] = other | {"id": view.get("id"), "hash": view.get("hash")}
    else:
        view[what] = other.get(what)
    return what


def remember(dice: Random, payload: Json, stock: Stock) -> str:
    """Change what a window carries along unseen."""
    view = payload.get("view")
    if not isinstance(view, dict) or not isinstance(view.get("private_metadata"), str):
        return ""
    try:
        carried = json.loads(view["private_metadata"] or "{}")
    except ValueError:
        return ""
    if not isinstance(carried, dict):
        return ""
    key = dice.choice([*carried, "draft", "contract", "client", "organization", "page", "offer", "kind", "text"])
    other = (stock.id(dice, carried.get(key)), dice.choice(ODD_TEXTS), json_copy(dice.choice(ODD_VALUES)))
    carried[key] = dice.choice(other)
    view["private_metadata"] = json.dumps(carried)
    return f"{key} = {carried[key]!r:.40}"


def retype_entry(dice: Random, payload: Json, stock: Stock) -> str:
    """Type something strange, or choose something that was not offered."""
    entries = [entry for entry in _entries(payload) if isinstance(entry, dict)]
    if not entries:
        return ""
    entry = dice.choice(entries)
    text = dice.choice((dice.choice(ODD_TEXTS), stock.id(dice, entry.get("value"))))
    if "selected_option" in entry:
        entry["selected_option"] = {"text": {"type": "plain_text", "text": text}, "value": text}
    else:
        entry["value"] = text
    return f"{text!r:.40}"


WAYS: tuple[Way, ...] = (
    delete,
    duplicate,
    retype,
    swap,
    rewrite,
    deepen,
    impersonate,
    relocate,
    aim,
    reroute,
    retarget,
    restate,
    remember,
    retype_entry,
)
_WEIGHTS = (8, 5, 9, 6, 10, 2, 10, 4, 14, 6, 5, 7, 9, 9)


def _entries(payload: Json) -> list[Any]:
    """Return what stands in the fields of a window, or what an action chose."""
    view = payload.get("view")
    state = view.get("state") if isinstance(view, dict) else None
    values = state.get("values") if isinstance(state, dict) else None
    blocks = values.values() if isinstance(values, dict) else ()
    found = [entry for block in blocks if isinstance(block, dict) for entry in block.values()]
    actions = payload.get("actions")
    return found + (actions if isinstance(actions, list) else [])


def _ids(payload: Json) -> list[Place]:
    """Return the places where an id of ours comes back: values, metadata, choices."""
    places: list[Place] = []
    for entry in _entries(payload):
        if isinstance(entry, dict):
            option = entry.get("selected_option")
            holder = option if isinstance(option, dict) else entry
            places += [(holder, "value")] if "value" in holder else []
    for path in ("value", "text"):
        places += [(payload, path)] if isinstance(payload.get(path), str) else []
    return places


def _at(payload: Json, path: str) -> Place | None:
    """Return the place at a dotted path, or None if there is none."""
    node: Any = payload
    *way, last = path.split(".")
    for step in way:
        if isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        elif isinstance(node, dict) and step in node:
            node = node[step]
        else:
            return None
    return (node, last) if isinstance(node, dict) and last in node else None


def _places(node: Any) -> list[Place]:
    """Return every place in a tree, in order."""
    found: list[Place] = []
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        found += _places(node[key])
    return found


_DULL = ("blocks", "message")
"""What is only shown: most nodes of a payload, of which few are ever read."""


def _weighed(dice: Random, payload: Json) -> list[Place]:
    """Return places to choose from: mostly those that a handler reads."""
    if dice.random() < 0.25:
        return _places(payload)
    view = payload.get("view")
    thin = {key: value for key, value in payload.items() if key not in (*_DULL, "view")}
    found = [(payload, key) for key in payload] + [place for value in thin.values() for place in _places(value)]
    if isinstance(view, dict):
        found += [(view, key) for key in view]
        found += [place for key, value in view.items() if key not in _DULL for place in _places(value)]
    return found


def _somewhere(dice: Random, payload: Json) -> Place:
    return dice.choice(_weighed(dice, payload))


def _named(key: Any) -> str:
    return str(key)
