"""Connections that give way: none may wait for ever, and none that waits keeps others out."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from hubplanner.web.settings import Limits

LOOK_S = 1.0
"""Seconds between two looks at a connection."""
AT_ONCE = struct.pack("ii", 1, 0)
"""Lets the system drop what is left to send when a connection closes."""
_SORRY = b'{"error":"The app serves as many visitors as it can; try again in a moment.","faults":[]}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s" % (len(_SORRY), _SORRY)
)


class Connection(H11Protocol):
    """A connection that is closed where its client sends no whole request, or takes no answer, in the time it has.

    Where there are too many connections, of one client or of all, the one that has waited longest for a request gives
    way: of the client itself, or of the client with most. Connections whose request is being answered never do.
    """

    limits: Limits
    since = 0.0
    """When it began to wait for a request."""
    moved = 0.0
    """When its client last took something of an answer."""
    left = 0
    """Bytes that its client had yet to take at the last look."""
    looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection if there is room, or if one that waits can make room."""
        super().connection_made(transport)
        # asyncio does so only where a socket names its protocol. Else the body of each answer, sent after its head,
        # waits for the client to confirm the head: 44 ms where it takes 3, measured.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = self.moved = self.loop.time()
        if self._has_room():
            self.looking = self.loop.call_later(LOOK_S, self._look)
        else:
            transport.write(BUSY)
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking at what is gone."""
        if self.looking is not None:
            self.looking.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request from now on."""
        self.since = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Note that the client takes what it is sent."""
        self.moved = self.loop.time()
        super().resume_writing()

    @property
    def waits(self) -> bool:
        """Tell whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def who(self) -> Any:
        """The client's machine; the network of an IPv6 address, of which one client may have all."""
        return client_of("" if self.client is None else self.client[0])

    def _has_room(self) -> bool:
        """Tell whether there is room for this connection beside the others; make some if there is none."""
        each: dict[Any, list[Connection]] = {}
        for other in self._others():
            each.setdefault(other.who, []).append(other)
        own, total = each.get(self.who, []), sum(map(len, each.values()))
        if len(own) >= self.limits.connections_each:
            return _give_way(own)
        if total >= self.limits.connections:
            return _give_way(max(each.values(), key=len))
        return True

    def _others(self) -> Iterable[Connection]:
        return [other for other in self.connections if isinstance(other, Connection) and other is not self]

    def _look(self) -> None:
        """Close the connection where its client has been waited for too long."""
        now, left = self.loop.time(), self.transport.get_write_buffer_size()
        if left < self.left or not left:
            self.moved = now
        self.left = left
        is_late = self.waits and not left and now - self.since >= self.limits.pause_s
        is_stuck = now - self.moved >= self.limits.stall_s
        if is_late or is_stuck:
            self._end()
        else:
            self.looking = self.loop.call_later(LOOK_S, self._look)

    def _end(self) -> None:
        """Close at once; what was sent last may still arrive, what the client does not take is lost."""
        self.connections.discard(self)
        self._unset_keepalive_if_required()
        if self.transport.get_write_buffer_size():
            # Otherwise the system holds what is left for a client that takes nothing, and never tells it of the end.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.transport.abort()
        else:
            self.transport.close()


def _give_way(some: list[Connection]) -> bool:
    """Close the connection that has waited longest among some; tell whether there was one."""
    waiting = sorted((other for other in some if other.waits), key=lambda other: other.since)
    for other in waiting[:1]:
        other._end()  # noqa: SLF001 - of its own class
    return bool(waiting)


def client_of(host: str) -> Any:
    """Return what counts as one client: an IPv4 address, or the /64 network of an IPv6 address.

    >>> client_of("10.0.0.7")
    '10.0.0.7'
    >>> client_of("2001:db8::1") == client_of("2001:db8::2:1")
    True
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return ipaddress.ip_network((address, 64), strict=False)
    return str(getattr(address, "ipv4_mapped", None) or address)


def connection_class(limits: Limits) -> type[Connection]:
    """Return connections with the limits of a server."""
    return type("LimitedConnection", (Connection,), {"limits": limits})
