"""What a parse may do, how far it may go, and how it says where it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import LimitsSettings, OcrSettings, PdfSettings, Settings

Report = Callable[[int, int], None]
"""Called with (pages done, pages in all) while a long document is read."""


def unobserved(_done: int, _total: int) -> None:
    """The report of work that nobody watches."""


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`workspace` is an empty folder for what the parse leaves besides text: attachments and tables.

    `languages` (ISO 639-1) are told apart in the text. `depth` counts the containers that the document lies in: an
    attachment of an e-mail in an archive has 2. `password` was given with the document; it is tried on a protected PDF
    before those of the settings.
    """

    workspace: Path
    limits: LimitsSettings
    ocr: OcrSettings
    pdf: PdfSettings
    languages: tuple[str, ...]
    depth: int = 0
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings, *, workspace: Path, depth: int = 0, password: str | None = None) -> "ParseOptions":
        """The options that the settings ask for."""
        return cls(
            workspace, settings.limits, settings.ocr, settings.parse.pdf, settings.sparse.languages, depth, password
        )

    @property
    def passwords(self) -> tuple[str, ...]:
        """The passwords to try, in order."""
        known = tuple(secret.get_secret_value() for secret in self.pdf.passwords)
        return known if self.password is None else (self.password, *known)
