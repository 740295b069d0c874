"""Any endpoint that speaks the OpenAI embeddings API."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from app.egress.refusal import raise_if_refused
from app.engines.embedders.window import batches, build_model_id, refuse_too_long, reserve, to_unit_length
from app.engines.endpoint import open_client
from app.errors import EngineUnavailable, SettingsError, TextTooLong
from app.ports import Vectors
from app.settings import PROJECT_DIR, EmbedderSettings


class OpenAIEmbedder:
    """A model behind an OpenAI-compatible `/v1/embeddings` endpoint.

    With `embedder.tokenizer` tokens are counted exactly. Without it the tokenizer is unknown, so a text counts as
    many tokens as it has UTF-8 bytes: none in use (WordPiece, byte-level BPE, SentencePiece with byte fallback)
    makes more. English has 4.6 to 4.9 bytes per token and German 2.8 to 3.1, so chunks come out that much smaller.
    """

    def __init__(self, settings: EmbedderSettings) -> None:
        self._settings = settings
        self._client: Any = _open_client(settings)
        self._tokenizer = _open_tokenizer(settings.tokenizer)
        prefixes = (settings.document_prefix, settings.query_prefix)
        special = self._tokenizer.num_special_tokens_to_add(is_pair=False) if self._tokenizer else 0
        self._window = settings.max_tokens - special
        self._max_tokens = self._window - reserve(self.count_tokens(prefixes))
        if self._max_tokens <= 0:
            raise SettingsError("embedder.max_tokens leaves no room beside the prefixes; raise it.")

    @property
    def model_id(self) -> str:
        return build_model_id(self._settings, str(self.dim))

    @property
    def dim(self) -> int:
        return self._settings.dim

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if self._tokenizer is None:
            return [_most_tokens(text) for text in texts]
        return [len(encoded.ids) for encoded in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def embed_documents(self, texts: Sequence[str], *, is_awaited: bool = False) -> Vectors:  # noqa: ARG002 - who goes first is decided where it is computed
        return self._embed([self._settings.document_prefix + text for text in texts])

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([self._settings.query_prefix + text])[0]
        return vector

    def close(self) -> None:
        self._client.close()

    def _embed(self, texts: list[str]) -> Vectors:
        tokens = self.count_tokens(texts)
        refuse_too_long(tokens, self._window)
        vectors: Vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows in batches(list(range(len(texts))), self._settings.batch_size):
            vectors[rows] = self._ask([texts[i] for i in rows], most_tokens=max(tokens[i] for i in rows))
        return to_unit_length(vectors)

    def _ask(self, texts: list[str], *, most_tokens: int) -> Vectors:
        import openai

        try:
            answer = self._client.embeddings.create(model=self._settings.model, input=texts, encoding_format="float")
        except openai.APIStatusError as exc:
            if _says_too_long(exc.status_code, str(exc.body)):
                raise TextTooLong(
                    f"The embeddings endpoint {self._settings.url} finds a text of at most {most_tokens} tokens too "
                    f"long; set embedder.max_tokens (now {self._settings.max_tokens}) to its real window.",
                    tokens=most_tokens,
                    max_tokens=self.max_tokens,
                ) from exc
            raise self._unavailable(f"answered with status {exc.status_code}") from exc
        except (openai.OpenAIError, ValueError) as exc:
            raise_if_refused(exc)
            raise self._unavailable("does not answer") from exc
        return self._read_vectors(answer, expected=len(texts))

    def _read_vectors(self, answer: Any, *, expected: int) -> Vectors:
        """The answer's vectors, put in the order of the texts by their `index`."""
        try:
            vector_by_index = {item.index: item.embedding for item in answer.data}
            rows = [vector_by_index[i] for i in range(expected)]
            vectors: Vectors = np.asarray(rows, dtype=np.float32)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise self._unavailable("did not send one vector for each text") from exc
        if len(vector_by_index) != expected or len(answer.data) != expected:
            raise self._unavailable("did not send one vector for each text")
        if vectors.shape != (expected, self.dim):
            found = vectors.shape[-1]
            raise SettingsError(
                f"The embeddings endpoint {self._settings.url} sends vectors of length {found}, "
                f"but embedder.dim is {self.dim}; set it to {found}."
            )
        if not np.isfinite(vectors).all():
            raise self._unavailable("sent vectors that are no numbers")
        return vectors

    def _unavailable(self, what: str) -> EngineUnavailable:
        return EngineUnavailable(
            f"The embeddings endpoint {self._settings.url} {what} for the model “{self._settings.model}”; "
            "check that it runs, and embedder.url, embedder.model and the key."
        )


def _open_client(settings: EmbedderSettings) -> Any:
    import openai

    return openai.OpenAI(
        base_url=settings.url,
        api_key=settings.api_key.get_secret_value() or "none",
        timeout=settings.timeout_s,
        max_retries=2,
        http_client=open_client(timeout_s=settings.timeout_s),
    )


def _open_tokenizer(path: str) -> Any:
    """The tokenizer in this file, with padding and cutting off; None where no file is named."""
    if not path:
        return None
    from tokenizers import Tokenizer

    file = PROJECT_DIR / Path(path).expanduser()
    if not file.is_file():
        raise SettingsError(f"There is no tokenizer at {file}; correct the path in embedder.tokenizer.")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _most_tokens(text: str) -> int:
    """Never fewer tokens than any tokenizer makes of the text.

    SentencePiece models normalise first, which can lengthen a text (“ﷺ” becomes 18 letters), and put a
    mark before the first word.
    """
    normalised = unicodedata.normalize("NFKC", text)
    longest = max(len(form.encode("utf-8", "surrogatepass")) for form in (text, normalised))
    return longest + 1 if text else 0


def _says_too_long(status: int, body: str) -> bool:
    """Endpoints word it differently; none of them has a code of its own for it."""
    lengths = (
        r"too (long|large|many tokens)|maximum context|context length|max(imum)?[ _](input|model|sequence)?[ _]?len"
    )
    return status in {400, 413, 422, 500} and re.search(lengths, body, re.IGNORECASE) is not None
