"""What a parse may do and how far it may go."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`ocr` reads pages and images that hold no text, rendered at `ocr_dpi`; `password` opens a protected PDF."""

    max_pages: int
    ocr: bool
    ocr_dpi: int
    password: str | None = field(default=None, repr=False)
