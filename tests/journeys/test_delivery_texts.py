"""Hostile texts in every field: nothing that leaves mentions, links or marks up what we did not mean (RELIABILITY B18).

The oracle reads what the local workspace received: any mrkdwn and any fallback text may hold only those ``<…>`` that
the bot itself writes, and what people wrote stands there as they wrote it, in text that Slack does not parse.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bot.sandbox.records import Exchange
from tests.journeys.conftest import OpenHouse
from tests.journeys.house import House
from tests.journeys.market import CATALOG
from tests.journeys.signing import choose_plan, request, statuses

Json = dict[str, Any]
HOSTILE = (
    "<!channel>", "<!here>", "<!everyone>", "<!subteam^S0ADMINS>", "<!subteam^S0ADMINS|@admins>", "<@U0ADA>",
    "<@U0ADA|ada>", "<#C0GENERAL>", "<#C0GENERAL|general>", "<http://evil.example|https://bank.example>",
    "<https://evil.example>", "<mailto:a@evil.example|mail>", "<tel:+3120>", "<!date^1392734382^{date}|today>",
    "<!date^1392734382^{date}^https://evil.example|today>", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;",
    "&#60;!channel&#62;", "<<!channel>>", "<!channel", "!channel>", "@channel", "@here", "@everyone", "#general",
    "*bold* _it_ ~gone~", "`code` ```block```", "> quoted", ">>> quoted", "```", ":white_check_mark: Approved",
    "Approved by <@U0ADA>", "line\nApproved: all of it", "a\r\nb\rc", "| pipe | in | it", "{0.__class__} %s %(a)s",
    "${jndi:ldap://evil.example}", "{{7*7}}", "'; DROP TABLE contracts; --", "\\u003c!channel\\u003e",
    "https://evil.example/?a=1&b=2", "www.evil.example", "a@evil.example", "&" * 400, "<" * 400, "😀" * 200,
    "e\u0301" * 90,
)  # fmt: skip
REFUSED = ("a\u202eb", "a\u2066b", "a\u200bb", "a\x00b", "a\x1b[31mb", "tag\U000e0041", "\u2028\x07")
ACTIVE = re.compile(r"<[^>]*>")
OURS = re.compile(r"<@U[A-Z0-9]+>|<!date\^\d+\^\{date_short_pretty\} at \{time\}\|[0-9: UTC-]+>")
MESSAGES = {"chat.postMessage", "chat.update", "chat.postEphemeral"}


@pytest.fixture
async def market(opened: OpenHouse) -> AsyncIterator[House]:
    async with opened(catalog=CATALOG) as house:
        keep_all(house)
        yield house


def keep_all(house: House) -> None:
    """Forget nothing of what goes over the wire."""
    house.workspace.traffic = deque()


def sent(house: House) -> Iterator[Exchange]:
    """Yield every call and every answer of the bot in which Slack shows something to somebody."""
    for one in house.workspace.traffic:
        if one.direction == "to Slack" and one.name not in ("users.info", "auth.test"):
            yield one


def parsed(value: object, is_message: bool) -> Iterator[str]:
    """Yield every text in which Slack parses mentions and links."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value["text"])
        elif is_message and isinstance(value.get("text"), str) and "type" not in value:
            yield value["text"]
        for inner in value.values():
            yield from parsed(inner, is_message=False)
    elif isinstance(value, list):
        for inner in value:
            yield from parsed(inner, is_message=False)


def active(house: House) -> list[str]:
    """Return what mentions or links in all that was sent, and is not ours."""
    found = []
    for one in sent(house):
        for text in parsed(one.request, is_message=one.name in MESSAGES or one.name == "response_url"):
            found += [piece for piece in ACTIVE.findall(text) if not OURS.fullmatch(piece)]
    answers = [one.response for one in house.workspace.traffic if one.direction == "to bot"]
    for text in parsed(answers, is_message=False):
        found += [piece for piece in ACTIVE.findall(text) if not OURS.fullmatch(piece)]
    return found


def refused(house: House) -> list[Any]:
    """Return the calls that Slack refused."""
    return [one.response for one in sent(house) if isinstance(one.response, dict) and not one.response.get("ok")]


def loud(house: House) -> list[str]:
    """Return the posts that may link names or unfurl."""
    posts = [one.request for one in sent(house) if one.name == "chat.postMessage" and one.request.get("blocks")]
    return [
        str(one)
        for one in posts
        if str(one.get("link_names")).lower() not in ("false", "0")
        or one.get("parse") != "none"
        or str(one.get("unfurl_links")).lower() not in ("false", "0")
    ]


