"""The web page of the local workspace: act as any of its people in a browser.

Plain HTML from Jinja templates, kept alive by htmx and server-sent events. All state is in the workspace; the page
remembers only what each person has read.
"""

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route

from bot.sandbox.page.acts import Acts
from bot.sandbox.page.drawing import environment
from bot.sandbox.page.looking import Looking
from bot.sandbox.page.reading import Reading
from bot.sandbox.page.web import Files
from bot.sandbox.workspace import Workspace

_STATIC = Path(__file__).parent / "static"


def page_routes(workspace: Workspace) -> list[BaseRoute]:
    """Routes of the page, to be mounted at ``/`` beside the Web API."""
    reading = Reading(workspace)
    looking = Looking(workspace, environment(), reading)
    acts = Acts(workspace, looking, reading)
    return [
        Route("/", looking.front),
        Mount("/static", Files(directory=_STATIC)),
        Mount("/as/{person}", routes=[*_sights(looking), *_actions(acts)]),
    ]


def _sights(looking: Looking) -> list[BaseRoute]:
    return [
        Route("/", looking.start),
        Route("/c/{channel}", looking.see_channel),
        Route("/c/{channel}/posts", looking.posts),
        Route("/c/{channel}/t/{ts}", looking.see_channel),
        Route("/c/{channel}/t/{ts}/posts", looking.thread_posts),
        Route("/app", looking.see_app),
        Route("/home", looking.see_home),
        Route("/home/view", looking.home),
        Route("/sidebar", looking.side),
        Route("/modal", looking.modal),
        Route("/toasts", looking.toasts),
        Route("/traffic", looking.traffic),
        Route("/traffic/{number:int}", looking.exchange),
        Route("/options", looking.options),
        Route("/events", looking.events),
    ]


def _actions(acts: Acts) -> list[BaseRoute]:
    return [
        Route("/send", acts.send, methods=["POST"]),
        Route("/shortcut", acts.shortcut, methods=["POST"]),
        Route("/fill", acts.fill, methods=["POST"]),
        Route("/enter", acts.enter, methods=["POST"]),
        Route("/press", acts.press, methods=["POST"]),
        Route("/submit", acts.submit, methods=["POST"]),
        Route("/cancel", acts.cancel, methods=["POST"]),
        Route("/dismiss", acts.dismiss, methods=["POST"]),
        Route("/toasts/close", acts.close_toast, methods=["POST"]),
    ]
