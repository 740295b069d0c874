"""OCR by Debian's tesseract, one process per picture: six times as fast as RapidOCR, and its crash is not ours."""

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from PIL import Image

from app.domain import Rect
from app.errors import EngineUnavailable
from ingest.parse.ocr.seen import SeenWord

# A page of dense newsprint takes three seconds.
MOST_SECONDS: Final = 120
CODES: Final = MappingProxyType(
    {
        "af": "afr", "am": "amh", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos",
        "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "eo": "epo",
        "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg",
        "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl",
        "it": "ita", "ja": "jpn", "ka": "kat", "kk": "kaz", "km": "khm", "kn": "kan", "ko": "kor", "la": "lat",
        "lb": "ltz", "lo": "lao", "lt": "lit", "lv": "lav", "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar",
        "ms": "msa", "mt": "mlt", "my": "mya", "ne": "nep", "nl": "nld", "no": "nor", "pa": "pan", "pl": "pol",
        "pt": "por", "ro": "ron", "ru": "rus", "si": "sin", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp",
        "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel", "th": "tha", "tl": "tgl", "tr": "tur", "uk": "ukr",
        "ur": "urd", "uz": "uzb", "vi": "vie", "yi": "yid", "zh": "chi_sim",
    }
)  # fmt: skip


class Tesseract:
    """`codes` are tesseract's own names of languages whose data is installed."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._codes = tuple(codes)

    def read(self, picture: Image.Image) -> tuple[SeenWord, ...]:
        """See OcrEngine. tesseract finds columns and paragraphs by itself."""
        command = [_program() or "tesseract", "stdin", "stdout", "-l", "+".join(self._codes), "--psm", "3", "tsv"]
        stream = io.BytesIO()
        picture.convert("L").save(stream, "PPM")
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, no shell, nothing of the document among the arguments
                command,
                input=stream.getvalue(),
                capture_output=True,
                check=True,
                timeout=MOST_SECONDS,
                # Its threads wait for each other more than they work: with four, a page took twice the CPU time.
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except subprocess.TimeoutExpired:
            return ()  # the page is reported as one without text
        except (OSError, subprocess.CalledProcessError) as exc:
            raise EngineUnavailable(
                "tesseract does not run; try `tesseract --list-langs`, or set ocr.engine to rapidocr."
            ) from exc
        return tuple(_words(done.stdout.decode("utf-8", "replace"), picture.height))


def installed_codes(languages: Sequence[str]) -> tuple[str, ...]:
    """tesseract's names of those languages (ISO 639-1) whose data is installed; () where it is not installed."""
    installed = _installed()
    return tuple(code for code in (CODES.get(language, language) for language in languages) if code in installed)


def missing_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """Those languages whose data is not installed; all of them where tesseract is not."""
    return tuple(language for language in languages if not installed_codes([language]))


@cache
def _program() -> str | None:
    return shutil.which("tesseract")


@cache
def _installed() -> frozenset[str]:
    program = _program()
    if program is None:
        return frozenset()
    try:
        listed = subprocess.run([program, "--list-langs"], capture_output=True, check=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(listed.stdout.decode("utf-8", "replace").split("\n")[1:])


def _words(table: str, picture_height: int) -> Iterator[SeenWord]:
    lines: dict[tuple[str, ...], int] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if row["level"] != "5" or not text:
            continue
        left, top, width, height = (int(row[key]) for key in ("left", "top", "width", "height"))
        yield SeenWord(
            text=text,
            confidence=max(float(row["conf"]), 0.0) / 100,
            rect=Rect(left, picture_height - top - height, left + width, picture_height - top),
            line=lines.setdefault(tuple(row[key] for key in ("block_num", "par_num", "line_num")), len(lines)),
        )
