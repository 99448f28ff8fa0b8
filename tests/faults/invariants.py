"""What must hold after every fault (RELIABILITY C.1), checked against the database, Slack and what people were told.

``broken(world)`` returns a plain sentence for each breach, beginning with the invariant's number; none: all is well.
I5 and I10 to I12 are checked as far as a world at rest shows them; that it came to rest in time is for whoever waited.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from blocks.approvals import BEGINNINGS
from blocks.kit import escape
from bot.domain.clients import ContractStatus
from bot.sandbox.records import Message
from bot.store.audit import broken_rows
from tests.faults.world import Json, SignUp, World, as_text

LIVE = {"AwaitingApproval", "Active"}
DECISIONS = {
    "ApproveContract": "Active",
    "RejectContract": "Rejected",
    "WithdrawContract": "Withdrawn",
    "ExpireContract": "Expired",
}
COPIES = {"request", "waiting", "outcome"}
BUTTONS = {"request": {"Approve", "Reject", "Claim", "Ask for changes"}, "waiting": {"Withdraw"}}
"""On a copy while its request waits; on none afterwards."""
HARMLESS = ("Temporarily unavailable.", "Slack didn't tell us who you are just now")
"""Beginnings of sentences that promise nothing and ask for another try."""
PASSING = "Reminder"
"""How messages begin whose rows go once there is nothing to remind of; one may stand there all the same, unmarked."""
MARKUP = re.compile(r"<[^>]*>")
ACTIVE_ELEMENTS = {"user", "usergroup", "channel", "broadcast", "link", "team"}
"""Elements of rich text that mention or lead somewhere (docs.slack.dev/reference/block-kit/blocks/rich-text-block)."""


def broken(world: World) -> list[str]:
    """Return a sentence for each breach of an invariant."""
    return [sentence for check in CHECKS for sentence in check(world)]


def lost(world: World) -> Iterator[str]:
    """I1: what was answered as done is there, once, as it was asked for."""
    stored = _by_client(world)
    for one in world.told.sign_ups:
        found = stored.get(one.client, [])
        if one.told and not found:
            yield f"I1 lost: {one.client} of {one.user} was told “{one.told}” and has no contract."
        if found and not _is_what_was_asked(one, found[0]):
            yield f"I1 wrong: {one.client} asked for {one.api} under {one.plan} and has {as_text(found[0])}."
    contracts = world.contracts
    for id_ in world.told.rejected:
        if contracts.get(id_, {}).get("status") != "Rejected":
            yield f"I1 lost: somebody was told that they rejected {id_}, and it is not so."


def _is_what_was_asked(one: SignUp, contract: Json) -> bool:
    asked = (one.user, one.organization, one.api, one.plan)
    by = (contract["requested_by"] or {}).get("user")
    return asked == (by, contract["client"]["organization"], contract["api"]["id"], contract["plan"]["id"])


def ghosts(world: World) -> Iterator[str]:
    """I2: no answer left nothing or the whole, and nobody was told of a trouble that their own first try caused."""
    known, stored = {one.client for one in world.told.sign_ups}, _by_client(world)
    for client in world.export["clients"]:
        if client["name"] not in stored:
            yield f"I2 half-made: the client {client['name']} has no contract."
    for name, found in stored.items():
        if name not in known:
            yield f"I2 ghost: nobody signed {name} up."
        if len(found) > 1:
            yield f"I2 doubled: {name} signed up once and has {len(found)} contracts."
    for one in world.told.sign_ups:
        yield from (
            f"I2 untrue: {one.client} of {one.user} heard: {sentence}"
            for sentence in one.said
            if not sentence.startswith(HARMLESS)
        )


def doubles(world: World) -> Iterator[str]:
    """I3: at most one live contract of a client version with an API version; a client's name and id are there once."""
    live = Counter(
        (as_text(one["client"]), as_text(one["api"])) for one in world.export["contracts"] if one["status"] in LIVE
    )
    yield from (f"I3 doubled: {count} live contracts of {pair}." for pair, count in live.items() if count > 1)
    clients = world.export["clients"]
    for key in ("name", "id"):
        counted = Counter((one["organization"], one[key].lower()) for one in clients)
        yield from (f"I3 doubled: {count} clients {pair}." for pair, count in counted.items() if count > 1)


