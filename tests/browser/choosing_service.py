"""The running service with assistants, models to choose from and pictures: `python -m … PORT FOLDER`.

Embeddings and the usual model are quick fakes. The offered models are endpoints that speak the OpenAI chat API and say
what they were shown. `GET /last-image` gives what the seeing one was sent last.
"""

import sys
from pathlib import Path

import uvicorn

from app.db import assistants, knowledge_bases, offered_models, people
from app.db.assistants import AssistantDraft
from app.db.offered_models import ModelOffer
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.main import build_app
from app.settings import load_settings
from tests.app.web.signed_in import PASSWORD
from tests.fakes import ScriptedGenerator, open_with_fakes
from tests.scripted_llm import MODEL, Reply, ScriptedLlm
from tests.taking_in import take_in

ADMIN, READER = "Ada", "Ben"
LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n"
NOTICE = "# Errors\n\nError QX-4711 means that the badge reader has lost its door. Restart the door controller.\n"
USUAL = "Every parent receives 70 days of paid parental leave [1]."
CAREFUL = "Paid parental leave: every parent receives 70 days of it [1]."
SEEN = "The picture shows error QX-4711: the badge reader has lost its door [1]."
THOUGHT = "The note says 70 days. Nothing else is asked."
EXPENSES = "department,amount\nSales,120.50\nPeople,79.50\nSales,100.00\n"
READ = "Error QX-4711 means that the badge reader has lost its door [1]."


class Usual(ScriptedGenerator):
    """Says what fits the question."""

    model_id = "house-model"

    def stream(self, messages, **others):  # type: ignore[no-untyped-def]
        self.replies = [READ if "QX-4711" in messages[-1].text else USUAL]
        return super().stream(messages, **others)


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    settings = load_settings({"data_dir": Path(folder), "server": {"port": int(port)}, "answer": {"abstain_below": 0}})
    services = open_with_fakes(settings, generator=Usual())
    source = Path(folder) / "sources"
    source.mkdir(exist_ok=True)
    for kb, text in (("House", LEAVE), ("Technology", NOTICE), ("Board", "# Board\n\nThe board meets in May.\n")):
        (source / f"{kb.lower()}.md").write_text(text)
        take_in(services, source / f"{kb.lower()}.md", kb=kb)
    (source / "expenses.csv").write_text(EXPENSES)
    take_in(services, source / "expenses.csv", kb="House")
    with ScriptedLlm() as careful, ScriptedLlm() as seeing, ScriptedLlm() as thinking:
        careful.replies = [Reply((CAREFUL,))] * 100
        thinking.replies = [Reply(("<think>", THOUGHT, "</think>", CAREFUL))] * 100
        seeing.replies = [Reply((SEEN,))] * 100
        with services.database.write() as session:
            people.create_person(session, ADMIN, PASSWORD, is_admin=True)
            reader = people.create_person(session, READER, PASSWORD)
            ids = {base.name: base.id for base in knowledge_bases.list_all(session)}
            for name in ("House", "Technology"):
                session.merge(Membership(person_id=reader.id, knowledge_base_id=ids[name], role=MemberRole.READER))
            made = (
                AssistantDraft("Leave desk", "Questions about time off.", "Be kind to {{person}}.", (ids["House"],)),
                AssistantDraft("Board secretary", "For the board alone.", "", (ids["Board"],)),
            )
            for draft in made:
                assistants.create(session, draft, created_by="local")
            for label, llm, sees in (
                ("Careful", careful, False),
                ("A model with quite a long name", careful, False),
                ("Seeing", seeing, True),
                ("Thinking", thinking, False),
            ):
                offer = ModelOffer(label, "openai", MODEL, llm.url, context_tokens=16_000, sees_images=sees)
                offered_models.put(session, offer, offered_by=ADMIN)
        app = build_app(services)
        app.router.add_api_route("/last-image", lambda: seeing.chats[-1].body["messages"][-1]["content"])
        uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
