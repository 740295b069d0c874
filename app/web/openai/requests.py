"""What `POST /v1/chat/completions` takes, as far as it means something here."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from app.web.api.models.base import Model
from app.web.openai.errors import BadRequest

MOST_MESSAGES: Final = 1_000
MOST_FUNCTIONS: Final = 128
MOST_STOPS: Final = 16
NAME: Final = r"^[a-zA-Z0-9_-]{1,64}$"
"""Of functions, as the OpenAI API takes them."""


class Lenient(Model):
    """Clients send back what they were sent, and fields of other providers: what means nothing here is left."""

    model_config = ConfigDict(extra="ignore")


class ImageUrl(Lenient):
    url: str


class Part(Lenient):
    """A part of a message: text, or a picture as a data URL."""

    type: str
    text: str | None = None
    image_url: ImageUrl | None = None


class CalledFunction(Lenient):
    name: Annotated[str, Field(pattern=NAME)]
    arguments: str = ""


class CallIn(Lenient):
    """A call that an earlier answer wanted."""

    id: Annotated[str, Field(min_length=1, max_length=256)]
    function: CalledFunction


class MessageIn(Lenient):
    """`content` of a message with role `tool` is what the function `tool_call_id` gave."""

    role: Literal["user", "assistant", "system", "developer", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[CallIn] | None = None
    tool_call_id: str | None = None


class FunctionIn(Lenient):
    name: Annotated[str, Field(pattern=NAME)]
    description: Annotated[str, Field(max_length=10_000)] | None = None
    parameters: dict[str, Any] | None = None


class ToolIn(Lenient):
    """A function that the client calls itself, when an answer wants it. No other type of tool is taken."""

    type: Literal["function"]
    function: FunctionIn


class FunctionName(Lenient):
    name: str


class NamedChoice(Lenient):
    type: Literal["function"]
    function: FunctionName


class StreamOptions(Lenient):
    include_usage: bool | None = None


class CompletionRequest(Model):
    """`model`: an id of `GET /v1/models`. `knowledge_bases` (an extension): answer from these alone, by name.

    `logprobs`, `response_format` and others that would ask for something else than a cited answer are refused.
    Parameters that are not named here have no effect, and are listed in `cloister.ignored` of the answer.
    """

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: str | Annotated[list[str], Field(max_length=MOST_STOPS)] | None = None
    n: int | None = None
    tools: Annotated[list[ToolIn], Field(max_length=MOST_FUNCTIONS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedChoice | None = None
    parallel_tool_calls: bool | None = None
    knowledge_bases: list[str] = Field(default_factory=list)

    @property
    def most_tokens(self) -> int | None:
        """The most that may be written, by either name."""
        given = [each for each in (self.max_tokens, self.max_completion_tokens) if each is not None]
        return min(given, default=None)

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts before which writing ends."""
        listed = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(each for each in listed if each)

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def ignored(self) -> list[str]:
        """The parameters that were given and have no effect."""
        return sorted(name for name, value in (self.model_extra or {}).items() if value is not None)

    def require_possible(self) -> None:
        """Raises BadRequest for what would change what an answer is."""
        if self.n not in (None, 1):
            raise BadRequest("One answer is given to a request; leave n out, or send 1.", "n")
        given = self.model_extra or {}
        for name, (sentence, harmless) in _REFUSED.items():
            if given.get(name) is not None and given[name] not in harmless:
                raise BadRequest(sentence, name, "unsupported_parameter")
        if (shape := given.get("response_format")) is not None and _kind(shape) != "text":
            raise BadRequest(_SHAPE, "response_format", "unsupported_parameter")


_SHAPE: Final = (
    "Answers are text, checked sentence by sentence; JSON of a given shape is not written here. Leave response_format "
    "out, or put the shape into a function with tool_choice."
)
_PROBABILITIES: Final = (
    "Probabilities of tokens are not told: sentences are checked and may be replaced. Leave them out."
)
# What each says, and the values that ask for nothing special.
_REFUSED: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "logprobs": (_PROBABILITIES, (False,)),
    "top_logprobs": (_PROBABILITIES, (0,)),
    "logit_bias": ("Single tokens cannot be favoured or banned here; leave logit_bias out.", ({},)),
    "functions": ("functions is the old form; send them as tools.", ([],)),
    "function_call": ("function_call is the old form; send tool_choice.", ("none", "auto")),
    "modalities": ("Answers are text; sound is made by /api/v1/speech.", (["text"], [])),
    "audio": ("Answers are text; sound is made by /api/v1/speech.", ()),
    "web_search_options": ("The web is searched only where a person says yes; leave web_search_options out.", ()),
}


def _kind(shape: object) -> object:
    return shape.get("type") if isinstance(shape, dict) else shape
