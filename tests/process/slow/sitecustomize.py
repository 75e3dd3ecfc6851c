"""On PYTHONPATH, makes the queue start as on a slow machine: SLOW_START seconds for the interpreter with its imports,
and as many for each process that is forked from it (the guard; then workers, monitor and pusher)."""

import os
import sys
import time

if "qcluster" in sys.orig_argv:
    seconds = float(os.environ["SLOW_START"])
    time.sleep(seconds)
    os.register_at_fork(after_in_child=lambda: time.sleep(seconds))
