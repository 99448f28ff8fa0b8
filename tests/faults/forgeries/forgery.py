"""What one class of forgeries is: how it is made, what it must meet, and which honest request is like it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from tests.faults.forgeries.genuine import EVENT, Genuine
from tests.faults.forgeries.rawhttp import Sending, chunked, in_chunks, plain, request

Make = Callable[[Random, Genuine], Sending]
ANY = "any"
"""The shape of a class that can be made from each."""


class Verdict(StrEnum):
    """What becomes of a class of requests. No handler runs for any but the last, and nothing is written for any."""

    REFUSED = "refused"
    """Answered with one of its statuses, or hung up on."""
    SETTLED = "settled"
    """Answered 200 and left: replays, probes, another workspace."""
    LEFT = "left"
    """Signed nonsense: a handler may look at it."""


@dataclass(frozen=True)
class Forgery:
    """One class.

    Args:
        name: a sentence about it.
        make: makes one request of it from a genuine one.
        statuses: what it may be answered with; with none, it must be hung up on without an answer.
        verdict: what becomes of it.
        shape: what it is made from.
        control: makes the honest request that is like it and must be accepted, from the very same genuine one.
        slow: whether it takes its time by design: such a one is not timed, and not part of a flood.
        cut: whether its answer may be lost, as the connection ends while the request still comes.
        once: whether it is so well signed that the same one again counts as a replay.
        replays: made from a request that was answered before: ``same`` or ``other`` says by which process.
    """

    name: str
    make: Make
    statuses: frozenset[int]
    verdict: Verdict = Verdict.REFUSED
    shape: str = ANY
    control: Make = lambda _, one: plain(one.headers, one.body)
    slow: bool = False
    cut: bool = False
    once: bool = False
    replays: str = ""


def classes(made: Mapping[str, Make], *statuses: int, **settings: object) -> list[Forgery]:
    """Return a class for each entry of a table, all with the same statuses and settings."""
    return [Forgery(name, make, frozenset(statuses), **settings) for name, make in made.items()]  # type: ignore[arg-type]


def dressed(_: Random, one: Genuine) -> Sending:
    """Return the genuine request with headers that count for nothing."""
    extra = [("x-slack-retry-num", "1"), ("cookie", "d=1"), ("x-slack-bolt-lazy-only", "1"), ("x-a", "b"), ("x-a", "c")]
    return plain([*one.headers, *extra], one.body)


def shouted(_: Random, one: Genuine) -> Sending:
    """Return the genuine request with its header names in capitals."""
    return plain([(name.upper(), value) for name, value in one.headers], one.body)


def said_to_be_utf_8(_: Random, one: Genuine) -> Sending:
    """Return the genuine request with a content type that names its charset."""
    return plain(one.instead("content-type", f'{one.kind}; charset="UTF-8"'), one.body)


def almost_late(rng: Random, one: Genuine) -> Sending:
    """Return the genuine request signed up to 290 seconds from now: it may wait for some before it is looked at."""
    other = replace(one, stamp=str(int(time.time()) + rng.choice((-290, -200, 200, 290))))
    return plain(other.headers, other.body)


def anew(_: Random, one: Genuine) -> Sending:
    """Return the genuine request as one that is none of those before: signed a second earlier, its event another."""
    fresh = {"event_id": f"{one.payload['event_id']}A"} if one.shape == EVENT else {}
    other = one.saying(**fresh).later(-1)
    return plain(other.headers, other.body)


def cut_up(_: Random, one: Genuine) -> Sending:
    """Return the genuine request in well-formed chunks."""
    return chunked(one.headers, in_chunks(one.body, 100))


def in_pieces(_: Random, one: Genuine) -> Sending:
    """Return the genuine request as a slow line brings it."""
    whole = request(one.headers, one.body)
    size = len(whole) // 5 + 1
    return Sending(tuple(whole[start : start + size] for start in range(0, len(whole), size)), pause=0.02)


def twice_at_once(_: Random, one: Genuine) -> Sending:
    """Return the genuine request twice in one piece: the second is a replay of the first."""
    return Sending((request(one.headers, one.body) * 2,), answers=2)
