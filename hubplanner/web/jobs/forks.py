"""The process that workers are forked from: it has imported what work needs, so that none of them does so anew."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

from hubplanner.web.jobs import worker

PIPES = 2
"""Those that a worker reads what it is asked from, and tells through."""


def main() -> None:
    """Fork a worker for each pair of pipes that the server sends, until its line, the standard input, closes."""
    line = socket.socket(fileno=os.dup(0))
    worker.make_ready()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a worker ended
    while pipes := _asked(line):
        try:
            number = os.fork()
        except OSError as error:
            number = -(error.errno or 1)
        if number == 0:
            line.close()
            _work(*pipes)
        if number > 0:
            # Here too: whoever is told of the group may kill it at once.
            os.setpgid(number, number)
        for pipe in pipes:
            os.close(pipe)
        with suppress(ConnectionError):  # a server that is gone asks for no other
            line.sendall(b"%d\n" % number)
    with suppress(ChildProcessError):
        os.wait()  # for all of them
    os._exit(0)


def _asked(line: socket.socket) -> list[int]:
    """Return the pipes of the next worker; none once the server has closed its line, or is gone."""
    try:
        return list(socket.recv_fds(line, 1, PIPES)[1])
    except ConnectionError:
        return []


def _work(asked: int, told: int) -> None:
    """Be a worker, whose standard input and output are two pipes, in a group of its own."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pipe, standard in ((asked, 0), (told, 1)):
        os.dup2(pipe, standard)
        os.close(pipe)
    try:
        worker.main()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
