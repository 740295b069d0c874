"""The GPUs that the installed llama.cpp can compute on."""

import xllamacpp  # type: ignore[import-untyped]


def list_gpu_bytes() -> list[int]:
    """Free bytes of each; none where there is no GPU, or llama.cpp was built without it."""
    kind = xllamacpp.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU
    return [int(device["memory_free"]) for device in xllamacpp.get_device_info() if device["type"] == kind]
