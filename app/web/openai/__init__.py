"""`/v1`: assistants as models, for programs that speak the OpenAI API."""
