"""A new installation's tables are made at once, an old one's step by step: both come to the same."""

from __future__ import annotations

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

from tests.migrated import EveryStep


def test_what_is_made_at_once_is_what_the_steps_lead_to() -> None:
    at_once, steps = MigrationLoader(None), EveryStep(None)
    assert {app for app, _ in at_once.replacements} == {"positions", "integrations", "synclog"}
    for key, migration in at_once.replacements.items():
        assert key in at_once.graph.nodes and key not in steps.graph.nodes
        assert not set(migration.replaces) & set(at_once.graph.nodes), "a new installation takes none of the steps"
        assert set(migration.replaces) <= set(steps.graph.nodes), "an old one finds each that it has not taken yet"
    for one, other in ((at_once, steps), (steps, at_once)):
        assert MigrationAutodetector(one.project_state(), other.project_state()).changes(other.graph) == {}
