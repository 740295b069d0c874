"""Check what was written against the passages, and cite them."""
