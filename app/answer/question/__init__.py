"""Make a question stand alone."""
