"""What the service tells of itself while it works: lines of its log, figures, traces. None of them holds content."""
