"""Files from the network: resumed where they were cut off, bounded in size, and not opened before their checksum is right."""

import contextlib
import errno
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from groundup.errors import UserError

HUB = "https://huggingface.co"
BLOCK = 2**18  # bytes read at once
TIMEOUT = 30  # seconds without a byte until a connection is given up
TRIES = 20  # at one address; only a try that brought more of the file is followed by another
NETWORK = (OSError, http.client.HTTPException, ValueError)  # ValueError: an address that is none

Progress = Callable[[int], None]  # told how many bytes of the file are here


class Refused(Exception):
    """Why one address did not give the file."""


def download(
    urls: Sequence[str],
    target: Path,
    *,
    checksum: str,
    size: int,
    exact: bool = True,
    progress: Progress = lambda received: None,
) -> Path:
    """Bring a file to `target` from the first of these addresses that gives all of it, as it was published.

    What has come lies in TARGET.part until its checksum, "sha256:..." or another of hashlib's, is right; then it is renamed. An
    interrupted download goes on from there, at whichever address. `size` is the number of bytes, or where that is not
    `exact`, the most that are taken.
    Raises: UserError where no address gives the file, with the reason of each, or where the disk does not take it.
    """
    part = target.with_name(f"{target.name}.part")
    reasons = []
    with written(part):
        target.parent.mkdir(parents=True, exist_ok=True)
    if part.exists() and digest(part, checksum) == checksum:  # it was stopped between the last byte and the renaming
        return finished(part, target)
    for url in urls:
        try:
            obtain(url, part, checksum, size, exact, progress)
            return finished(part, target)
        except Refused as reason:
            reasons.append(f"{urlsplit(url).hostname}: {reason}")
    raise UserError(f"{target.name} could not be fetched ({'; '.join(reasons)})")


def obtain(url: str, part: Path, checksum: str, size: int, exact: bool, progress: Progress) -> None:
    """Complete `part` from one address.

    Raises: Refused where it does not give the file.
    """
    for _ in range(TRIES):
        before = received(part)
        cut = receive(url, part, size, exact, progress)
        if cut and received(part) <= before:
            raise Refused(cut)
        if cut:
            continue
        found = digest(part, checksum)
        if found == checksum:
            return
        part.unlink()
        if not before:
            raise Refused(f"what it sends is not what was published: {found[:23]}... instead of {checksum[:23]}...")
        # the part that was here already may have been wrong: once more from the first byte
    raise Refused(f"cut off {TRIES} times")


def receive(url: str, part: Path, size: int, exact: bool, progress: Progress) -> str | None:
    """Append to `part` what the address sends; the reason where it was cut off before the end, else None.

    Raises: Refused for an answer that is not the file.
    """
    start = received(part)
    try:
        reply = opener().open(request_for(url, start), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            part.unlink()  # there is nothing behind our last byte: what is here is not the beginning of this file
            return receive(url, part, size, exact, progress)
        raise Refused(f"{error.code} {error.reason}") from error
    except NETWORK as error:
        raise Refused(reason_of(error)) from error
    with reply:
        if reply.status != HTTPStatus.PARTIAL_CONTENT:
            start = 0  # the whole file comes, whatever was asked for
            if reply.status != HTTPStatus.OK:
                raise Refused(f"{reply.status} {reply.reason}")
        announced = reply.headers.get("Content-Length", "")
        whole = start + int(announced) if announced.isdigit() else None
        if whole is not None and (whole > size or (exact and whole != size)):
            raise Refused(f"announces {whole:,} bytes, and the file has {'' if exact else 'at most '}{size:,}")
        return append(reply, part, start, whole if whole is not None or not exact else size, size, progress)


def append(
    reply: http.client.HTTPResponse, part: Path, start: int, whole: int | None, most: int, progress: Progress
) -> str | None:
    """Write a body behind the first `start` bytes of `part`; the reason where it ended before `whole` bytes, else None.

    Raises: Refused for a body of more than `most` bytes, of which nothing is kept.
    """
    count = start
    with written(part), part.open("ab" if start else "wb") as file:
        while True:
            try:
                block = reply.read(BLOCK)
            except NETWORK as error:
                return reason_of(error)
            count += len(block)
            if count > most:
                break
            if not block:
                return f"cut off after {count:,} of {whole:,} bytes" if whole is not None and count < whole else None
            file.write(block)
            progress(count)
    part.unlink()
    raise Refused(f"sends more than the {most:,} bytes that are taken")


class SameOriginSecrets(urllib.request.HTTPRedirectHandler):
    """Redirections are followed, and what authorizes us at one host is not sent to another."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(newurl, code, f"leads to {newurl[:80]}, which is not followed", headers, fp)
        if following is not None and origin(newurl) != origin(req.full_url):
            following.remove_header("Authorization")
            following.remove_header("Proxy-authorization")  # the proxy's handler adds it again where it belongs
        return following


def opener() -> urllib.request.OpenerDirector:
    """What opens addresses: through the proxies that urllib knows of (HTTPS_PROXY, NO_PROXY ...)."""
    return urllib.request.build_opener(SameOriginSecrets)


def request_for(url: str, start: int) -> urllib.request.Request:
    """The question for a file from its byte number `start` on.

    A file of the Hub is asked for at HF_ENDPOINT, where that is set; the user's HF_TOKEN is sent to the Hub itself alone.
    """
    if url.startswith(f"{HUB}/"):
        url = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/") + url.removeprefix(HUB)
    request = urllib.request.Request(url, headers={"User-Agent": "groundup", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    if os.environ.get("HF_TOKEN") and origin(url) == origin(HUB):
        request.add_header("Authorization", f"Bearer {os.environ['HF_TOKEN']}")
    return request


def origin(url: str) -> tuple[str, str]:
    """What two addresses share whose answers come from the same hands."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def reason_of(error: Exception) -> str:
    cause = getattr(error, "reason", None) or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def digest(path: Path, checksum: str) -> str:
    """The checksum of a file, of the kind of `checksum`."""
    algorithm = checksum.partition(":")[0]
    with written(path), path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()}"


def received(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def finished(part: Path, target: Path) -> Path:
    """Give the file its name, once its bytes are on the disk."""
    with written(target):
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    return target


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """Raises: UserError, in one line, for what the disk does not do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{path} does not fit on its disk: make room and repeat the command, which goes on from there"
            ) from error
        raise UserError(f"{error.filename or path} cannot be used: {error.strerror or error}") from error
