"""The engines: each is loaded and asked for something, and says what it is."""

from collections.abc import Callable, Iterator

import numpy as np

from app.db import egress_refusals, knowledge_bases
from app.doctor.findings import Finding, Status, guarded
from app.domain import Sound
from app.errors import CloisterError
from app.services import Services
from app.settings import OcrSettings
from ingest.parse.ocr.tesseract import missing_languages


def examine_engines(services: Services) -> list[Finding]:
    """In a fixed order. Loads every engine."""
    return [
        _engine("Embedding model", lambda: _embedder(services)),
        _engine(
            "Vector index", lambda: f"{services.index.get().count():,} chunks ({services.settings.vector_index.engine})"
        ),
        *_reranker(services),
        _engine("Language model", lambda: _generator(services)),
        *guarded("Knowledge bases", lambda: _stored_models(services)),
        *_speech(services),
    ]


def _engine(check: str, describe: Callable[[], str]) -> Finding:
    try:
        return Finding(check, Status.OK, describe())
    except CloisterError as exc:
        return Finding(check, Status.BROKEN, str(exc))


def _embedder(services: Services) -> str:
    embedder = services.embedder.get()
    return f"{embedder.model_id}, {embedder.dim} dimensions, {embedder.max_tokens} tokens"


def _generator(services: Services) -> str:
    generator = services.generator.get()
    return f"{generator.model_id}, {generator.context_tokens:,} tokens of context"


def _reranker(services: Services) -> Iterator[Finding]:
    """Nothing while it is off; a real score otherwise, since an endpoint is first asked when it is needed."""
    if services.settings.reranker.engine != "off":
        yield _engine("Reranker", lambda: _scoring(services))


def _scoring(services: Services) -> str:
    reranker = services.reranker.get()
    assert reranker is not None
    reranker.score("Does it work?", ["It works."])
    return f"{reranker.model_id}, reads {services.settings.reranker.candidates} passages a question"


def _speech(services: Services) -> Iterator[Finding]:
    """Nothing for what is switched off."""
    if services.settings.speech.engine != "off":
        yield _engine("Reading aloud", lambda: describe_speaker(services))
    if services.settings.transcriber.engine != "off":
        yield _engine("Questions by voice", lambda: describe_transcriber(services))


def describe_speaker(services: Services) -> str:
    """What the speech engine has, once it has spoken. Raises EngineUnavailable, SettingsError."""
    speaker = services.speaker.get()
    assert speaker is not None, "one is set"
    voices = speaker.voices
    sound = speaker.speak("It works.", voice=voices[0].id, speed=1.0)
    return f"{len(voices)} voices; said two words in {sound.seconds:.1f} s of sound"


def describe_transcriber(services: Services) -> str:
    """What listening is like, once it has heard silence. Raises EngineUnavailable, SettingsError."""
    transcriber = services.transcriber.get()
    assert transcriber is not None, "one is set"
    heard = transcriber.transcribe(Sound(np.zeros(16_000, np.int16), 16_000))
    return f"{services.settings.transcriber.model}, {'heard words in silence' if heard.text else 'heard silence'}"


def examine_connections(services: Services) -> Finding:
    """What is refused, and whether libraries are watched at all."""
    with services.database.read() as session:
        refused = egress_refusals.count_all(session)
    listed = len(services.allowed.entries)
    hosts = f"{listed} {'host' if listed == 1 else 'hosts'} besides this machine may be connected to"
    if not services.settings.egress.enforce:
        advice = "Set egress.enforce (or the profile airgap) to hold libraries to the list as well."
        return Finding("Connections", Status.NOTE, f"{hosts}; libraries are not watched", advice)
    if refused:
        advice = "See who tried what in the admin pages under Connections; name in egress.allow what is meant to be."
        return Finding("Connections", Status.NOTE, f"{hosts}; {refused:,} attempts were refused", advice)
    return Finding("Connections", Status.OK, f"{hosts}; nothing else was tried")


def _stored_models(services: Services) -> Iterator[Finding]:
    """Knowledge bases that the present embedding model cannot search."""
    with services.database.read() as session:
        bases = knowledge_bases.list_all(session)
    for base in bases:
        try:
            knowledge_bases.require_model(base, services.embedder.get().model_id)
        except CloisterError as exc:
            yield Finding(f"Knowledge base “{base.name}”", Status.BROKEN, str(exc))


def examine_ocr(settings: OcrSettings) -> Finding:
    """What reads scanned pages."""
    if settings.engine == "off":
        return Finding("OCR", Status.NOTE, "off", "Scanned pages are refused; set ocr.engine to auto to read them.")
    missing = missing_languages(settings.languages)
    if settings.engine == "rapidocr" or missing == settings.languages:
        detail = "RapidOCR reads scanned pages"
        if settings.engine == "rapidocr":
            return Finding("OCR", Status.OK, detail)
        advice = "Install tesseract-ocr and the data of your languages: it reads clean scans several times as fast."
        return Finding("OCR", Status.NOTE, f"{detail}; tesseract is not installed", advice)
    if missing:
        advice = "Install their data (on Debian tesseract-ocr-LANGUAGE), or take them out of ocr.languages."
        return Finding("OCR", Status.NOTE, f"tesseract has no data for {', '.join(missing)}", advice)
    return Finding("OCR", Status.OK, "tesseract, and RapidOCR for pages that it reads badly")
