"""``GET /docs``: the OpenAPI document as pages. Everything that they load comes from this service.

The framework's own page takes Swagger UI from another host, and runs a script that stands in the page. This
one has files instead, so that its content security policy can let in nothing but them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from control_plane.errors import NotFoundError

router = APIRouter(include_in_schema=False)

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Swagger UI draws its arrows and its logo from data that stands in its style sheet.
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>aiplane control plane</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

# Addresses are relative to the page: where the application is mounted into another one, only a browser knows.
_START: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // Else it asks a host of the internet whether the document is valid.
  validatorUrl: null,
});
"""

_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_HEADERS: Final = {"Content-Security-Policy": POLICY}
_KEPT: Final = {**_HEADERS, "Cache-Control": "public, max-age=3600"}


@router.get("/docs")
async def page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/start.js")
async def start() -> Response:
    """Return the script that begins it."""
    return Response(_START, media_type="text/javascript", headers=_HEADERS)


@router.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    """Return one of the files of Swagger UI."""
    if name not in _FILES:
        raise NotFoundError("There is no such page.")
    return FileResponse(_folder() / name, media_type=_FILES[name], headers=_KEPT)


def _folder() -> Path:
    """Find what the package carries, without importing it: its code is not needed."""
    spec = find_spec("fastapi_swagger")
    assert spec is not None and spec.origin is not None, "it comes with the extra control-plane"  # noqa: S101, PT018
    return Path(spec.origin).parent / "resources"
