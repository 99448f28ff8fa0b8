"""Faults on demand: what a bot must survive when it calls the Web API."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

BROKEN = {"500", "502", "503", "504", "html", "empty", "truncated", "list", "null", "bare", "trickle"}
"""Answers that say nothing of what happened: a server's error, a page of HTML, no byte, half of an answer, a list,
``null``, ``ok`` without anything else, and one that begins and never ends."""
CUT = {"reset_before", "reset_after", "timeout", "lost_answer"}
"""No answer at all. ``reset_before`` and ``timeout`` happen before the call is carried out, the others after it."""
KINDS = BROKEN | CUT | {"429", "slow"}
"""What can go wrong, besides ``error:CODE``."""


@dataclass(slots=True)
class Fault:
    """One planned fault.

    ``times`` is how often it still happens, ``fired`` how often it did, ``seconds`` how long it takes before anything
    happens. If it has ``acted``, the call is carried out first: the effect is in the workspace, and the bot does not
    learn of it.
    """

    method: str
    kind: str
    times: int = 1
    retry_after: str | None = "1"
    seconds: float = 0.0
    acted: bool = False
    about: str | None = None
    fired: int = 0


class Faults:
    """The faults that are planned."""

    def __init__(self) -> None:
        self._planned: dict[str | None, list[Fault]] = defaultdict(list)

    def add(
        self,
        *,
        method: str,
        kind: str,
        times: int = 1,
        retry_after: str | None = "1",
        seconds: float | None = None,
        acted: bool = False,
        about: str | None = None,
    ) -> Fault:
        """Let the next calls of a method fail.

        Args:
            method: a Web API method, ``response_url``, or ``*`` for any of them.
            kind: one of ``KINDS``, or ``error:CODE`` for an answer with this error code.
            times: how many calls fail.
            retry_after: what a 429 says in ``Retry-After`` (seconds, as text: it may be nonsense on purpose); None: no
                such header.
            seconds: how long it takes before anything happens; None: a second if it is ``slow``, else no time.
            acted: whether a call is carried out although its broken answer doesn't say so.
            about: only calls that name this channel or person, or the direct messages of this person.

        Raises:
            ValueError: there is no such kind, or it can't be said of it that it acted.
        """
        if kind not in KINDS and not kind.startswith("error:"):
            raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(KINDS))} and error:CODE")
        if acted and kind not in BROKEN and not kind.startswith("error:"):
            raise ValueError(f"{kind!r} says by itself whether the call is carried out")
        acted = acted or kind in {"reset_after", "lost_answer"}
        if seconds is None:
            seconds = 1.0 if kind == "slow" else 0.0
        fault = Fault(method, kind, times, retry_after, seconds, acted, about)
        self._planned[about].append(fault)
        return fault

    def take(self, method: str, about: str | None = None) -> Fault | None:
        """The fault for this call, if one is planned; it is used up by that.

        One that is planned for this channel or person comes before those for anybody, else the first one planned.
        """
        for place in dict.fromkeys((about, None)):
            for fault in self._planned.get(place, ()):
                if fault.method in (method, "*"):
                    return self._used(fault)
        return None

    def _used(self, fault: Fault) -> Fault:
        fault.times -= 1
        fault.fired += 1
        if fault.times <= 0:
            self._planned[fault.about].remove(fault)
        return fault

    def clear(self) -> None:
        """Plan no fault any more."""
        self._planned.clear()
