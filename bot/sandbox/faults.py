"""Faults on demand: what a bot must survive when it calls the Web API."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {"429", "500", "html", "empty", "reset_before", "reset_after", "timeout", "lost_answer", "slow"}
"""What can go wrong, besides ``error:CODE``.

``reset_before`` and ``timeout`` happen before the call is carried out, ``reset_after`` and ``lost_answer`` after it:
there the effect is in the workspace, and the bot does not learn of it.
"""


@dataclass(slots=True)
class Fault:
    """One planned fault; ``times`` is how often it still happens, ``seconds`` how long ``slow`` takes."""

    method: str
    kind: str
    times: int = 1
    retry_after: str = "1"
    seconds: float = 1.0


class Faults:
    """The faults that are planned."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def add(self, *, method: str, kind: str, times: int = 1, retry_after: str = "1", seconds: float = 1.0) -> Fault:
        """Let the next calls of a method fail.

        Args:
            method: a Web API method, ``response_url``, or ``*`` for any of them.
            kind: one of ``KINDS``, or ``error:CODE`` for an answer with this error code.
            times: how many calls fail.
            retry_after: what a 429 says in ``Retry-After`` (seconds, as text: it may be nonsense on purpose).
            seconds: how long ``slow`` takes.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in KINDS and not kind.startswith("error:"):
            raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(KINDS))} and error:CODE")
        fault = Fault(method, kind, times, retry_after, seconds)
        self.planned.append(fault)
        return fault

    def take(self, method: str) -> Fault | None:
        """The fault for this call, if one is planned; it is used up by that."""
        for fault in self.planned:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.planned.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Plan no fault any more."""
        self.planned.clear()
