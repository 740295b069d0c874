"""OCR: the text of a picture, by tesseract where it is installed, else by RapidOCR. Nothing is downloaded."""

from ingest.parse.ocr.picture import ocr_picture
from ingest.parse.ocr.seen import LOW_CONFIDENCE

__all__ = ["LOW_CONFIDENCE", "ocr_picture"]
