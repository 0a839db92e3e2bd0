"""What Redis keeps of a message between its receipt and its acknowledgement: a person's, and no run's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kombu import Consumer, Exchange, Producer, Queue
from kombu.asynchronous import Hub
from kombu.exceptions import OperationalError

from aiplane.ledger.runs import RUN_HEADER
from aiplane.worker.application import Application
from aiplane.worker.broker import TRY_EVERY, SteadyConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.redis_server import RedisServer

HINT = Queue("hint", Exchange("hint"), routing_key="hint")


class CountingLoop(Hub):
    """Counts how often it is told to read."""

    told = 0

    def add_reader(self, *args: Any) -> None:
        self.told += 1
        super().add_reader(*args)


def kept(redis_server: RedisServer, headers: Mapping[str, object]) -> tuple[int, int]:
    """Send a message and receive it; return how many copies there are then, and after it is acknowledged."""
    received = []
    with SteadyConnection(redis_server.url) as connection:
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


def test_the_loop_is_told_of_a_socket_once_and_reads_it_at_every_turn(redis_server: RedisServer) -> None:
    loop, received = CountingLoop(), []
    with SteadyConnection(redis_server.url) as connection:
        connection.register_with_event_loop(loop)
        producer = Producer(connection)
        with Consumer(connection, [HINT], on_message=received.append, no_ack=True):
            for number in range(1, 4):
                producer.publish({}, exchange=HINT.exchange, routing_key="hint", headers={})
                while len(received) < number:
                    loop.run_once()
        assert loop.told == 1
    loop.close()


def test_the_plane_speaks_over_it_and_calls_it_redis() -> None:
    connection = Application(
        "test", set_as_current=False, broker="redis://127.0.0.1:1/0"
    ).connection_for_read()
    assert isinstance(connection, SteadyConnection)
    assert connection.as_uri() == "redis://:**@127.0.0.1:1/0"


def test_a_broker_that_is_away_is_tried_again_as_often_as_before() -> None:
    waits: list[float] = []
    connection = SteadyConnection("redis://127.0.0.1:1/0")
    with pytest.raises(OperationalError):
        connection.ensure_connection(lambda _, wait: waits.append(wait), 2)
    assert waits == [TRY_EVERY, TRY_EVERY]
