"""Reads an organization's queue: every event once, in order, through restarts of the broker and of this program.

AMQP_URL=amqp://MyOrg1MSP:password@127.0.0.1:5672/%2F QUEUE=MyOrg1MSP STATE_FILE=seen.txt python3 consumer.py
"""

import collections
import json
import os
import signal
import sys
import time

import pika
import pika.exceptions

URL = os.environ.get("AMQP_URL", "amqp://127.0.0.1")
QUEUE = os.environ.get("QUEUE", "")
STATE_FILE = os.environ.get("STATE_FILE", "seen.txt")

# How many ids are remembered: repeats come from what was on its way at a failure, never from long ago.
REMEMBERED = 100_000
# Events on their way to this program that it has not acknowledged.
PREFETCH = 100
RECONNECT_DELAY_S = 0.5


class Stop(Exception):
    """The program is to end."""


def end(*_):
    raise Stop


def read_seen():
    try:
        with open(STATE_FILE, encoding="utf-8") as lines:
            ids = [line.strip() for line in lines if line.strip()]
    except FileNotFoundError:
        ids = []
    return collections.OrderedDict.fromkeys(ids[-REMEMBERED:])


def handle(event):
    """What a backend does with an event."""
    print(event["id"], event["event_kind"], event["asset_key"], flush=True)


def receive(seen, message_id, body):
    """The effect, then the id; the caller acknowledges.

    A crash in between brings the event again. Where the effect must not happen twice, store it and the id in one
    transaction of your database.
    """
    if message_id in seen:
        return
    handle(json.loads(body))
    with open(STATE_FILE, "a", encoding="utf-8") as lines:
        lines.write(f"{message_id}\n")
    seen[message_id] = None
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)


def consume(seen):
    connection = pika.BlockingConnection(pika.URLParameters(URL))
    try:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=PREFETCH)
        print("reading", QUEUE, file=sys.stderr, flush=True)
        for method, properties, body in channel.consume(QUEUE):
            receive(seen, properties.message_id, body)
            channel.basic_ack(method.delivery_tag)
    finally:
        if connection.is_open:
            connection.close()


def main():
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    seen = read_seen()
    try:
        while True:
            try:
                consume(seen)
            except pika.exceptions.AMQPError as error:
                print("trying again:", repr(error), file=sys.stderr, flush=True)
            time.sleep(RECONNECT_DELAY_S)
    except Stop:
        pass


if __name__ == "__main__":
    main()
