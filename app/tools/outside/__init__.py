"""Functions of outside tool servers: what is kept of them, what a model is told, and what a call does."""
