"""Embedders: sentence-transformers in this process, or any endpoint that speaks the OpenAI embeddings API.

Neither downloads anything and neither cuts text: what does not fit the model's window is an error.
"""