async def ask(house: House, name: str, reason: str, description: str) -> None:
    bob = house.bob
    await choose_plan(bob)
    if "Existing client" in bob.sees() and house.clients():
        await bob.choose("Client to sign up", "New client")
    await bob.fill("Name", name)
    await bob.fill("Version", "1.0")
    await bob.fill("Description", description)
    await bob.fill("Reason", reason)
    await bob.submit("Next", force=True)


async def test_hostile_reasons_and_descriptions_are_shown_as_they_are_and_do_nothing(market: House) -> None:
    for number, text in enumerate(HOSTILE):
        one_line = text[:60] if text.isprintable() else ""
        await ask(market, f"Till {number} {one_line}", text, text)
        assert market.bob.modal and market.bob.modal.submit_label == "Sign Up", (text, market.bob.sees())
        if number % 6 == 0:
            await market.bob.submit("Sign Up")
            await market.delivered()
            assert "\n".join(text.splitlines()) in str(shown(request(market).blocks)), text
            await market.pat.command("/approvals")
            await market.pat.dismiss()
            await market.pat.press("Reject", message=request(market))
            await market.pat.fill("Reason", text)
            await market.pat.submit("Reject")
            await market.delivered()
        else:
            await market.bob.cancel()
    assert active(market) == [] and refused(market) == [] and loud(market) == []
    assert set(statuses(market)) == {"Rejected"}


def shown(blocks: list[Json]) -> str:
    """Return the words of all rich text in blocks, unparsed."""
    pieces = [
        element for block in blocks if block["type"] == "rich_text" for element in block["elements"][0]["elements"]
    ]
    return "".join(piece["text"] for piece in pieces)


async def test_texts_that_hide_something_are_refused_at_their_field(market: House) -> None:
    for text in REFUSED:
        await ask(market, "Till", text, "")
        assert "Reason" in market.bob.errors, repr(text)
        await market.bob.cancel()
    assert statuses(market) == []


def hostile_catalog(name: str, terms: str) -> str:
    quoted = name.replace("'", "''")
    return f"""
version: 1
organizations:
  - name: '{quoted}'
    approval_channel: C0APPROVALS
    members: [{{user: U0ADA, roles: [Owner]}}]
    plans: [{{name: '{quoted}', version: "1.0", description: '{quoted}'}}]
    apis:
      - name: '{quoted}'
        version: "1.0"
        description: '{quoted}'
        endpoint: https://api.example/a?b=1&c=2
        terms: {{url: '{terms}', version: '2026-03'}}
        plans: [{{plan: '{quoted}', version: "1.0", requires_approval: true}}]
"""


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("Pay <!channel> <@U0ADA> & co", "https://acme.example/terms?a=1&b=%3C!channel%3E"),
        ("W" * 80, "https://acme.example/" + "&" * 1900),
        ("<https://evil.example|Bank> " + "&" * 50, "https://acme.example/terms#&lt;!channel&gt;"),
    ],
    ids=["mentions", "at the limits", "links"],
)
async def test_hostile_and_longest_names_from_a_catalog_fit_every_window_and_message(
    opened: OpenHouse, name: str, terms: str
) -> None:
    async with opened(catalog=CATALOG + hostile_catalog(name, terms).split("organizations:\n")[1]) as market:
        keep_all(market)
        bob = market.bob
        await bob.command("/apis", name[:20])
        await bob.press("Learn More")
        await bob.press("Sign Up")
        await bob.fill("Name", "N" * 80)
        await bob.fill("Version", "1" * 40)
        await bob.fill("Description", "&" * 512)
        await bob.fill("Reason", "&" * 1000)
        await bob.submit("Next")
        await bob.tick("I accept the terms and conditions")
        await bob.submit("Next")
        await bob.submit("Sign Up")
        await market.delivered()
        await market.ada.command("/approvals")
        await market.ada.dismiss()
        await market.ada.press("Reject", message=request(market))
        await market.ada.fill("Reason", "<" * 1000)
        await market.ada.submit("Reject")
        await market.delivered()
        links = [piece for piece in active(market) if not piece.startswith("<https://acme.example/terms")]
        assert links == [] and refused(market) == []
        assert statuses(market) == ["Rejected"]
        assert "N" * 80 in str(request(market).blocks)
        assert bob.inbox()[-1].text.startswith("Rejected")
