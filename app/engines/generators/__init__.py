"""Language models behind the `Generator` port.

Import `llamacpp` or `openai_like` by name: each loads a vendor that takes seconds to import.
"""
