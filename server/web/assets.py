"""Static files with a digest in the URL, compressed once at start.

The URL contains a digest of the whole folder, `/static/DIGEST/reader/main.js`, so that modules can import one
another by relative paths and everything can be cached for ever. Typefaces have a digest in their own names,
`/static/fonts/NAME.DIGEST.woff2`: a new release does not make readers download them again.

Scripts that tools/bundle.sh has bundled and style sheets that it has minified take the place of their sources.
Without them, or when a source was changed since, the sources are served.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

KEPT_SUFFIXES = {
    ".js", ".css", ".svg", ".png", ".jpg", ".webp", ".ico", ".woff2", ".webmanifest", ".map",
}
THEME = "theme"
BUNDLES = "dist"
"""Folder of what was bundled or minified, beside the sources."""
MADE_OF = "made-of.txt"
"""In that folder: the digest of the sources that it was made of."""
FONTS = "fonts"
"""Folder of the typefaces, and the first part of their URLs in place of the digest."""
_SOURCES = {".js", ".css"}
_COMPRESSED = {".js", ".css", ".svg", ".webmanifest", ".map"}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes | None
    media_type: str


class Assets:
    """All static files, read at start.

    `bundles` lists style sheets that are concatenated from several files, so that a page loads only one;
    `rewrites` changes some of them. `theme` is a folder of files that are served as `theme/…`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bundles: dict[str, list[str]] | None = None,
        rewrites: Mapping[str, Callable[[bytes], bytes]] | None = None,
        theme: Path | None = None,
    ) -> None:
        files = _files(folder)
        if theme is not None:
            files |= {f"{THEME}/{name}": body for name, body in _files(theme).items()}
        bundled = _bundles(folder)
        self.bundled = frozenset(bundled)
        """Names of the bundles; such a script needs no other file."""
        files |= bundled
        for name, parts in (bundles or {}).items():
            files[name] = b"\n".join(files[part] for part in parts if part in files)
        for name, rewrite in (rewrites or {}).items():
            files[name] = rewrite(files[name])
        digest = hashlib.sha256()
        for name, body in sorted(files.items()):
            digest.update(name.encode() + b"\0" + body)
        self.digest = digest.hexdigest()[:12]
        self._assets = {name: _asset(name, body) for name, body in files.items()}

    def url(self, name: str) -> str:
        """URL path of a file, for example `url("reader/main.js")`. Raises KeyError for unknown files."""
        if name not in self._assets:
            raise KeyError(name)
        return f"/static/{name}" if name.startswith(f"{FONTS}/") else f"/static/{self.digest}/{name}"

    def get(self, name: str) -> Asset | None:
        """The file of this name, if there is one."""
        return self._assets.get(name)

    def requested(self, digest: str, name: str) -> tuple[Asset | None, bool]:
        """The file that `/static/{digest}/{name}` names, and whether that URL will never name another one."""
        if digest == FONTS:
            return self._assets.get(f"{FONTS}/{name}"), True
        return self._assets.get(name), digest == self.digest

    def fonts(self, *names: str) -> list[str]:
        """URLs of these typefaces, without those that have not been cut (tools/fonts.sh)."""
        cut = self._cut()
        return [self.url(cut[name]) for name in names if name in cut]

    def font(self, name: str) -> Asset | None:
        """The file of this typeface, if it has been cut."""
        return self._assets.get(self._cut().get(name, ""))

    def _cut(self) -> dict[str, str]:
        files = (name for name in self._assets if name.startswith(f"{FONTS}/"))
        return {Path(name).name.partition(".")[0]: name for name in files}


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in KEPT_SUFFIXES
        and not {"node_modules", BUNDLES} & {*path.relative_to(folder).parts}
    }


def made_of(sources: Path) -> str:
    """A digest of the scripts and style sheets of a folder and of the folders in it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in sources.rglob("*") if path.suffix in _SOURCES):
        name = path.relative_to(sources)
        if name.parts[0] != BUNDLES:
            digest.update(name.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _bundles(folder: Path) -> dict[str, bytes]:
    """What was bundled or minified, by the name of the source that it takes the place of."""
    found: dict[str, bytes] = {}
    for note in folder.rglob(f"{BUNDLES}/{MADE_OF}"):
        made, sources = note.parent, note.parent.parent
        if "node_modules" not in note.parts and note.read_text(encoding="utf-8").strip() == made_of(sources):
            name = sources.relative_to(folder).as_posix()
            found |= {
                f"{name}/{path.relative_to(made).as_posix()}": path.read_bytes()
                for path in made.rglob("*") if path.is_file() and path != note
            }
    return found


def _asset(name: str, body: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        kind += "; charset=utf-8"
    gzipped = gzip.compress(body, 9, mtime=0) if Path(name).suffix in _COMPRESSED else None
    return Asset(body, gzipped, kind)
