"""What the stub bot shows: between them, every block and element of the page."""

from typing import Any

Json = dict[str, Any]

NAMES = ("Acme Payments", "Acme Logistics", "Ångström & Söhne <GmbH>", "Northwind Traders", "Zebra *Crossing*")


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str | None = None) -> Json:
    return {"text": plain(text), "value": value or text.lower().replace(" ", "-")}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    body = {"action_id": f"{block_id}.set"} | element
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": body} | more


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text)} | more


def suggested(query: str) -> Json:
    """The answer to somebody typing; "many" gets a list that was cut."""
    if query == "many":
        return {"option_groups": [{"label": plain("3 of 240: type more"), "options": suggested("acme")["options"]}]}
    found = [option(name, f"o{at}") for at, name in enumerate(NAMES) if query.lower() in name.lower()]
    return {"options": found}


def form() -> Json:
    colours = [option("Red"), option("Green"), option("Blue")]
    days = [option("Monday"), option("Tuesday")]
    kinds = [option("New client"), option("Existing client")]
    blocks = [
        {"type": "header", "block_id": "head", "text": plain("Everything at once")},
        {"type": "context", "block_id": "ctx", "elements": [mrkdwn("Step 1 of 3 · *all* fields")]},
        field("name", "Name", {"type": "plain_text_input", "max_length": 60}, hint=plain("Shown to everybody.")),
        field("about", "Description", {"type": "plain_text_input", "multiline": True}, optional=True),
        field("organization", "Organization", {"type": "external_select", "min_query_length": 0}),
        field("colour", "Colour", {"type": "static_select", "options": colours}, optional=True),
        field("days", "Days", {"type": "multi_static_select", "options": days}, optional=True),
        field("kind", "Client", {"type": "radio_buttons", "options": kinds}),
        field("terms", "Terms", {"type": "checkboxes", "options": [option("I accept the terms")]}, optional=True),
        field("day", "Start", {"type": "datepicker"}, optional=True),
        field("who", "Person", {"type": "users_select"}, optional=True),
        field("where", "Channel", {"type": "conversations_select"}, optional=True),
    ]
    labels = {"title": plain("Every field"), "submit": plain("Save"), "close": plain("Cancel")}
    return {"type": "modal", "callback_id": "form", "notify_on_close": True, "blocks": blocks} | labels


def step_one() -> Json:
    blocks = [
        {"type": "context", "block_id": "step", "elements": [mrkdwn("Step 1 of 2")]},
        field("title", "Name", {"type": "plain_text_input"}),
        field("org", "Organization", {"type": "external_select", "min_query_length": 0}),
    ]
    labels = {"title": plain("Create Thing"), "submit": plain("Next"), "close": plain("Cancel")}
    return {"type": "modal", "callback_id": "one", "blocks": blocks} | labels


def step_two(name: str, organization: str) -> Json:
    blocks = [
        {"type": "context", "block_id": "step", "elements": [mrkdwn("Step 2 of 2")]},
        {"type": "section", "block_id": "sum", "fields": [plain(f"Name: {name}"), plain(f"In: {organization}")]},
        {"type": "actions", "block_id": "nav", "elements": [button("Back", "back")]},
    ]
    labels = {"title": plain("Create Thing"), "submit": plain("Create"), "close": plain("Cancel")}
    return {"type": "modal", "callback_id": "two", "blocks": blocks} | labels


def submitted(view: Json) -> Json | None:
    """The answer to a submission."""
    values = view["state"]["values"]
    if view["callback_id"] != "one":
        return None
    name = values["title"]["title.set"]["value"]
    if "<" in name:
        return {"response_action": "errors", "errors": {"title": f"A name cannot contain <: {name}"}}
    organization = values["org"]["org.set"]["selected_option"]["text"]["text"]
    return {"response_action": "update", "view": step_two(name, organization)}


def request_card(decided: str = "") -> list[Json]:
    ask = {"title": plain("Reject it?"), "text": mrkdwn("They are told *at once*."), "confirm": plain("Reject")}
    menu = {"type": "overflow", "action_id": "more", "options": [option("Show history"), option("Copy link")]}
    buttons = [
        button("Approve", "decide.approve", style="primary", value="42"),
        button("Reject", "decide.reject", style="danger", value="42", confirm=ask | {"deny": plain("Not now")}),
        menu,
    ]
    words = "*Payments 1.4* · Gold plan\n> We need it for the <https://example.com/q|autumn launch>\nby <!date^1700000000^{date_short_pretty} at {time}|then>"  # noqa: E501
    quoted = {"type": "rich_text_section", "elements": [{"type": "text", "text": "Asked by "}, _bold("Ada <Lovelace>")]}
    return [
        {"type": "header", "block_id": "h", "text": plain("A sign-up waits for approval")},
        {"type": "section", "block_id": "s", "text": mrkdwn(words)},
        {"type": "rich_text", "block_id": "r", "elements": [quoted]},
        {"type": "divider", "block_id": "d"},
        {"type": "section", "block_id": "f", "fields": [mrkdwn("*Client*\nShop `2.0`"), mrkdwn("*Plan*\nGold 2.0")]},
        {"type": "context", "block_id": "c", "elements": [mrkdwn(decided)]}
        if decided
        else {"type": "actions", "block_id": "a", "elements": buttons},
    ]


def _bold(text: str) -> Json:
    return {"type": "text", "text": text, "style": {"bold": True}}


def home() -> Json:
    blocks = [
        {"type": "header", "block_id": "h", "text": plain("My clients")},
        {
            "type": "section",
            "block_id": "s1",
            "text": mrkdwn("*Shop* 2.0\nReady · Acme Payments"),
            "accessory": button("Open", "open_form"),
        },
        {"type": "actions", "block_id": "a", "elements": [button("Create client", "open_form", style="primary")]},
        {"type": "divider", "block_id": "d"},
        {"type": "image", "block_id": "i", "image_url": "https://example.com/x.png", "alt_text": "A chart of calls"},
    ]
    return {"type": "home", "blocks": blocks}
