"""A small server on this machine that misbehaves as it is told to, for the tests of downloads."""

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What a path is answered with.

    `cuts` are numbers of bytes after which the connection ends, one an answer, until they are used up.
    """

    content: bytes = b""
    status: int = 200
    location: str = ""
    ranges: bool = True
    announce: bool = True
    endless: bool = False
    cuts: list[int] = field(default_factory=list)


@dataclass
class Server:
    """`answers` by path; `asked` are the questions that came: path and headers."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def add(self, path: str, content: bytes = b"", **how: object) -> str:
        """The address of a new answer."""
        self.answers[path] = Answer(content, **how)
        return self.url + path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known: Server = self.server.known
        known.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = known.answers.get(self.path, Answer(status=404))
        content, start = answer.content, 0
        wanted = self.headers.get("Range", "")
        if wanted and answer.ranges and answer.status == 200:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(answer.status)
        if answer.location:
            self.send_header("Location", answer.location)
        body = content[start:]
        if answer.announce and not answer.endless:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # who asked has gone
            self.wfile.write(body[: answer.cuts.pop(0)] if answer.cuts else body)
            for _ in range(1024 if answer.endless else 0):  # 64 MB: without end for the tests, and no harm to the disk
                self.wfile.write(b"\0" * 65536)

    def log_message(self, *arguments: object) -> None:
        """Not on the terminal."""


@contextlib.contextmanager
def served():
    """A running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.known = Server(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.known
    finally:
        server.shutdown()
        server.server_close()
