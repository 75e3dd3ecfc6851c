"""`manage.py verify`: whether a system does what its connector takes for granted, seen on a real test tenant.

`reads` looks without writing; `history` and `flat` write one test person's position, by the planner's own run, and read
it again after each step; `report` holds the system's list (`sdk.confirming`) against what was found. Nothing here needs
the database but `persons`, which says whom a connection may be verified with.
"""
