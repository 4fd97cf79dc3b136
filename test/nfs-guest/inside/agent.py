"""Runs commands for the host, as many at once as it asks for.

The host writes "run ID" to the serial line. What is to be run lies in the job folder as ID.json; its output goes to
ID.out and ID.err there, and then "done ID STATUS" to the line. A command that takes too long is killed with what it
started, and its status is 124.
"""

import json
import os
import signal
import subprocess
import threading
import tty

JOB = "/run/nfs-guest"

line = os.open("/dev/ttyS0", os.O_RDWR | os.O_NOCTTY)
tty.setraw(line)
line_lock = threading.Lock()


def tell(text):
    with line_lock:
        os.write(line, text.encode() + b"\n")


def run(identity):
    path = f"{JOB}/{identity}"
    with open(path + ".json") as file:
        request = json.load(file)
    with open(path + ".out", "wb") as out, open(path + ".err", "wb") as err:
        try:
            status = execute(request, out, err)
        except Exception as error:
            err.write(f"The guest could not run this: {error!r}\n".encode())
            status = 125
        for file in (out, err):  # the host reads what has been written back
            file.flush()
            os.fsync(file.fileno())
    tell(f"done {identity} {status}")


def execute(request, out, err):
    user = request.get("user")
    process = subprocess.Popen(
        ["/bin/bash", "-c", request["command"]],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        cwd=request["directory"],
        env=request["environment"],
        start_new_session=True,
        user=user and user["uid"],
        group=user and user["gid"],
        extra_groups=user and user["groups"],
    )
    try:
        status = process.wait(request["timeoutMs"] / 1000)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return 124
    return status if status >= 0 else 128 - status


tell("ready")
with os.fdopen(os.dup(line), "r") as requests:
    for request_line in requests:
        verb, identity = request_line.split()
        assert verb == "run"
        threading.Thread(target=run, args=(identity,), daemon=True).start()
