"""The API documentation page, with its scripts served from here instead of a CDN."""

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.web.headers import POLICY, hash_inline, policy


def mount_docs(app: FastAPI) -> None:
    """Serve `/docs`."""
    app.mount("/docs/assets", StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Cloister API",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/static/favicon.svg",
        )
        page.headers[POLICY] = _page_policy(bytes(page.body).decode())
        return page


def _page_policy(html: str) -> str:
    """What the page may load: its script stands in it, and Swagger's own puts styles on its elements."""
    return policy(
        script_src=" ".join(["'self'", *hash_inline("script", html)]),
        style_src="'self' 'unsafe-inline'",
        img_src="'self' data:",
        connect_src="'self'",
    )
