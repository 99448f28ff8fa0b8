"""From an HTTP request at /api/METHOD to the method and back: token, scope, faults, Slack's way of saying no."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.delivery import Delivery
from bot.sandbox.misbehaving import answered, hold
from bot.sandbox.records import Json
from bot.sandbox.refused import Refused
from bot.sandbox.web_api import auth, blocks, chat, conversations, usergroups, users, views  # noqa: F401 - fill the table
from bot.sandbox.web_api.call import METHODS, Call, Method
from bot.sandbox.workspace import Workspace

_BREACHES = {
    "missing_scope": "missing_scope",
    "unknown_method": "unknown_method",
    "push_limit_reached": "view.stack",
    "too_many_users": "dm.open",
    "too_many_attachments": "post.size",
}
"""Error codes that a correct bot never gets, and the rule it broke."""


def endpoint(at: Workspace, delivery: Delivery) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of /api/{method}."""

    async def answer(request: Request) -> Response:
        name = request.path_params["method"]
        args, body_token, problem = await _arguments(request, METHODS.get(name))
        token = _bearer(request) or body_token
        exchange = at.exchange("to Slack", name, args)
        begun = time.monotonic()
        fault = at.faults.take(name, _about(at, args))

        def run() -> tuple[int, dict[str, str], Json]:
            return _dressed(at, name, _result(at, delivery, name, args, token, problem))

        with at.activity.under_way():
            response, exchange.status, exchange.response = await answered(fault, request, run)
        exchange.ms = (time.monotonic() - begun) * 1000
        at.changed("traffic")
        await hold(fault, request)
        return response

    return answer


def _about(at: Workspace, args: Json) -> str | None:
    """The channel or person that a call names; for direct messages the person they are with."""
    named = next((str(args[name]) for name in ("channel", "users", "user") if args.get(name)), None)
    channel = at.channels.get(named or "")
    return (channel.user if channel else None) or named


def _result(at: Workspace, delivery: Delivery, name: str, args: Json, token: str, problem: str | None) -> Json:
    try:
        method = _allowed(at, name, token, problem)
        return {"ok": True} | method.run(Call(at, delivery, args))
    except Refused as refused:
        rule = _BREACHES.get(refused.code)
        if rule:
            needed = refused.details.get("needed", "")
            at.violated(rule, f"{name} is refused: {refused.code} {needed}".strip())
        return refused.as_json()


def _allowed(at: Workspace, name: str, token: str, problem: str | None) -> Method:
    if problem:
        raise Refused(problem)
    method = METHODS.get(name)
    if method is None:
        raise Refused("unknown_method", req_method=name)
    if method.caller != "none":
        _authorise(at, method, token)
    return method


def _authorise(at: Workspace, method: Method, token: str) -> None:
    if not token:
        raise Refused("not_authed")
    if token not in (at.bot_token, at.app_token):
        raise Refused("invalid_auth")
    if (token == at.app_token) != (method.caller == "app"):
        raise Refused("not_allowed_token_type")
    if at.revoked and method.caller == "bot":
        raise Refused(at.revoked)
    scopes = at.manifest.scopes
    if method.caller == "bot" and method.scopes and not set(method.scopes) & set(scopes):
        raise Refused("missing_scope", needed=method.scopes[0], provided=",".join(scopes))


def _dressed(at: Workspace, name: str, body: Json) -> tuple[int, dict[str, str], Json]:
    """The answer with the status and headers that Slack gives it."""
    headers = {"x-slack-req-id": "sandbox", "x-oauth-scopes": ",".join(at.manifest.scopes)}
    method = METHODS.get(name)
    if method and method.scopes:
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
    if body.get("error") == "ratelimited":
        return 429, headers | {"Retry-After": "1"}, body
    return 200, headers, body


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


async def _arguments(request: Request, method: Method | None) -> tuple[Json, str, str | None]:
    """Arguments, the token among them, and the error code if the body can't be read."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    problem: str | None = None
    if request.method == "POST":
        body = await request.body()
        if kind == "multipart/form-data":
            args |= {key: str(value) for key, value in (await request.form()).items()}
        elif kind == "application/json":
            args, problem = _json_arguments(args, body, method)
        elif kind in {"application/x-www-form-urlencoded", "text/plain"}:
            args |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        elif body:
            problem = "invalid_post_type" if kind else "missing_post_type"
    return args, str(args.pop("token", "") or ""), problem


def _json_arguments(args: Json, body: bytes, method: Method | None) -> tuple[Json, str | None]:
    if method and not method.reads_json:
        return args, None
    try:
        parsed = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return args, "invalid_json"
    return (args | parsed, None) if isinstance(parsed, dict) else (args, "json_not_object")
