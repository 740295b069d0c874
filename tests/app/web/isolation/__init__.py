"""What the isolation test walks over: two knowledge bases with one of everything, who asks, and every route."""
