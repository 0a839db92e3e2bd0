"""What Redis keeps of a message between its receipt and its acknowledgement: a person's, and no run's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kombu import Connection, Consumer, Exchange, Producer, Queue

from aiplane.app import RUN_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.redis_server import RedisServer

HINT = Queue("hint", Exchange("hint"), routing_key="hint")


def kept(redis_server: RedisServer, headers: Mapping[str, object]) -> tuple[int, int]:
    """Send a message and receive it; return how many copies there are then, and after it is acknowledged."""
    transport = "aiplane.worker.transport:RunTransport"
    received = []
    with Connection(redis_server.url, transport=transport) as connection:
        Producer(connection).publish(
            {}, exchange=HINT.exchange, routing_key="hint", declare=[HINT], headers=headers
        )
        with Consumer(connection, [HINT], on_message=received.append):
            connection.drain_events(timeout=10)
            before = redis_server.client.hlen("unacked")
            received[0].ack()
            return before, redis_server.client.hlen("unacked")


def test_a_message_that_names_a_run_is_not_kept(redis_server: RedisServer) -> None:
    assert kept(redis_server, {RUN_HEADER: {"run": "a", "queue": "b", "job": "c"}}) == (0, 0)


def test_a_message_of_a_person_is_kept_until_it_is_acknowledged(redis_server: RedisServer) -> None:
    assert kept(redis_server, {}) == (1, 0)
