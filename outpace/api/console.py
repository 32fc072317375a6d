"""The console's static files: read once, served from memory with an ETag. They hold nothing and need no token."""

from __future__ import annotations

import hashlib
from pathlib import Path

from outpace.api.answers import Headers, Reply
from outpace.api.problems import ProblemError

PREFIX = "/console/"
FOLDER = Path(__file__).parent / "console"

_INDEX = "index.html"
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".woff2": b"font/woff2",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json",
}


class Console:
    """Files of a folder, by their paths under `/console/`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: dict[str, tuple[bytes, Headers]] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _TYPES:
                body = path.read_bytes()
                etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
                headers = [(b"content-type", _TYPES[path.suffix]), (b"etag", etag)]
                self._files[path.relative_to(folder).as_posix()] = body, headers

    def reply(self, method: str, path: str, if_none_match: bytes) -> Reply:
        """A file; `/` and `/console` lead to the index. ProblemError: no such file, or a method that is not GET."""
        if method not in ("GET", "HEAD"):
            raise ProblemError("method-not-allowed", "the console is only read", headers={"Allow": "GET, HEAD"})
        if not path.startswith(PREFIX):
            return Reply(307, b"", [(b"location", PREFIX.encode())])
        found = self._files.get(path.removeprefix(PREFIX) or _INDEX)
        if found is None:
            raise ProblemError("not-found", "the console has no such file")
        body, headers = found
        if if_none_match and headers[1][1] in [one.strip().removeprefix(b"W/") for one in if_none_match.split(b",")]:
            return Reply(304, b"", headers)
        return Reply(200, b"" if method == "HEAD" else body, headers)
