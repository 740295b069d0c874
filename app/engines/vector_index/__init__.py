"""Vector indexes: the Qdrant engine in this process (`edge`) or a Qdrant server (`server`).

Both keep one collection per embedding model. A point is a chunk: its id, a dense vector of unit length,
a sparse vector of BM25 weights, and the ids of its generation and document, both indexed.

A hybrid search is one query: the nearest by meaning and the nearest by words, each filtered, fused by
reciprocal rank. Inverse document frequency is taken over the
searched generations alone. Over the whole collection, as Qdrant does when not told otherwise, a term's
weight would shift with every re-index (two generations of one text) and tell from the scores what stands
in knowledge bases that the person may not read.
"""
