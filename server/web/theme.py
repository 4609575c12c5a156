"""A theme: a folder with `static/` (files that are served as `theme/…`, of which `theme.css` goes after our
style sheets) and `templates/` (in place of ours of the same name, and in `slots/` what a site adds)."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

STATIC = "static"
TEMPLATES = "templates"
OWN = "theme"
"""Folder of templates that others of the theme include."""
SLOTS = ("document-head", "below-head", "between", "rail", "foot")
"""Places in pages of readers; each is a template in `slots/`."""
_OURS = Path(__file__).parent / "templates"


def slots(folder: Path | None) -> frozenset[str]:
    """Those that a theme fills."""
    if folder is None:
        return frozenset()
    return frozenset(name for name in SLOTS if (folder / TEMPLATES / "slots" / f"{name}.html").is_file())


def check(folder: Path) -> None:
    """Raises ValueError if there is no theme in the folder, or a template that would never be used or does not
    parse."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    templates = folder / TEMPLATES
    if not (folder / STATIC).is_dir() and not templates.is_dir():
        raise ValueError(f"{folder} has neither {STATIC}/ nor {TEMPLATES}/")
    parser = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    for path in sorted(templates.rglob("*.html")):
        name = path.relative_to(templates).as_posix()
        if not _is_used(name):
            raise ValueError(f"{TEMPLATES}/{name} takes the place of no template and is no slot")
        try:
            parser.parse(path.read_text(encoding="utf-8"))
        except TemplateSyntaxError as error:
            raise ValueError(f"{TEMPLATES}/{name}, line {error.lineno}: {error.message}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{TEMPLATES}/{name} cannot be read: {type(error).__name__}") from None


def _is_used(name: str) -> bool:
    folder, _, rest = name.partition("/")
    if folder == "slots":
        return rest.removesuffix(".html") in SLOTS
    return folder == OWN or (folder != "console" and (_OURS / name).is_file())
