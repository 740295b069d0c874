"""What an owner is told about pages that gave no text, or text that is not to be relied on."""

from collections.abc import Sequence

from ingest.parse.layout import PageLines
from ingest.parse.ocr import LOW_CONFIDENCE


def list_warnings(pages: Sequence[PageLines], *, empty: Sequence[int], ocr_is_off: bool) -> tuple[str, ...]:
    """`empty` are the numbers of pages on which something is drawn and no text was found."""
    reason = "there is no text and OCR is switched off" if ocr_is_off else "no text was found"
    unsure = [number for number, page in enumerate(pages, start=1) if is_unsure(page)]
    sentences = [f"On {len(empty)} of the pages {reason} ({_shown(empty)})."] if empty else []
    if unsure:
        sentences.append(
            f"{len(unsure)} of the pages were hard to read and may lack words or have wrong ones ({_shown(unsure)}); "
            "scan them larger or sharper."
        )
    return tuple(sentences)


def is_unsure(page: PageLines) -> bool:
    """Whether OCR was unsure of the page."""
    return page.ocr_confidence is not None and page.ocr_confidence < LOW_CONFIDENCE


def _shown(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
