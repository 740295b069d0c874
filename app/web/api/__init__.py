"""`/api/v1` and the probes, over one `Services`."""
