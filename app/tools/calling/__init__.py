"""From what a language model wants to calls that were carried out."""
