"""Sandbox: files are read in child processes that can be stopped, and whose crash fails one document only.

`sandbox.py` is what the service sees, `child_process.py` one child seen from the service, `child.py` the child itself,
`wire.py` what they say to each other, `workspaces.py` the folders that they share.
"""

from ingest.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
