"""The knowledge of this service for other programs that speak the Model Context Protocol: search, ask, read."""
