"""Rerankers behind the `Reranker` port.

Import `local` or `endpoint` by name: the first loads a vendor that takes seconds to import.
"""
