"""Sites and wikis as a source."""
