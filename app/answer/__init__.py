"""The answer line: condense -> retrieve -> prompt -> generate -> cite."""
