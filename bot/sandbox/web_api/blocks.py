"""blocks.validate: the API's own checker (https://docs.slack.dev/reference/methods/blocks.validate)."""

from __future__ import annotations

from bot.sandbox.blockkit.shapes import Problems
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.surfaces import problems_of_blocks, problems_of_view
from bot.sandbox.web_api.call import Call, invalid, method

_GIVEN = ("blocks", "view", "message")

ARGUMENT = 100_000
"""Characters in one argument."""


@method("blocks.validate", reads_json=True)
def validate(call: Call) -> Json:
    """Check blocks, a view or a message and say what is wrong with it."""
    given = [name for name in _GIVEN if call.args.get(name) is not None]
    if len(given) != 1:
        raise invalid("must provide exactly one of `blocks`, `view`, or `message`")
    name = given[0]
    if isinstance(call.args[name], str) and len(call.args[name]) > ARGUMENT:
        raise invalid(f"[ERROR] must be less than {ARGUMENT + 1} characters [json-pointer:/{name}]")
    problems = _problems(name, call)
    if problems:
        raise Refused(f"invalid_{name}", errors=_told(problems))
    return {}


def _problems(name: str, call: Call) -> Problems:
    value = call.json(name)
    if name == "view":
        surface = value.get("type") if isinstance(value, dict) else None
        return problems_of_view(value, "home" if surface == "home" else "modal")
    return problems_of_blocks(value.get("blocks") if name == "message" and isinstance(value, dict) else value)


def _told(problems: Problems) -> list[Json]:
    return [
        {"code": "failed_constraint", "message": one.sentence, "pointer": one.pointer, "constraint": {"type": one.rule}}
        for one in problems
    ]
