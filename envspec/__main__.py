"""``python -m envspec``."""

from envspec.cli.main import command

command()
