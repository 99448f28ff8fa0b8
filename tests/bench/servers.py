"""The servers that are compared, each started as ``python -m tests.bench.servers NAME PORT API_URL``.

``bolt25``: Bolt for Python as its documentation starts it, 29 listeners, default settings. ``gatehouse-N``: Gatehouse's
own door with N handlers that do nothing; ``gatehouse``: with the mix's and every real id, whose handlers do nothing
either. What is measured is the way in and out.
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


def gatehouse(port: int, api: str, routes: int | None) -> None:
    """Serve Gatehouse's door with ``routes`` handlers, or with all real ids."""
    import uvloop  # noqa: PLC0415

    uvloop.run(_gatehouse(port, api, routes))


async def _gatehouse(port: int, api: str, routes: int | None) -> None:
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
    if routes is None:
        register_real(board)
    register(board, routes or 29)
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


def register_real(board: Any) -> None:
    """Register every id there is, with handlers that do nothing: the desk is asked for nothing while registering."""
    from handlers.registry import register_all  # noqa: PLC0415
    from handlers.replies import Reply  # noqa: PLC0415
    from handlers.switchboard import Switchboard  # noqa: PLC0415

    async def nothing(_: Any) -> Reply:
        return Reply.nothing()

    unused: Any = None
    real = Switchboard(slack=unused, allowed=bool, watch=unused, events=unused, clock=unused)
    register_all(real, unused, unused)
    taken = set(traffic.names())
    for route in real.routes():
        if (route.kind, route.name) not in taken:
            getattr(board, route.kind)(route.name)(nothing)


def main(name: str, port: str, api: str) -> None:
    """Serve until ended."""
    if name == "bolt25":
        bolt25(int(port), api)
    else:
        routes = name.partition("-")[2]
        gatehouse(int(port), api, int(routes) if routes else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
