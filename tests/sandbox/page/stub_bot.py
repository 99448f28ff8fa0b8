"""A small bot that shows every block and element, to drive the page with."""

import asyncio
import json
import socket
from typing import Any, Self

import uvicorn
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.page import screens

Json = dict[str, Any]

MANIFEST: Json = {
    "display_information": {"name": "Stubby"},
    "features": {
        "bot_user": {"display_name": "Stubby"},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "slash_commands": [
            {"command": "/form", "description": "Open a form with every kind of field", "usage_hint": "[topic]"},
            {"command": "/wizard", "description": "Create something in two steps"},
            {"command": "/whisper", "description": "Answer so that only you can see it", "usage_hint": "text"},
            {"command": "/post", "description": "Post a message with buttons into this channel"},
            {"command": "/silent", "description": "Answer nothing"},
            {"command": "/broken", "description": "Answer with an error"},
        ],
        "shortcuts": [
            {"name": "Open the form", "type": "global", "callback_id": "form", "description": "Every kind of field"}
        ],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "im:write", "users:read"]}},
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "message.im"]},
        "interactivity": {"is_enabled": True},
    },
}


class StubBot:
    """Serves ``/slack/events`` while the ``async with`` lasts. ``seen`` holds every payload, oldest first."""

    def __init__(self, token: str, api_url: str) -> None:
        self.client = AsyncWebClient(token=token, base_url=api_url)
        self.seen: list[Json] = []
        self.delay = 0.0
        self._later: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        app = Starlette(routes=[Route("/slack/events", self._events, methods=["POST"])])
        listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        self._server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
        self._serving = asyncio.create_task(self._server._serve(sockets=[listener]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving

    async def _events(self, request: Request) -> Response:
        if "json" in request.headers["content-type"]:
            body = await request.json()
        else:
            form = await request.form()
            body = json.loads(str(form["payload"])) if "payload" in form else {k: str(v) for k, v in form.items()}
        self.seen.append(body)
        await asyncio.sleep(self.delay)
        answer = await self._answer(body)
        return answer if isinstance(answer, Response) else JSONResponse(answer) if answer else Response()

    async def _answer(self, body: Json) -> Any:
        if "command" in body:
            return await self._command(body)
        kind = body["type"]
        if kind == "event_callback":
            return await self._event(body["event"])
        if kind == "shortcut":
            await self.client.views_open(trigger_id=body["trigger_id"], view=screens.form())
        elif kind == "block_suggestion":
            return screens.suggested(body["value"])
        elif kind == "view_submission":
            return screens.submitted(body["view"])
        elif kind == "block_actions":
            await self._action(body)
        return None

    async def _command(self, body: Json) -> Any:
        match body["command"]:
            case "/form":
                await self.client.views_open(trigger_id=body["trigger_id"], view=screens.form())
            case "/wizard":
                await self.client.views_open(trigger_id=body["trigger_id"], view=screens.step_one())
            case "/post":
                blocks = screens.request_card()
                await self.client.chat_postMessage(channel=body["channel_id"], text="A request", blocks=blocks)
            case "/whisper":
                return {"response_type": "ephemeral", "text": f"You said *{body['text']}* :eyes:"}
            case "/broken":
                return Response(status_code=500)
        return None

    async def _event(self, event: Json) -> None:
        if event["type"] == "app_home_opened" and event["tab"] == "home":
            await self.client.views_publish(user_id=event["user"], view=screens.home())

    async def _action(self, body: Json) -> None:
        action = body["actions"][0]
        if action["action_id"] == "open_form":
            await self.client.views_open(trigger_id=body["trigger_id"], view=screens.form())
        elif action["action_id"] == "back":
            await self.client.views_update(view_id=body["view"]["id"], view=screens.step_one())
        elif action["action_id"] == "decide.approve":
            blocks = screens.request_card(decided=f"Approved by <@{body['user']['id']}>")
            where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
            await self.client.chat_update(text="Approved", blocks=blocks, **where)
