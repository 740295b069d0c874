"""What people do with the service: may they, do it, write it down. Every face calls these and nothing below."""
