"""Check what the service stands on, and say what to do about each finding."""

from app.doctor.engines import describe_speaker, describe_transcriber, examine_ocr
from app.doctor.examination import examine, examine_without_service
from app.doctor.findings import Finding, Status

__all__ = [
    "Finding",
    "Status",
    "describe_speaker",
    "describe_transcriber",
    "examine",
    "examine_ocr",
    "examine_without_service",
]
