"""Engines: one file or folder per port, embedded and server side by side."""
