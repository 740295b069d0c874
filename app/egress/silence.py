"""What leaves this machine: nothing that nobody asked for.

Several libraries report home unless they are told not to, some of them from native code that no Python hook sees.
Each line says what was observed or read; docs/airgap.md lists every dependency that was looked at, and
`cloister airgap-report` checks all of them at work.
"""

import logging
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SILENCE: Mapping[str, str] = MappingProxyType(
    {
        # onnxruntime (OCR) looks up Microsoft's collector a few seconds after its first session, from a native thread.
        "ORT_DISABLE_TELEMETRY": "1",
        # huggingface_hub and transformers ask their hub for newer files and count downloads; its command line asks a
        # package index for a newer version of itself.
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "TRANSFORMERS_OFFLINE": "1",
        # unstructured counts every import and partition.
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "1",
        # traceloop, which the chat library brings, reports its own start; older releases did so to PostHog.
        "TRACELOOP_TELEMETRY": "false",
        # OpenTelemetry, which the chat library and the jobs bring, sends traces to wherever its own variables say.
        "OTEL_SDK_DISABLED": "true",
    }
)
# Where these are set the chat library keeps chats in a cloud, traceloop sends traces to one, and jobs are led from one.
FORGOTTEN: Final = ("LITERAL_API_KEY", "LITERAL_API_URL", "TRACELOOP_API_KEY", "DBOS__CLOUD", "DBOS__CONDUCTOR_KEY")


# mcp writes whole messages into the log where they are broken, some of them in nobody's name: questions and results.
TALKATIVE: Final = "mcp"


def silence_libraries() -> None:
    """Tell every library to keep quiet. Before the first of them is imported: most of them read it only then."""
    os.environ.update(SILENCE)
    for variable in FORGOTTEN:
        os.environ.pop(variable, None)
    logging.getLogger(TALKATIVE).setLevel(logging.CRITICAL + 1)
    if _is_ours_to_log not in logging.getLogger().filters:
        logging.getLogger().addFilter(_is_ours_to_log)


def _is_ours_to_log(record: logging.LogRecord) -> bool:
    """Whether a line in nobody's name may stand in the log. For the root logger: lines of named ones pass it by."""
    return f"/{TALKATIVE}/" not in record.pathname.replace("\\", "/")
