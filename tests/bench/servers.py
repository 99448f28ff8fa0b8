"""The servers that are compared, each started as ``python -m tests.bench.servers NAME PORT API_URL``.

``bolt25``: Bolt for Python as its documentation starts it, 29 listeners, default settings. ``gatehouse-N``: Gatehouse's
own door with N handlers that do nothing: what is measured is the way in and out.
"""

import sys
from typing import Any

from tests.bench import traffic
from tests.bench.traffic import SECRET


def bolt25(port: int, api: str) -> None:
    """Serve Bolt for Python with uvicorn."""
    import uvicorn  # noqa: PLC0415 - each server loads only what it needs, so that memory can be compared
    from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler  # noqa: PLC0415
    from slack_bolt.async_app import AsyncApp  # noqa: PLC0415
    from slack_sdk.web.async_client import AsyncWebClient  # noqa: PLC0415

    app = AsyncApp(client=AsyncWebClient("xoxb-bench", base_url=api), signing_secret=SECRET)

    async def listener(ack: Any) -> None:
        await ack()

    async def suggesting(ack: Any) -> None:
        await ack(options=[])

    for register, names in (
        (app.command, traffic.COMMANDS),
        (app.shortcut, traffic.SHORTCUTS),
        (app.action, traffic.ACTIONS),
        (app.view_submission, traffic.SUBMISSIONS),
        (app.view_closed, traffic.CLOSED),
        (app.event, traffic.EVENTS),
    ):
        for name in names:
            register(name)(listener)
    for name in traffic.OPTIONS:
        app.options(name)(suggesting)
    uvicorn.run(AsyncSlackRequestHandler(app), port=port, log_level="warning", access_log=False)


def gatehouse(port: int, api: str, routes: int) -> None:
    """Serve Gatehouse's door with ``routes`` handlers."""
    import uvloop  # noqa: PLC0415

    uvloop.run(_gatehouse(port, api, routes))


async def _gatehouse(port: int, api: str, routes: int) -> None:
    from bot import logs, web  # noqa: PLC0415
    from bot.clock import SystemClock  # noqa: PLC0415
    from bot.edge import Edge, MemoryReplayCache  # noqa: PLC0415
    from bot.metrics import Metrics  # noqa: PLC0415
    from bot.slack import Slack  # noqa: PLC0415
    from handlers.lines import bolt, dispatch  # noqa: PLC0415
    from handlers.switchboard import Switchboard  # noqa: PLC0415

    logs.configure("json", "info", [SECRET])
    slack, clock, metrics = Slack("xoxb-bench", api), SystemClock(), Metrics()
    board = Switchboard(
        slack=slack, allowed={"T111"}.__contains__, watch=metrics, events=MemoryReplayCache(), clock=clock
    )
    register(board, routes)
    app = web.Web(
        edge=Edge([SECRET], MemoryReplayCache(), clock),
        dispatch=dispatch(bolt(board, slack.client)),
        readiness=web.Readiness({}),
        metrics=metrics,
    )
    await web.serve(app, "127.0.0.1", port, on_stop=slack.close, linger=0)


def register(board: Any, routes: int) -> None:
    """Fill a switchboard with others first, then with the mix's handlers, ``routes`` in all."""
    from handlers.replies import Reply  # noqa: PLC0415

    async def nothing(_: Any) -> Reply:
        return Reply.nothing()

    async def no_options(_: Any) -> Reply:
        return Reply.options([])

    wanted = traffic.names()
    add = {
        "command": board.command,
        "shortcut": board.shortcut,
        "action": board.action,
        "submission": board.submission,
        "closed": board.closed,
        "options": board.options,
        "event": board.event,
    }
    for number in range(routes - len(wanted)):
        board.action(f"other.{number}")(nothing)
    for kind, name in wanted[:routes]:
        add[kind](name)(no_options if kind == "options" else nothing)


def main(name: str, port: str, api: str) -> None:
    """Serve until ended."""
    if name == "bolt25":
        bolt25(int(port), api)
    else:
        gatehouse(int(port), api, int(name.partition("-")[2]))


if __name__ == "__main__":
    main(*sys.argv[1:])