def decisions(world: World) -> Iterator[str]:
    """I4 and I11: one creation and, once decided, one decision in each chain; state, decider and audit agree."""
    found: dict[str, list[Json]] = defaultdict(list)
    for row in world.export["audit"]:
        if row["entity"] == "Contract":
            found[row["key"]].append(row)
    for contract in world.export["contracts"]:
        rows = found[_audit_key(contract)]
        chains = {contract["client"]["organization"], contract["api"]["organization"]}
        made = Counter(row["organization"] for row in rows if row["what"] == "CreateContract")
        if made != Counter(dict.fromkeys(chains, 1)):
            yield f"I11 audit: {_audit_key(contract)} was made {dict(made)} times by the audit."
        decided = [row for row in rows if row["what"] in DECISIONS]
        first = next((row["after"]["status"] for row in rows if row["what"] == "CreateContract"), "")
        changed = first == "AwaitingApproval" != contract["status"]
        if Counter(row["organization"] for row in decided) != Counter(dict.fromkeys(chains, 1) if changed else {}):
            yield f"I4 decisions: {_audit_key(contract)} is {contract['status']} with {len(decided)} decisions."
        for row in decided:
            by = row["actor"]["person"]
            if DECISIONS[row["what"]] != contract["status"] or by != contract["decided_by"]:
                yield f"I4 decisions: {_audit_key(contract)} is {contract['status']}, the audit says {row['what']}."


def authority(world: World) -> Iterator[str]:
    """I5: an approver of the provider decided, and not the requester; only the requester withdrew."""
    for contract in world.export["contracts"]:
        by, requester = contract["decided_by"], contract["requested_by"]
        if not by:
            continue
        approvers = world.plan.providers[contract["api"]["organization"]].approvers
        withdrawn = contract["status"] == "Withdrawn"
        right = by == requester if withdrawn else by["user"] in approvers and by != requester
        if not right:
            yield f"I5 authority: {by['user']} decided {contract['id']} ({contract['status']})."


def told_once(world: World) -> Iterator[str]:
    """I6: each destination that must hear has a row, and each row one visible message or a recorded reason."""
    visible = world.by_delivery
    rows: dict[str, list[Json]] = defaultdict(list)
    for row in world.notifications:
        rows[row["contract_id"]].append(row)
    known = {row["id"] for row in world.notifications}
    for id_ in visible.keys() - known - {""}:
        yield from (f"I6 unknown: {one.text}" for one in visible[id_] if not one.text.startswith(PASSING))
        yield from (f"I6 doubled: {one.text}" for one in visible[id_][1:])
    for contract in world.export["contracts"]:
        its = rows[contract["id"]]
        for row in its:
            yield from _standing(row, its, visible)
        wanted = _owed(world, contract)
        have = {(row["kind"], row["destination"]) for row in its if row["kind"] in COPIES}
        yield from (f"I6 nobody told: no {kind} of {contract['id']} to {to}." for kind, to in wanted - have)
        if not any(row["state"] == "failed" for row in its):
            yield from (f"I6 stray: {kind} of {contract['id']} to {to}." for kind, to in have - wanted)


