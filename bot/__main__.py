"""``python3 -m bot``: the command line, which also works in a fresh clone with nothing installed.

In a clone the first start makes ``.venv`` and installs what ``requirements.lock`` names, by hash; later starts see the
stamp it left and go straight on. Where everything is installed already (a wheel, a container, an active virtual
environment) nothing is made. Standard library only, and readable by old Pythons, so that they can be told apart.
"""

from __future__ import annotations  # an old Python must get as far as its sentence

import os
import sys
from importlib import import_module, util
from pathlib import Path

from bot.checkout import Checkout, extras_for

OLDEST = (3, 11)


def prepare(checkout: Checkout, arguments: list[str]) -> Path | None:
    """Return the Python to go on with, installing what is missing; None if this one has everything.

    Raises:
        bot.first_start.Stopped: it can't be done; says why, and what to do.
    """
    if not checkout.lock.exists():
        return None  # an installed wheel
    extras = extras_for(arguments)
    inside = Path(sys.prefix).resolve() == checkout.venv.resolve()
    if set(extras) <= set(checkout.installed()):
        return None if inside else checkout.python
    # Looking for one package is the cheap answer in a fresh clone. In our own .venv a stamp out of date means old pins.
    ours = inside and checkout.stamp.exists()
    if not ours and util.find_spec("slack_bolt") and import_module("bot.first_start").everything_here(checkout, extras):
        return None
    import_module("bot.first_start").install(checkout, extras)
    return checkout.python


def main() -> None:
    """Make sure that everything is installed, then be the command line."""
    if sys.version_info[:2] < OLDEST:
        sys.exit("Gatehouse needs Python {}.{} or newer, and this is {}.{}.".format(*OLDEST, *sys.version_info[:2]))
    try:
        python = prepare(Checkout(Path(__file__).resolve().parent.parent), sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    if python:
        os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606 - the same command line in another Python
    import_module("bot.cli").main()


if __name__ == "__main__":
    main()
