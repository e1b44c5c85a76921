"""The chat page: built from `api/web`, and served from this package, so that it needs nothing from elsewhere."""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from api.access import needs
from api.dependencies import ServiceDep, new_router
from api.problems import NOT_FOUND, ProblemError

STATIC = Path(str(files("api"))) / "static"
_TYPES = {  # the system's own table may call a script something else
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".woff2": "font/woff2",
}
_AGE_S = 365 * 24 * 3600
# A worker goes by the policy that it comes with: it may load the decoders beside it.
_ASSET_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

router = new_router()


def page_policy(framed_by: tuple[str, ...] = ()) -> str:
    """What the page may do: run and load what came from here, and nothing else.

    Args:
        framed_by: Sites that may show it inside a page of theirs.
    """
    framers = " ".join(framed_by) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:;"
        " connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
        f" frame-ancestors {framers};"
        " require-trusted-types-for 'script'; trusted-types chapterverse"
    )


@router.get("/", include_in_schema=False)
@needs(None)
def home() -> HTMLResponse:
    """The page on which questions are asked."""
    return _page(page_policy())


@router.get("/embed", include_in_schema=False)
@needs(None)
def embedded(service: ServiceDep) -> HTMLResponse:
    """The same conversation, for pages of the sites that the settings name."""
    origins = service.library.settings.access.origins
    if not origins:
        raise ProblemError(
            NOT_FOUND,
            "No site may show this page inside of its own: VERSE_ACCESS__ORIGINS names them.",
        )
    return _page(page_policy(origins))


@router.get("/embed.js", include_in_schema=False)
@needs(None)
def embedding() -> Response:
    """The script by which a site shows the conversation; it does nothing but add the frame."""
    return Response(
        (STATIC / "embed.js").read_bytes(),
        media_type="text/javascript",
        headers={"Cross-Origin-Resource-Policy": "cross-origin"},
    )


@router.get("/mark.svg", include_in_schema=False)
@needs(None)
def mark() -> Response:
    """The page's icon."""
    return Response((STATIC / "mark.svg").read_bytes(), media_type="image/svg+xml")


@router.get("/assets/{name:path}", include_in_schema=False)
@needs(None)
def asset(request: Request, name: str) -> Response:
    """What the page loads. Names hold a digest or version of what they name, so it may be kept for ever."""
    if name not in _assets():
        raise ProblemError(NOT_FOUND, "The page has no part of this name; load it again.")
    squeezed = "gzip" in request.headers.get("accept-encoding", "")
    return Response(
        _content(name, squeezed=squeezed),
        media_type=_TYPES.get(Path(name).suffix, "application/octet-stream"),
        headers={
            "Cache-Control": f"public, max-age={_AGE_S}, immutable",
            "Content-Security-Policy": _ASSET_POLICY,
            "Vary": "Accept-Encoding",
        }
        | ({"Content-Encoding": "gzip"} if squeezed else {}),
    )


@cache
def _assets() -> frozenset[str]:
    """Every part there is: only these are looked up, whatever a request names."""
    folder = STATIC / "assets"
    return frozenset(
        str(one.relative_to(folder).as_posix()) for one in folder.rglob("*") if one.is_file()
    )


@lru_cache(maxsize=64)
def _content(name: str, *, squeezed: bool) -> bytes:
    content = (STATIC / "assets" / name).read_bytes()
    return gzip.compress(content, mtime=0) if squeezed else content


def _page(policy: str) -> HTMLResponse:
    return HTMLResponse(
        (STATIC / "index.html").read_bytes(), headers={"Content-Security-Policy": policy}
    )
