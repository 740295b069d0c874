"""The service with a widget in it, around quick fakes: `python -m … PORT FOLDER ORIGIN`, the origin that may show it.

`FOLDER/widget` holds the widget's id once all is there.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from app.db import people
from app.domain import Message, WidgetDraft
from app.main import build_app
from app.operations import widgets
from app.settings import load_settings
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator, open_with_fakes
from tests.taking_in import open_base, take_in

ADMIN, PASSWORD = "Ada", "correct horse battery"
LEAVE = "Parents receive 70 days of paid parental leave within two years of the birth."
CARD = "Lost access cards are blocked at the front desk within one hour."


class Steady(ScriptedGenerator):
    """Answers the same, as often as it is asked."""

    def stream(self, messages: Sequence[Message], **named: Any) -> Iterator[str]:
        self.replies = ["Parents receive 70 days of paid parental leave [1]."]
        yield from super().stream(messages, **named)


def main(port: str, folder: str, origin: str) -> None:
    """Serve until stopped."""
    answer = {"abstain_below": 0, "evidence": "passages", "trim": 1, "condense": "rule"}
    data = Path(folder) / "data"
    settings = load_settings({"data_dir": data, "server": {"port": int(port)}, "answer": answer})
    services = open_with_fakes(settings, generator=Steady())
    (Path(folder) / "Handbook.md").write_text(f"# Leave\n\n{LEAVE}\n\n# Cards\n\n{CARD}\n")
    (Path(folder) / "Board.md").write_text("# Merger\n\nThe merger is called Quokka.\n")
    take_in(services, Path(folder) / "Handbook.md", kb="Handbook")
    take_in(services, Path(folder) / "Board.md", kb="Board")
    with services.database.write() as session:
        people.create_person(session, ADMIN, PASSWORD, is_admin=True)
    base = open_base(services, "Handbook").id
    draft = WidgetDraft("Start page", "", "", None, (base,), (origin,))
    id = widgets.create(draft, caller_of(services, ADMIN), services)
    (Path(folder) / "widget").write_text(id)
    uvicorn.run(build_app(services), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
