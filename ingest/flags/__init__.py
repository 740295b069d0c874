"""What is noticed about a document when it comes in, so that a person looks at it: see `app.domain.flags`."""
