"""Cloister: a private knowledge assistant. ARCHITECTURE.md is the map of these folders."""
