"""The running service with quick fakes for models, for the admin pages: `python -m … PORT FOLDER`."""

import sys
from pathlib import Path

import uvicorn

from app.db import people
from app.main import build_app
from app.settings import load_settings
from tests.app.web.signed_in import PASSWORD
from tests.fakes import open_with_fakes

ADMIN, READER = "Ada", "Ben"


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    # The fakes know nothing of meaning: what they find is always far from the question.
    settings = load_settings({"data_dir": Path(folder), "server": {"port": int(port)}, "answer": {"abstain_below": 0}})
    services = open_with_fakes(settings)
    with services.database.write() as session:
        if people.find_person(session, ADMIN) is None:
            people.create_person(session, ADMIN, PASSWORD, is_admin=True)
            people.create_person(session, READER, PASSWORD)
    uvicorn.run(build_app(services), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
