"""One connection of a client, with the limits that uvicorn leaves to a proxy: whoever only talks is not listened to.

uvicorn waits for the end of a request for ever, takes headers of any size, and logs every request that is no HTTP: an
open port needs less than that (RELIABILITY B15, G4, I12). How big a body may be is the edge's affair.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WHOLE_REQUEST = 10.0
"""Seconds for a request to arrive whole, and for the first one of a connection to begin: twice what a body has."""
MOST_HEAD = 64 * 1024
"""Bytes of request line and headers after which no more are waited for; Slack's take less than 1 kB."""

Told = Callable[[str, int], None]
"""Takes the reason for which a request was turned away, one of a few fixed words, and the answer's status."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection; ``told`` hears of what is turned away before there is a request to answer."""

    def __init__(self, *arguments: Any, told: Told, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._told = told
        self._deadline: asyncio.TimerHandle | None = None
        self._whole = False
        """Whether what came last ended a request; then only who answers it is waited for."""
        self._head = 0
        """Bytes read of a request whose headers are not complete."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; the answer to what can't be parsed is one line, and the connection's last."""
        self._unset_keepalive_if_required()
        self._whole = False
        self._head += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._turn_away("no HTTP", "Invalid HTTP request received.")
        except httptools.HttpParserUpgrade:
            pass  # there is nothing to upgrade to: the request is answered like any other
        else:
            if self._head > MOST_HEAD:
                self._turn_away("long headers", "Request headers are too long.")
        if not self._whole:
            self._wait()

    def on_message_begin(self) -> None:
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._whole = True
        self._wait_no_more()
        super().on_message_complete()

    def _wait(self) -> None:
        """Give what is not whole its time, counted from its first byte."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(WHOLE_REQUEST, self._give_up)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self._told("slow request", 408)
            self.transport.close()

    def _turn_away(self, reason: str, sentence: str) -> None:
        self._told(reason, 400)
        self.send_400_response(sentence)
