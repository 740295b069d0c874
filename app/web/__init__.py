"""The thin faces: HTTP API, chat, pages. They call one pipeline or start one job."""
