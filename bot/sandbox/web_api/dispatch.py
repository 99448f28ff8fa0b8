"""From an HTTP request at /api/METHOD to the method and back: token, scope, faults, Slack's way of saying no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.delivery import Delivery
from bot.sandbox.faults import Fault
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

_JSON = "application/json; charset=utf-8"
_HTML = b"<!DOCTYPE html><html><head><title>Server Error | Slack</title></head><body>Something broke.</body></html>"


def endpoint(at: Workspace, delivery: Delivery) -> Callable[[Request], Awaitable[Response]]:
    """The Starlette endpoint of /api/{method}."""

    async def answer(request: Request) -> Response:
        name = request.path_params["method"]
        args, body_token, problem = await _arguments(request, METHODS.get(name))
        token = _bearer(request) or body_token
        exchange = at.exchange("to Slack", name, args)
        begun = time.monotonic()
        fault = at.faults.take(name)
        with at.activity.under_way():
            response, seen = await _faulty(fault, request, lambda: _result(at, delivery, name, args, token, problem))
        exchange.status, exchange.response = response.status_code if seen is not None else 0, seen
        exchange.ms = (time.monotonic() - begun) * 1000
        at.changed("traffic")
        if fault and fault.kind in {"timeout", "lost_answer"}:
            await _until_gone(request)
        return response

    return answer


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


async def _faulty(fault: Fault | None, request: Request, run: Callable[[], Json]) -> tuple[Response, Any]:
    kind = fault.kind if fault else ""
    if fault is None or kind in {"slow", "reset_after", "lost_answer"}:
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        body = run()
        if kind == "reset_after":
            _reset(request)
        return _answer(request, body), body if kind in {"", "slow"} else None
    if kind == "reset_before":
        _reset(request)
    return _failure(fault), None if kind in {"reset_before", "timeout"} else {"fault": kind}


def _failure(fault: Fault) -> Response:
    if fault.kind == "429":
        body = orjson.dumps({"ok": False, "error": "ratelimited"})
        return Response(body, 429, {"Retry-After": fault.retry_after}, _JSON)
    if fault.kind == "html":
        return Response(_HTML, 200, media_type="text/html")
    if fault.kind == "empty":
        return Response(b"", 200, media_type=_JSON)
    if fault.kind.startswith("error:"):
        return Response(orjson.dumps({"ok": False, "error": fault.kind.removeprefix("error:")}), media_type=_JSON)
    return Response(b"Internal Server Error", 500, media_type="text/plain")


def _answer(request: Request, body: Json) -> Response:
    status = 200
    headers = {"x-slack-req-id": "sandbox", "x-oauth-scopes": request.app.state.scopes}
    method = METHODS.get(request.path_params["method"])
    if method and method.scopes:
        headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
    if body.get("error") == "ratelimited":
        status, headers["Retry-After"] = 429, "1"
    return Response(orjson.dumps(body), status, headers, _JSON)


def _reset(request: Request) -> None:
    transport: asyncio.Transport = request.scope["transport"]
    transport.abort()


async def _until_gone(request: Request) -> None:
    message = await request.receive()
    while message["type"] != "http.disconnect":
        message = await request.receive()


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
