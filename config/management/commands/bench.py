import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.bench import counting, processes
from config.bench.figures import Figure, table
from config.bench.peers import beside

SCENARIOS = ("save", "latency", "drain", "limit", "fair", "grow", "lists", "backlog")
LOCAL_REDIS = "redis://127.0.0.1:6379/15"


class Command(BaseCommand):
    help = "Measures the engine with real worker processes and a scratch database: docs/bench.md."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scenario", nargs="*", help=f"Some of {', '.join(SCENARIOS)}; all when none is named.")
        parser.add_argument("--json", action="store_true", help="Figures as JSON.")
        parser.add_argument(
            "--database",
            default="sqlite",
            help="sqlite, or the address of a PostgreSQL server (postgres://user@host/) on which a database of the "
            "bench's own is created and dropped.",
        )
        parser.add_argument("--quick", action="store_true", help="Small numbers: whether it works, not how fast.")
        parser.add_argument(
            "--peers",
            action="store_true",
            help="Beside the drain, the same by queues that others would take (dependency group “peers”).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = options["scenario"] or SCENARIOS
        for name in chosen:
            if name not in SCENARIOS:
                raise CommandError(f"“{name}” is no scenario. There are: {', '.join(SCENARIOS)}.")
        database = options["database"]
        if database != "sqlite" and not database.startswith(("postgres://", "postgresql://")):
            raise CommandError("--database takes “sqlite” or postgres://user:password@host/.")
        peers = self._peers(chosen, database) if options["peers"] else []
        figures: list[Figure] = []
        processes.unwind_on_sigterm()
        with processes.target() as target:
            for name in chosen:
                self.stderr.write(f"{name} …")
                figures += self._run(name, database, target.address, options["quick"], peers if name == "drain" else [])
        if options["json"]:
            self.stdout.write(json.dumps([{**dataclasses.asdict(f), "met": f.met} for f in figures], indent=1))
        else:
            self.stdout.write(table(figures))

    def _peers(self, chosen: Sequence[str], database: str) -> list[str]:
        """Those that can run here; why another cannot is said before anything is measured."""
        if "drain" not in chosen:
            raise CommandError("--peers are measured beside the drain: name that scenario too.")
        reasons = beside.missing(database, settings.REDIS_URL or LOCAL_REDIS)
        for peer, reason in reasons.items():
            self.stderr.write(f"{peer} is not measured: {reason}")
        if len(reasons) == len(beside.PEERS):
            raise CommandError("No peer can be measured here.")
        return [peer for peer in beside.PEERS if peer not in reasons]

    def _run(self, name: str, database: str, address: str, quick: bool, peers: Sequence[str]) -> list[Figure]:
        """In a process of its own: this one's settings speak of the installation, which is left alone."""
        with (
            tempfile.TemporaryDirectory(prefix="position-sync-bench-") as folder,
            processes.scratch_database(database, Path(folder)) as url,
        ):
            env = {
                **os.environ,
                "DATABASE_URL": url,
                "REDIS_URL": "",
                "DATA_DIR": folder,
                "PRODUCTION": "",
                "DEBUG": "",
                "WORKERS": "4",
                "API_RATE": "1000000/min",
                "LOG_LEVEL": "WARNING",
                "ALLOW_PRIVATE_TARGETS": "1",
                "EXTRA_CONNECTORS": "config.bench.connector",
                counting.FOLDER: folder,
                beside.BROKER: settings.REDIS_URL or LOCAL_REDIS,
            }
            inside = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "config.bench.inside", name, address, *(["--quick"] if quick else []), *peers],
                cwd=processes.ROOT,
                env=env,
                stdout=subprocess.PIPE,
                text=True,
            )
            with processes.ended(inside, 70):
                said, _ = inside.communicate()
            if inside.returncode:
                log = Path(folder) / "worker.log"
                why = f" The workers said:\n{log.read_text()[-2000:]}" if log.exists() else ""
                raise CommandError(f"{name} came to nothing.{why}")
            return [Figure(**row) for row in json.loads(said.splitlines()[-1])]
