"""Where sentences start: NLTK's Punkt with the models that llama-index bundles, so that nothing is downloaded."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

PUNKT_LANGUAGES: Final = {
    "cs": "czech", "da": "danish", "nl": "dutch", "en": "english", "et": "estonian", "fi": "finnish", "fr": "french",
    "de": "german", "el": "greek", "it": "italian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "sl": "slovene", "es": "spanish", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
# Punkt looks for white space after a full stop; these scripts put none.
STOP = re.compile(r"[.!?]\W")
WIDE_STOP = re.compile(r"[。！？｡]+[」』”’）\)]*")


def sentence_starts(text: str, start: int, end: int, language: str) -> list[int]:
    """Offsets in `text` at which the sentences of `text[start:end]` start, the first one being `start`."""
    prose = text[start:end]
    found = {0}
    if STOP.search(prose.rstrip()):  # of the blocks of reports, every third; Punkt finds nothing in the others
        found.update(first for first, _ in _tokenizer(PUNKT_LANGUAGES.get(language, "english")).span_tokenize(prose))
    found.update(stop.end() for stop in WIDE_STOP.finditer(prose) if stop.end() < len(prose))
    offsets = sorted(found)
    offsets[0] = 0
    return [start + offset for offset in offsets]


class _ModelFolder:
    """Opens model files plainly. NLTK's own opener refuses hard-linked files, and uv installs hard links."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def join(self, name: str) -> Path:
        return self._folder / name


@cache
def _tokenizer(language: str) -> Any:
    # Importing nltk takes a second; importing llama_index.core to ask it for the same takes three.
    from nltk.tokenize.punkt import PunktSentenceTokenizer, load_punkt_params  # type: ignore[import-untyped]

    return PunktSentenceTokenizer(load_punkt_params(_ModelFolder(_models() / language)))


def _models() -> Path:
    spec = find_spec("llama_index.core")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("llama_index.core, which holds the sentence models, is not installed")
    return Path(spec.submodule_search_locations[0]) / "_static/nltk_cache/tokenizers/punkt_tab"
