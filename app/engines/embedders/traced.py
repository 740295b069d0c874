"""The embedding model as one TorchScript graph, so that it runs without Python.

Run op by op, a model takes and gives back Python's lock some hundred times for each batch, and whenever another
thread computes in Python it waits up to 5 ms each time: beside three busy threads a batch of ten texts took 2,655 ms,
and 26 ms as a graph. Alone the graph is about a tenth faster.
"""

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch

Features = Mapping[str, Any]
Run = Callable[[Features], torch.Tensor]

# The graph is checked on batches of other shapes than it was traced with: one text, several of mixed length, long ones.
PROBES: Final = (("word",), ("a few words", "word", "a few more words than that " * 3), ("many words " * 60,) * 2)
LEAST_COSINE: Final = 0.9999
log = logging.getLogger("cloister.embedder")


def trace(model: Any, prepare: Callable[[list[str]], Features]) -> Run:
    """A function from features to sentence embeddings, shape (texts, dim); `prepare` makes features of texts.

    A model that cannot be traced, or whose graph gives other vectors for other shapes, is run op by op as it is: the
    log says so, because answers then come late while documents are embedded.
    """

    def run_plain(features: Features) -> torch.Tensor:
        embeddings: torch.Tensor = model(dict(features))["sentence_embedding"]
        return embeddings

    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of each branch; the probes below tell what matters
            traced = _Traced(model, prepare(list(PROBES[1])))
            if all(_is_same(traced(features), run_plain(features)) for features in map(prepare, map(list, PROBES))):
                return traced
        reason = "its graph gives other vectors"
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as exc:
        reason = type(exc).__name__
    log.warning("The embedding model cannot be traced (%s); questions will be slow during an ingest.", reason)
    return run_plain


class _Traced:
    """The graph, and which features it takes. What is no tensor is a constant of the graph."""

    def __init__(self, model: Any, example: Features) -> None:
        self._names = tuple(name for name, value in example.items() if isinstance(value, torch.Tensor))
        constants = {name: value for name, value in example.items() if name not in self._names}

        class Whole(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, *tensors: torch.Tensor) -> Any:
                features = dict(zip(names, tensors, strict=True)) | constants
                return self.model(features)["sentence_embedding"]

        names = self._names
        inputs = tuple(example[name] for name in names)
        self._graph: Any = torch.jit.trace(  # type: ignore[no-untyped-call]
            Whole().eval(), inputs, strict=False, check_trace=False
        )

    def __call__(self, features: Features) -> torch.Tensor:
        embeddings: torch.Tensor = self._graph(*(features[name] for name in self._names))
        return embeddings


def _is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    cosines = torch.nn.functional.cosine_similarity(one.float(), other.float(), dim=1)
    return bool((cosines >= LEAST_COSINE).all())
