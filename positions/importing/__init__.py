"""Employees and positions from CSV and Excel, and back.

django-import-export was weighed for it, and is not used: docs/dependencies.md says why. What is here reads and writes
files (files.py, writing.py), knows the columns (columns.py, values.py, rows.py), and hands the rows to the bulk writes
of the API (judging.py), piece by piece in a worker (work.py).
"""
