"""A package, because an installed dependency brings a top-level `tests` that would hide this folder."""
