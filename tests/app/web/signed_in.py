"""A person who is signed in with a browser, without one."""

import re
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

PASSWORD = "correct horse battery"
ADMIN = "Ada"


@dataclass(frozen=True, slots=True)
class Browser:
    """One signed-in person. Paths start with /admin; forms are sent as the page would send them."""

    client: TestClient
    person_id: str

    def get(self, path: str, **params: str) -> Any:
        return self.client.get(path, params=params, headers={"accept-language": "en"})

    def post(self, path: str, fields: dict[str, Any] | None = None, **others: Any) -> Any:
        """Send a form with its token; files go with the token in the header."""
        return self.client.post(path, data=fields, headers={"x-csrf-token": self.token()}, **others)

    def token(self) -> str:
        """What the forms of this person's pages carry."""
        found = re.search(r'"X-CSRF-Token":"([0-9a-f]{64})"', self.client.get("/admin").text)
        return found[1] if found else ""