def _standing(row: Json, others: list[Json], visible: dict[str, list[Message]]) -> Iterator[str]:
    said = f"{row['kind']} {row['id']} to {row['destination']}"
    there = visible.get(row["id"], [])
    if len(there) > 1:
        yield f"I6 doubled: {said} is visible {len(there)} times."
    elif row["state"] == "failed":
        fallback = [one for one in others if one is not row and one["kind"] in ("request", "trouble")]
        if not row["last_error"] or not fallback:
            yield f"I6 silent: {said} failed with “{row['last_error']}” and {len(fallback)} others were told."
    elif row["state"] == "pending":
        yield f"I6 late: {said} was not delivered, after {row['attempts']} attempts: {row['last_error']}."
    elif row.get("card_id"):
        if there or not visible.get(row["card_id"]):
            yield f"I6 card: {said} is on a card that is not visible, or has a message besides."
    elif [(one.channel, one.ts) for one in there] != [(row["channel"], row["ts"])]:
        yield f"I6 missing: {said} is marked as sent to {row['channel']} {row['ts']} and is not there."


def _owed(world: World, contract: Json) -> set[tuple[str, str]]:
    """Return kind and destination of every message that this contract must have brought about (SPEC 4.5, 5.1, 5.6)."""
    provider = world.plan.providers[contract["api"]["organization"]]
    requester = contract["requested_by"]["user"]
    if contract["plan"]["id"] not in provider.plans_with_approval:
        return {("outcome", requester)}
    owed = {("request", to) for to in provider.destinations} | {("waiting", requester)}
    if contract["status"] != "AwaitingApproval":
        admins = world.plan.admins.get(contract["client"]["organization"], frozenset())
        owed |= {("outcome", user) for user in {requester} | admins}
    return owed


def shown(world: World) -> Iterator[str]:
    """I7: each copy says what the database says: state, decider, client, and buttons of this very request or none."""
    contracts, names, visible = world.contracts, world.client_names, world.by_delivery
    for row in world.notifications:
        contract = contracts.get(row["contract_id"])
        if contract is None:
            yield f"I7 {row['kind']} {row['id']}: it is about a contract that is not there."
            continue
        name = names[contract["client"]["organization"], contract["client"]["id"]]
        for message in visible.get(row["id"], []):
            yield from (f"I7 {row['kind']} {row['id']}: {what}" for what in _differences(row, contract, name, message))


def _differences(row: Json, contract: Json, name: str, message: Message) -> Iterator[str]:
    kind, waits = row["kind"], contract["status"] == "AwaitingApproval"
    if row["wanted"] != row["shown"]:
        yield f"it shows revision {row['shown']} of {row['wanted']}."
    if kind not in COPIES:
        return
    state = BEGINNINGS[ContractStatus(contract["status"])]
    beginning = f"{state}:" if kind != "request" else "Approval request:" if waits else f"Approval request: {state}:"
    if not message.text.startswith(escape(beginning)) or escape(name) not in message.text:
        yield f"it says “{message.text[:120]}” about {name}, which is {contract['status']}."
    wanted = BUTTONS.get(kind, set()) if waits else set()
    pressed = {(label, value) for label, value in buttons(message)}
    if pressed != {(label, contract["id"]) for label in wanted}:
        yield f"it has the buttons {sorted(pressed)} and is {contract['status']}."
    by = contract["decided_by"]
    if by and kind in ("request", "outcome") and f"<@{by['user']}>" not in as_text(message.blocks):
        yield f"it does not say that {by['user']} decided."


