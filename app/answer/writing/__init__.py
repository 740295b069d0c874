"""What the model is given, and what it writes."""
