"""The running service with quick fakes for models and single sign-on: `python -m … PORT FOLDER`.

FOLDER/provider holds the address of the provider.
"""

import sys
from pathlib import Path

import uvicorn

from app.db import groups, people
from app.db.people_tables import GroupMembership
from app.main import build_app
from app.settings import load_settings
from tests.app.web.signed_in import PASSWORD
from tests.fakes import open_with_fakes
from tests.oidc_provider import CLIENT, SECRET
from tests.taking_in import open_base, take_in

ADMIN, OTHER_ADMIN, GROUP = "Ada", "Eva", "Readers"


def main(port: str, folder: str) -> None:
    """Serve until stopped."""
    provider = (Path(folder) / "provider").read_text()
    branch = {"engine": "oidc", "url": provider, "client_id": CLIENT, "client_secret": SECRET}
    settings = load_settings(
        {
            "data_dir": Path(folder) / "data",
            "server": {"port": int(port)},
            "answer": {"abstain_below": 0},
            "single_sign_on": {**branch, "label": "Sign in with Keycloak"},
        }
    )
    services = open_with_fakes(settings)
    file = Path(folder) / "leave.md"
    file.write_text("# Leave\n\nEach parent may take parental leave of 26 weeks within two years of the birth.\n")
    take_in(services, file, kb="Handbook")
    base = open_base(services, "Handbook")
    with services.database.write() as session:
        for name in (ADMIN, OTHER_ADMIN):
            people.create_person(session, name, PASSWORD, is_admin=True)
        session.add(GroupMembership(group_id=groups.create(session, GROUP).id, knowledge_base_id=base.id))
    uvicorn.run(build_app(services), host="127.0.0.1", port=int(port), log_level="warning", proxy_headers=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
