# mypy: ignore-errors
"""The brief. A part of probe.py: Python 3.6, standard library alone."""
