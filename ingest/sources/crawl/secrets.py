"""What signs in at private sites, encrypted at rest."""

from pydantic import TypeAdapter

from app.db.sealing import Seal
from app.domain import SignIn
from app.errors import Rejected

_SIGN_IN = TypeAdapter(SignIn)


class SecretBox:
    """Sign-ins under the service's seal; another key cannot read them."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def seal(self, sign_in: SignIn) -> bytes:
        """What is kept of it."""
        return self._seal.close(_SIGN_IN.dump_json(sign_in))

    def open(self, sealed: bytes) -> SignIn:
        """Raises Rejected when it was sealed with another key."""
        content = self._seal.open(sealed)
        if content is None:
            raise Rejected("What signs in at this site was kept under another key (crawl.secret); enter it again.")
        return _SIGN_IN.validate_json(content)
