"""Celery's Redis transport, without the copy of a message that a run has no use for.

For every message that a worker receives, the transport writes a copy into Redis and removes it once the
message is acknowledged, so that another worker gets it if this one dies in between. A run has the bridge for
that: it sends a run that nobody claims again, sooner and without a doubt. What a person sends keeps its copy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from kombu.transport import redis
from kombu.transport.virtual import base
from kombu.utils.encoding import bytes_to_str

from aiplane.ledger.runs import RUN_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable

    from kombu.asynchronous import Hub


class RunQoS(redis.QoS):
    """Record of the messages that were received and not yet acknowledged."""

    def append(self, message: Any, delivery_tag: str) -> None:
        """Take note of a message that was received."""
        if RUN_HEADER in message.headers:
            base.QoS.append(self, message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Forget a message that is about to be worked on."""
        message = self._delivered.get(delivery_tag)
        if message is not None and RUN_HEADER in message.headers:
            base.QoS.ack(self, delivery_tag)
        else:
            super().ack(delivery_tag)


class RunChannel(redis.Channel):
    """A channel with these acknowledgements, which knows since when the broker owes it an answer."""

    QoS = RunQoS

    asked_at: float | None = None
    """When the broker was asked for a message, by this process' clock; None while it is not asked."""

    def _brpop_start(self, timeout: float | None = None) -> None:
        super()._brpop_start(timeout)
        self.asked_at = time.monotonic() if self._in_poll else None

    def _brpop_read(self, **options: Any) -> Any:
        self.asked_at = None
        return super()._brpop_read(**options)

    def _handle_message(self, client: Any, reply: Any) -> Any:
        message = super()._handle_message(client, reply)
        if bytes_to_str(message["type"]) == "psubscribe":
            self.connection.admitted = True
            RunTransport.on_admitted()
        return message


class RunTransport(redis.Transport):
    """The transport, for :mod:`aiplane.worker.broker`."""

    Channel = RunChannel

    admitted = False
    """Whether the broker has let this connection subscribe to something: it refuses who has no right to."""

    on_admitted: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    """Called when it has; a pool says so whenever it offers its slots anew."""

    def register_with_event_loop(self, connection: Any, loop: Hub) -> None:
        """Have the loop read what comes."""
        super().register_with_event_loop(connection, _OnceReading(loop))


class _OnceReading:
    """The worker's loop, which is told once of each socket to read, and not at every turn.

    The transport says so at every turn, and each time the loop asks the kernel, which refuses.
    """

    def __init__(self, loop: Hub) -> None:
        self._loop = loop

    def add_reader(self, fd: int, callback: Callable[..., Any], *args: Any) -> None:
        if fd not in self._loop.readers:
            self._loop.add_reader(fd, callback, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)
