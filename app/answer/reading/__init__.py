"""Compare the sentences of the passages with the question."""
