"""The priority of the threads that embed documents."""

import os
import subprocess
import sys

import pytest

from app.engines.embedders.lanes import WORKER_NICENESS
from app.settings import PROJECT_DIR

LOWEST = 19
TELL = """
import os, sys, threading
from app.engines.embedders.lanes import step_back
os.nice(int(sys.argv[1]))
step_back()
print(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
@pytest.mark.parametrize("more", [0, LOWEST])
def test_a_worker_steps_back_and_never_ahead_of_a_service_that_is_nicer_than_it(more: int) -> None:
    """Without a privilege it could not: a service under `nice` failed to embed every document."""
    command = [sys.executable, "-c", TELL, str(more)]
    told = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=True).stdout
    assert int(told) == max(WORKER_NICENESS, min(LOWEST, os.nice(0) + more))
