"""One worker process of a peer: `python -m config.bench.peers.worker <peer>`. Tasks are named by their module, which
therefore is imported and not run.
"""

from __future__ import annotations

import importlib
import sys

import django

if __name__ == "__main__":
    django.setup()
    importlib.import_module(f"config.bench.peers.{sys.argv[1]}_app").work()
