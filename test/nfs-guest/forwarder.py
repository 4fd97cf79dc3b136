"""The guest's network: a network namespace of its own with a tap device, in which nothing is to be had but some ports
of the host's 127.0.0.1, as ports of 10.0.2.2.

Prints the namespace's path, once. Then each line of standard input is a port to forward, and is repeated on standard
output when the port can be had. Ends with its standard input, or with the process that started it.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), "network namespace")


libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
host = os.open("/proc/self/ns/net", os.O_RDONLY)
check(libc.unshare(CLONE_NEWNET))
guest = os.open("/proc/self/ns/net", os.O_RDONLY)
for arguments in (
    "link set lo up",
    "tuntap add tap0 mode tap vnet_hdr",
    "addr add 10.0.2.2/24 dev tap0",
    "link set tap0 up",
):
    subprocess.run(["ip"] + arguments.split(), check=True)


def pump(source, target):
    buffer = memoryview(bytearray(1 << 20))
    try:
        while count := source.recv_into(buffer):
            target.sendall(buffer[:count])
    except OSError:
        pass  # a side that is gone ends the connection, below
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            end.shutdown(how)
        except OSError:
            pass


def accept(listener, port):
    check(libc.setns(host, CLONE_NEWNET))  # of this thread and of those that it starts: they connect on the host
    while True:
        inner, _ = listener.accept()
        try:
            outer = socket.create_connection(("127.0.0.1", port))
        except OSError:
            inner.close()
            continue
        for end in (inner, outer):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((inner, outer), (outer, inner)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


print(f"/proc/{os.getpid()}/fd/{guest}", flush=True)
for line in sys.stdin:
    listener = socket.socket()
    listener.bind(("10.0.2.2", int(line)))
    listener.listen(64)
    threading.Thread(target=accept, args=(listener, int(line)), daemon=True).start()
    print(line.strip(), flush=True)
