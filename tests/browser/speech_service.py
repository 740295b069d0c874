"""The running service with fake models for search and answers, and real ones for speech: `python -m … PORT FOLDER`."""

import sys
from pathlib import Path

import uvicorn

from app.db import people
from app.main import build_app
from app.settings import load_settings
from tests.app.web.signed_in import PASSWORD
from tests.fakes import ScriptedGenerator, open_with_fakes
from tests.taking_in import take_in

PERSON = "Ada"
ANSWER = "Unopened items can be returned within 30 days of delivery [1]. Opened software cannot be refunded [1]."
TERMS = f"# Terms\n\n{ANSWER.replace(' [1]', '')} Shipping costs are paid by the customer.\n"


class SameAnswer(ScriptedGenerator):
    """Says the same whenever it is asked."""

    def stream(self, *arguments, **options):  # type: ignore[no-untyped-def]
        self.replies = [ANSWER]
        return super().stream(*arguments, **options)


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    place = Path(folder)
    terms = place / "terms.md"
    terms.parent.mkdir(parents=True, exist_ok=True)
    terms.write_text(TERMS)
    settings = load_settings(
        {"data_dir": place / "data", "server": {"port": int(port)}, "answer": {"abstain_below": 0}}
    )
    services = open_with_fakes(settings, generator=SameAnswer())
    take_in(services, terms, kb="Documents")
    with services.database.write() as session:
        people.create_person(session, PERSON, PASSWORD, is_admin=True)
    uvicorn.run(build_app(services), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
