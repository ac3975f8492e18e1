"""Runs Python that stands in JSON lines on standard input; answers each in a line of JSON.

A line is a string: an expression, whose value is answered as `ascii` shows it, or statements, whose
value is None. It may use FlipCache, `client` and `bytes_client`, which are connected to the Redis
server on the port that is this program's argument, `cache`, which opens one over `client`, and
whatever it has assigned itself.
"""

import json
import sys

import redis
from flipcache import FlipCache


def run(source, names):
    try:
        expression = compile(source, "<line>", "eval")
    except SyntaxError:
        exec(compile(source, "<line>", "exec"), names)
        return None
    return eval(expression, names)


def answer(line, names):
    try:
        return {"value": ascii(run(json.loads(line), names))}
    except Exception as error:
        return {"raised": type(error).__name__, "says": ascii(str(error))}


def main():
    server = {"host": "127.0.0.1", "port": int(sys.argv[1])}
    client = redis.Redis(decode_responses=True, **server)
    names = {
        "FlipCache": FlipCache,
        "client": client,
        "bytes_client": redis.Redis(**server),
        "cache": lambda name, **options: FlipCache(name, redis_protocol=client, **options),
    }
    for line in sys.stdin:
        print(json.dumps(answer(line, names)), flush=True)


main()
