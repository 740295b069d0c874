"""The JSON of `/api/v1`. Field names are promises: scripts and the command line read them."""
