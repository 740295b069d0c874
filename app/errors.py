"""Every error that Cloister raises on purpose.

    CloisterError
    ├── SettingsError            the configuration cannot be used; the start stops
    ├── NotFound                 no such knowledge base, document, job …
    ├── Forbidden                the person may not do this
    ├── TooManyTries             wrong passwords, links or keys came too often
    ├── Cancelled                a person stopped the work
    ├── StorageFull              there is no room on the disk; nothing of this was stored
    ├── Rejected                 the input cannot be taken; what to do is in the message
    │   ├── UnreadableDocument   one file cannot be parsed; the batch goes on
    │   ├── TextTooLong          beyond a model's window; never cut in silence
    │   └── ModelMismatch        stored vectors come from another embedding model
    └── EngineUnavailable        an engine does not answer
        ├── IndexBusy            the index folder has another owner
        ├── StoreAway            the database or the index server does not answer; what is at work waits for it
        ├── EgressRefused        the address is not on the list of what may be connected to
        └── GenerationTimeout    the language model passed its time limit

Messages say what happened and what to do next. They never hold document text or secrets.
"""

import errno


class CloisterError(Exception):
    """The root: a message fit to be shown to a person."""


class SettingsError(CloisterError):
    """The configuration cannot be used."""


class NotFound(CloisterError):
    """The named thing does not exist, or the person may not know that it does."""


class Forbidden(CloisterError):
    """The person may not do this."""


class TooManyTries(CloisterError):
    """Wrong passwords, links or keys came too often; none is looked at for a while."""


class Cancelled(CloisterError):
    """A person stopped the work."""


class StorageFull(CloisterError):
    """There is no room on the disk, or less than is kept free."""


class Rejected(CloisterError):
    """The input cannot be taken."""


class UnreadableDocument(Rejected):
    """One file cannot be parsed."""

    def __init__(self, message: str, *, page_no: int | None = None) -> None:
        super().__init__(message)
        self.page_no = page_no


class TextTooLong(Rejected):
    """A text is longer than the model's window."""

    def __init__(self, message: str, *, tokens: int, max_tokens: int) -> None:
        super().__init__(message)
        self.tokens = tokens
        self.max_tokens = max_tokens


class ModelMismatch(Rejected):
    """What is stored was made by another embedding model."""


class EngineUnavailable(CloisterError):
    """An engine (index, model, endpoint) does not answer."""


class IndexBusy(EngineUnavailable):
    """The index folder is owned by another process."""


class StoreAway(EngineUnavailable):
    """A store does not answer at this moment. Nothing was changed in it; work that runs waits until it is back."""


class GenerationTimeout(EngineUnavailable):
    """The language model passed its time limit."""


class EgressRefused(EngineUnavailable, PermissionError):
    """The address is not on the list of what may be connected to.

    An OSError as well: to the library that asked it is a connection that failed, which every library expects.
    """

    def __init__(self, message: str, *, host: str = "", port: int = 0) -> None:
        super().__init__(message)
        self.errno = errno.EACCES
        self.host = host
        self.port = port
