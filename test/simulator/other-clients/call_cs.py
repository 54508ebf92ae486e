"""Runs the Python client `cs` for a test: one call per line of standard input, one answer per line of standard output.

The first line holds the client's settings, each further one {"command", "parameters"}; an answer is {"value"} or
{"failure": {"kind", "status", "error"}}.
"""

import json
import sys

from cs import CloudStack, CloudStackException


def answer(client, call):
    try:
        return {"value": getattr(client, call["command"])(**call["parameters"])}
    except CloudStackException as failure:
        return {
            "failure": {
                "kind": type(failure).__name__,
                "status": getattr(failure.response, "status_code", None),
                "error": getattr(failure, "error", None),
            }
        }


def main():
    client = CloudStack(**json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(answer(client, json.loads(line))), flush=True)


main()
