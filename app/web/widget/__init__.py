"""The chat that pages of other sites show: the script that they name, the panel in its frame, and what it asks."""
