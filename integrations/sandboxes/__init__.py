"""Serves what behaves like the target systems: `integrations/systems/<key>/sandbox.py`, each on `base.Sandbox`. Written
from the vendors' documentation alone: nothing here imports a connector."""
