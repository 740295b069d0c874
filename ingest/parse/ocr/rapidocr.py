"""OCR by RapidOCR, whose models lie inside its wheel: for machines where nothing but pip installs."""

from dataclasses import replace
from functools import cache
from threading import Lock
from typing import Any, Final

import numpy as np
from PIL import Image

from app.domain import Rect
from app.egress.silence import silence_libraries
from ingest.parse.layout.order import reading_order
from ingest.parse.ocr.seen import SeenWord

# In heights of a line, left and right.
RIM: Final = 0.2
_one_at_a_time = Lock()


class RapidOcr:
    """Reads line by line: every piece it gives is a whole line, or a part of one beside a gap."""

    def read(self, picture: Image.Image) -> tuple[SeenWord, ...]:
        """See OcrEngine. It lists pieces from the top of the picture down; columns are found here."""
        pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]  # the engine wants BGR
        with _one_at_a_time:
            result = _engine()(pixels)
        if result.txts is None or result.boxes is None:
            return ()
        rects = [_rect(box, picture.height) for box in result.boxes]
        return tuple(
            SeenWord(result.txts[index].strip(), float(result.scores[index]), rects[index], line)
            for line, index in enumerate(reading_order([_without_rim(rect) for rect in rects]))
            if result.txts[index].strip()
        )


def _rect(box: Any, picture_height: int) -> Rect:
    across, down = box[:, 0], box[:, 1]
    return Rect(
        left=float(across.min()),
        bottom=float(picture_height - down.max()),
        right=float(across.max()),
        top=float(picture_height - down.min()),
    )


def _without_rim(rect: Rect) -> Rect:
    """The engine draws its boxes wider than the ink, so that those of a newspaper's columns overlap."""
    rim = (rect.top - rect.bottom) * RIM
    return replace(rect, left=rect.left + rim, right=max(rect.right - rim, rect.left + rim))


@cache
def _engine() -> Any:
    silence_libraries()
    # Importing takes a second (OpenCV, onnxruntime) and most documents never need it.
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": 0.0,
            # It would turn single lines that stand upside down; here the whole page is turned.
            "Global.use_cls": False,
            # Lines are found on a picture of at most this side: at 2000, its default, a page takes a second more
            # and gives the same words (F1 .98 to 1 between the two).
            "Det.limit_side_len": 1280,
            "Det.limit_type": "max",
        }
    )
