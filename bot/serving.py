"""``gatehouse serve``: settings, logs, and then the bot until a signal ends it."""

import asyncio
import contextlib
import sys

import structlog

from bot import __version__, exposure, logs
from bot.bootstrap import serve_forever
from bot.settings import Settings, load

log = structlog.get_logger(__name__)


def serve() -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        WrongSettings: something about the settings makes it impossible.
    """
    settings = load().for_serving()
    exposure.refuse(settings)
    form = settings.log_format or ("console" if sys.stderr.isatty() else "json")
    logs.configure(form, settings.log_level, _secrets(settings))

    def started(port: int) -> None:
        log.info("serving", version=__version__, mode=settings.mode, host=settings.host, port=port)

    with fast_loop() as runner:
        runner.run(serve_forever(settings, started=started))


def fast_loop() -> contextlib.AbstractContextManager[asyncio.Runner]:
    """Return a runner on uvloop where there is one; elsewhere Python's own loop does."""
    try:
        import uvloop  # noqa: PLC0415 - not everywhere there is one
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def quietly() -> None:
    """Show warnings and errors only: what the demo's people see is in the browser."""
    logs.configure("console", "warning")


def _secrets(settings: Settings) -> list[str]:
    several = (*settings.signing_secrets, *settings.secret_keys)
    return [secret for secret in (settings.bot_token, settings.app_token, settings.authorize_token, *several) if secret]
