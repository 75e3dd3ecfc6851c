"""Local servers that behave like the target systems, one file per system. Written from the vendors' documentation
alone: nothing here imports a connector."""
