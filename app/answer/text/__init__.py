"""What words, numbers, dates and names in a text say."""
