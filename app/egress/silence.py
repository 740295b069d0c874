"""What leaves this machine: nothing that nobody asked for.

Several libraries report home unless they are told not to, some of them from native code that no Python hook sees.
Each line says what was observed or read, and is checked by tests/ingest/test_air_gap.py.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

SILENCE: Mapping[str, str] = MappingProxyType(
    {
        # onnxruntime (OCR) looks up Microsoft's collector a few seconds after its first session, from a native thread.
        "ORT_DISABLE_TELEMETRY": "1",
        # huggingface_hub and transformers ask their hub for newer files and count downloads.
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_OFFLINE": "1",
        # unstructured counts every import and partition.
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "1",
        # traceloop, which the chat library brings, reports its own start.
        "TRACELOOP_TELEMETRY": "false",
    }
)


def silence_libraries() -> None:
    """Tell every library to keep quiet. Before the first of them is imported: most of them read it only then."""
    os.environ.update(SILENCE)
