"""Search engines for the web behind `app.ports.WebSearch`."""
