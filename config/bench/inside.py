"""One scenario in the scratch environment that `manage.py bench` made: `python -m config.bench.inside <scenario>
<address of the target> [--quick] [peer ...]`.

Prints its figures as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(name: str, address: str, quick: bool, peers: Sequence[str]) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from config.bench import counting
    from config.bench.processes import Target, unwind_on_sigterm
    from config.bench.scenarios import SCENARIOS, Bench

    unwind_on_sigterm()
    target = Target(address)
    target.set(latency=0, requests=0)
    figures = SCENARIOS[name](Bench(target, Path(os.environ[counting.FOLDER]), quick, peers))
    print(json.dumps([dataclasses.asdict(figure) for figure in figures]))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    rest = sys.argv[3:]
    main(sys.argv[1], sys.argv[2], "--quick" in rest, [name for name in rest if name != "--quick"])
