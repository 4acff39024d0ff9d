"""The marker and the Python range by which installers know that a lock is meant for their host.

Source: PEP 751, ``environments`` and ``requires-python``; PEP 508 for the variables.
"""

from __future__ import annotations


def environment_marker(python: str, exact: bool, arch: str) -> str:
    """The one entry of ``environments``: CPython of this version on Linux on ``arch``.

    ``python`` is a full version, such as ``3.10.0``; without ``exact`` every
    release of its minor version is meant.
    """
    if exact:
        version = f'python_full_version == "{python}"'
    else:
        version = f'python_version == "{_minor(python)}"'
    return (
        f'implementation_name == "cpython" and {version}'
        f' and sys_platform == "linux" and platform_machine == "{arch}"'
    )


def locked_python(python: str, exact: bool) -> str:
    """``requires-python`` of the lock: ``==3.10.*``, or ``==3.10.14`` where the spec names a full version."""
    return f"=={python}" if exact else f"=={_minor(python)}.*"


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
