"""One file per target system. Pure Python: nothing in this package imports Django."""
