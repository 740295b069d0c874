"""A reranker at any endpoint that speaks the `/rerank` of Jina and Cohere: llama.cpp's server and vLLM among them."""

import math
from collections.abc import Sequence
from typing import Any

import httpx

from app.egress.refusal import raise_if_refused
from app.engines.endpoint import check_address, open_client
from app.errors import EngineUnavailable
from app.settings import RerankerSettings


class EndpointReranker:
    """The model `reranker.model` at `reranker.url`. Nothing is sent to any other host.

    What is longer than the model's window is cut, or refused, by the endpoint.
    """

    def __init__(self, settings: RerankerSettings) -> None:
        self._settings = settings
        self._url = check_address(settings.url, "reranker", example="http://127.0.0.1:8080/v1", path="/rerank")
        self._client = open_client(timeout_s=settings.timeout_s, api_key=settings.api_key.get_secret_value())

    @property
    def model_id(self) -> str:
        return self._settings.model

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        body = {"model": self._settings.model, "query": question, "documents": list(texts), "top_n": len(texts)}
        return self._read_scores(self._ask(body), expected=len(texts))

    def close(self) -> None:
        self._client.close()

    def _ask(self, body: dict[str, Any]) -> Any:
        try:
            answer = self._client.post(f"{self._url}/rerank", json=body)
            content = answer.json() if answer.is_success else None
        except (httpx.HTTPError, RuntimeError) as exc:
            raise_if_refused(exc)
            # Not chained: what the vendor says may repeat the request, and tracebacks reach the logs.
            raise self._unavailable("cannot be reached") from None
        except ValueError:
            raise self._unavailable("did not answer in JSON") from None
        if not answer.is_success:
            raise self._unavailable(f"answered with status {answer.status_code}")
        return content

    def _read_scores(self, content: Any, *, expected: int) -> list[float]:
        """The scores in the order of the texts: endpoints send the best first, each with its `index`."""
        try:
            score_by_index = {int(each["index"]): float(each["relevance_score"]) for each in content["results"]}
            scores = [score_by_index[position] for position in range(expected)]
        except (LookupError, TypeError, ValueError):
            raise self._unavailable("did not send one score for each text") from None
        if not all(map(math.isfinite, scores)):
            raise self._unavailable("sent scores that are no numbers")
        return scores

    def _unavailable(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(
            f"The reranker's endpoint {self._url} {what} for the model “{self._settings.model}”; check that it runs "
            'and has a /rerank, and reranker.url, reranker.model and the key, or set reranker.engine to "off".'
        )
