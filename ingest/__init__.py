"""The ingest line: source -> plan -> parse -> chunk -> embed -> store."""
