"""Parse: every format has a module of its own, `dispatch.py` picks among them.

Nothing is imported here: the service needs options and titles, and only the processes that read documents need the
readers with their libraries.
"""
