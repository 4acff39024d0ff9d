"""Every table of ``compat/data`` by its name, for whoever shows or checks them all."""

from importlib import import_module

from envspec.compat.rows import Row, Table, read_table

_MODULES = {
    "compilers": "compilers",
    "cuda": "cuda",
    "cudnn": "cudnn",
    "gpus": "gpus",
    "installers": "installers",
    "os": "operating_systems",
    "rules": "rules",
    "system-libraries": "system_libraries",
    "tls-clients": "tls_clients",
    "torch": "torch_builds",
}
"""Name of the document to the module whose ``Tables`` reads it."""


def documents() -> tuple[str, ...]:
    """The names of all documents."""
    return tuple(_MODULES)


def document(name: str) -> Table:
    """One of them, read and checked."""
    kind: type[Table] = import_module(f"envspec.compat.{_MODULES[name]}").Tables
    return read_table(name, kind)


def tables_of(name: str) -> tuple[str, ...]:
    """``cuda.toolkit``, ``cuda.floor``, ... of ``cuda``."""
    fields = document(name).__struct_encode_fields__
    return tuple(f"{name}.{field}" for field in fields if field not in ("schema", "about"))


def rows_of(table: str) -> tuple[Row, ...]:
    """The rows of ``cuda.floor``, in the order of the document. KeyError for a table that isn't there."""
    name, _, field = table.partition(".")
    whole = document(name)
    if table not in tables_of(name):
        raise KeyError(table)
    rows: tuple[Row, ...] = getattr(whole, field.replace("-", "_"))
    return rows
