"""How rows and chunks get their names."""

import hashlib
import uuid


def new_id() -> str:
    """A fresh random id, 32 hexadecimal digits."""
    return uuid.uuid4().hex


def name_id(*parts: str) -> str:
    """The same id for the same parts: 32 hexadecimal digits (BLAKE2b, 128 bits)."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def chunk_id(generation_id: str, document_id: str, content_hash: str, ordinal_among_equals: int) -> str:
    """A chunk's name, as a UUID in text form: an unchanged chunk keeps it, wherever it moves in the document."""
    return str(uuid.UUID(name_id(generation_id, document_id, content_hash, str(ordinal_among_equals))))


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
