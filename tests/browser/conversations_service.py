"""The running service with two scripted models and one document: `python -m … PORT FOLDER`."""

import sys
from pathlib import Path

import pytest
import uvicorn

from app.answer.writing.prompt import Prompts
from app.db import people
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.main import build_app
from app.settings import load_settings
from tests.app.web.signed_in import PASSWORD
from tests.fakes import ScriptedGenerator, open_with_fakes
from tests.taking_in import open_base, take_in
from tests.two_models import OTHER, let_answer, offer

ADMIN, READER = "Ada", "Ben"
LEAVE = "# Leave\n\nEvery parent receives 70 days of leave.\n\n# Notice\n\nThe notice period is five weeks.\n"
SAID = "Every parent receives 70 days of leave [1]."


class Steady(ScriptedGenerator):
    """Always says the same; a word of another kind tells the two models apart."""

    def __init__(self, model_id: str, text: str) -> None:
        super().__init__()
        self.model_id = model_id
        self._text = text

    def stream(self, *given: object, **named: object):  # type: ignore[no-untyped-def]
        self.replies = [self._text]
        return super().stream(*given, **named)  # type: ignore[arg-type]


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    answer = {"abstain_below": 0, "evidence": "passages", "condense": "rule"}
    settings = load_settings({"data_dir": Path(folder), "server": {"port": int(port)}, "answer": answer})
    services = open_with_fakes(settings, generator=Steady("Model of the house", SAID))
    services.prompts = Prompts.read(settings.answer.prompts, "passages")
    let_answer(pytest.MonkeyPatch(), Steady(OTHER, SAID.replace("70 days", "**70 days**")))
    offer(services)
    document = Path(folder) / "leave.md"
    document.write_text(LEAVE)
    take_in(services, document, kb="Handbook")
    base = open_base(services, "Handbook").id
    with services.database.write() as session:
        people.create_person(session, ADMIN, PASSWORD, is_admin=True)
        reader = people.create_person(session, READER, PASSWORD)
        session.add(Membership(person_id=reader.id, knowledge_base_id=base, role=MemberRole.READER))
    uvicorn.run(build_app(services), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
