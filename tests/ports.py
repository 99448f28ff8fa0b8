"""Ports for processes that have to be told theirs before they listen."""

import random
import socket
from pathlib import Path

LOWEST = 10_240
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_chance = random.SystemRandom()


def free_port() -> int:
    """Return a port of this machine that nobody listens on just now.

    It is below those that Linux gives to whoever connects somewhere (docs.kernel.org/networking/ip-sysctl.html): one of
    these may be gone before the process listens.
    """
    highest = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    while True:
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", _chance.randrange(LOWEST, max(highest, LOWEST + 1_000))))
            except OSError:
                continue
            return int(free.getsockname()[1])
