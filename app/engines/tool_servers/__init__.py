"""Servers of outside tools, asked over the Model Context Protocol."""
