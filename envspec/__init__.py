"""envspec: plan, lock, carry and verify a GPU environment for a host nobody can reach."""

from __future__ import annotations

__version__ = "0.1.0"
