"""The running service with a stand-in of the web beside it: `python -m … PORT FOLDER`.

The models are quick fakes. `GET /asked` says what reached
the stand-in, `POST /web` sets how it answers.
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.db import people
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.egress.addresses import AddressGuard
from app.engines.web_search.searxng import SearxngSearch
from app.main import build_app
from app.services import Services
from app.settings import load_settings
from app.tools.web.access import WebAccess
from app.warm import Warm
from tests.app.web.signed_in import PASSWORD
from tests.fakes import ScriptedGenerator, WordHashEmbedder, open_with_fakes
from tests.stand_in_web import PAGES, Page, StandInWeb, resolve_to_here
from tests.taking_in import open_base, take_in

ADMIN, READER = "Ada", "Ben"
LEAVE = "# Leave\n\nEvery parent receives 70 working days of paid parental leave.\n"
HOURS = "The city library is open from ten to six on weekdays."
PAGE = f"""<html lang="en"><head><title>Library</title></head><body><main><h1>The city library</h1>
<h2>Opening hours</h2><p>{HOURS} On Saturdays it closes at one.</p><p><img src="https://spy.invalid/pixel.png">
<a href="https://spy.invalid/more">More</a></p></main></body></html>"""


def set_up_web(web: StandInWeb) -> None:
    """A page that answers, and one that does not."""
    web.results = [
        web.result("Library", "/library", "Opening hours of the city library."),
        web.result("Old hours", "/gone", "The city library was open from nine to five."),
    ]
    web.pages["/library"] = Page(PAGE)


def open_web(services: Services) -> Warm[WebAccess | None]:
    """As the service opens it, with the one host of the stand-in for a public one."""
    engine = SearxngSearch(services.settings.web_search, outside=False)
    return Warm(
        lambda: WebAccess(
            services.settings, engine, services.embedder.get, guard=AddressGuard([PAGES]), resolve=resolve_to_here()
        )
    )


def add_controls(app: FastAPI, web: StandInWeb) -> None:
    """What the test asks of the stand-in."""

    def asked() -> dict[str, list[str]]:
        return {"queries": web.queries, "opened": web.opened}

    def answer(wanted: dict[str, Any]) -> None:
        web.answer = Page(**wanted["answer"]) if wanted.get("answer") else None
        web.is_hung = bool(wanted.get("is_hung"))
        web.silent = wanted.get("silent", [])
        web.results = web.results if not wanted.get("is_empty") else []

    app.add_api_route("/asked", asked)
    app.add_api_route("/web", answer, methods=["POST"])


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    with StandInWeb() as web:
        set_up_web(web)
        settings = load_settings(
            {
                "data_dir": Path(folder) / "data",
                "server": {"port": int(port)},
                # The fakes know nothing of meaning: words that are shared are all they go by.
                "answer": {"abstain_below": 0.03},
                "web_search": {"engine": "searxng", "url": web.url, "timeout_s": 2, "cache_minutes": 0},
            }
        )
        services = open_with_fakes(settings, WordHashEmbedder(), ScriptedGenerator())
        services.web = open_web(services)
        for base in ("Handbooks", "Travel"):
            document = Path(folder) / f"{base.lower()}.md"
            document.write_text(LEAVE)
            take_in(services, document, kb=base)
        base = open_base(services, "Handbooks")
        with services.database.write() as session:
            people.create_person(session, ADMIN, PASSWORD, is_admin=True)
            reader = people.create_person(session, READER, PASSWORD)
            session.merge(Membership(person_id=reader.id, knowledge_base_id=base.id, role=MemberRole.READER))
        app = build_app(services)
        add_controls(app, web)
        uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