def buttons(message: Message) -> list[tuple[str, str]]:
    """Return words and value of each button of a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [(one["text"]["text"], str(one.get("value", ""))) for row in rows for one in row]


def secrets(world: World) -> Iterator[str]:
    """I8: no secret in the export, a message, a log or the database."""
    places = {
        "export": as_text(world.export),
        "messages": as_text([message.as_json() for message in world.messages]),
        "logs": world.logs,
    }
    for what, secret in world.plan.secrets.items():
        yield from (
            f"I8 secrets: the {what} stands in the {place}." for place, text in places.items() if secret in text
        )
    yield from (f"I8 secrets: {sentence}." for sentence in world.leaks)


def answers(world: World) -> Iterator[str]:
    """I9: no 5xx, and nothing later than Slack waits."""
    for status, count in world.told.statuses.items():
        if status != 200:
            yield f"I9 answers: {count} times HTTP {status}."
    if world.told.slowest > world.plan.slowest:
        yield f"I9 answers: the slowest took {world.told.slowest:.2f} s."


def chained(world: World) -> Iterator[str]:
    """I11: the chains are whole, and each client was made once by the audit."""
    yield from (f"I11 audit: {sentence}" for sentence in broken_rows(world.audit, world.heads))
    made = Counter(
        (row["organization"], row["key"])
        for row in world.export["audit"]
        if (row["what"], row["entity"]) == ("Create", "Client")
    )
    for one in world.export["clients"]:
        if made[one["organization"], one["id"]] != 1:
            yield f"I11 audit: the client {one['name']} was made {made[one['organization'], one['id']]} times."


def leftovers(world: World) -> Iterator[str]:
    """I12: at rest nobody holds a claim, and no attempt is open."""
    for row in world.notifications:
        if row["lease_until"] is not None or row["posting_since"] is not None:
            yield f"I12 leftover: {row['kind']} {row['id']} is still claimed or being tried."


def markup(world: World) -> Iterator[str]:
    """I13: nothing in a message mentions or leads anywhere but to the request's own people."""
    contracts = world.contracts
    own = {row["id"]: contracts.get(row["contract_id"]) for row in world.notifications}
    for id_, messages in world.by_delivery.items():
        allowed = {f"<@{user}>" for user in _people_of(own.get(id_))}
        for message in messages:
            active = [one for text in _parsed(message) for one in MARKUP.findall(text)]
            strange = [one for one in active if one not in allowed and not one.startswith("<!date^")]
            strange += [one for one in MARKUP.findall(message.text) if one not in strange]
            strange += [kind for kind in _elements(message.blocks) if kind in ACTIVE_ELEMENTS]
            yield from (f"I13 markup: {one} in a message of {id_ or 'nobody'}." for one in strange)


def _people_of(contract: Json | None) -> set[str]:
    named = [contract["requested_by"], contract["decided_by"]] if contract else []
    return {one["user"] for one in named if one}


def _parsed(message: Message) -> Iterator[str]:
    """Yield the texts that Slack reads as mrkdwn."""
    for part in _parts(message.blocks):
        if part.get("type") == "mrkdwn":
            yield str(part["text"])


def _elements(blocks: list[Json]) -> Iterator[str]:
    """Yield the types of all parts of the rich text."""
    for part in _parts([block for block in blocks if block["type"] == "rich_text"]):
        yield str(part.get("type"))


def _parts(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(inner)


def tenancy(world: World) -> Iterator[str]:
    """I14: people and messages are of this workspace."""
    people = [one for part in ("contracts", "clients") for one in world.export[part]]
    teams = {
        one["team"]
        for entry in people
        for one in (entry.get("requested_by"), entry.get("decided_by"), entry.get("created_by"))
        if one
    }
    teams |= {str(message.team) for message in world.messages}
    teams |= {row["actor"]["person"]["team"] for row in world.export["audit"] if row["actor"]["person"]}
    yield from (f"I14 tenancy: something is of the team {team}." for team in teams - {world.team})


def _by_client(world: World) -> dict[str, list[Json]]:
    names = world.client_names
    found: dict[str, list[Json]] = defaultdict(list)
    for contract in world.export["contracts"]:
        found[names[contract["client"]["organization"], contract["client"]["id"]]].append(contract)
    return found


def _audit_key(contract: Json) -> str:
    client, api = contract["client"], contract["api"]
    return f"{client['id']}/{client['version']} → {api['id']}/{api['version']} {contract['plan']['id']}"


CHECKS: tuple[Callable[[World], Iterator[str]], ...] = (
    lost,
    ghosts,
    doubles,
    decisions,
    authority,
    told_once,
    shown,
    secrets,
    answers,
    chained,
    leftovers,
    markup,
    tenancy,
)
