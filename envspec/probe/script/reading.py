# mypy: ignore-errors
"""Reading: files, links and folders as items, bounded.

A part of probe.py: Python 3.6, standard library alone.
"""

import errno
import os
import stat

MAX_TEXT = 65536


def errno_name(error):
    return errno.errorcode.get(getattr(error, "errno", None), "EIO")


def read_bytes(path, limit=MAX_TEXT):
    """(content, whether there is more); OSError. Pipes, sockets and devices aren't opened."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        data = b""
        while len(data) <= limit:
            more = os.read(descriptor, limit + 1 - len(data))
            if not more:
                break
            data += more
    finally:
        os.close(descriptor)
    return data[:limit], len(data) > limit


def read_text(path, limit=MAX_TEXT):
    """What stands in a file, as far as ``limit``, or None."""
    try:
        return as_text(read_bytes(path, limit)[0])
    except OSError:
        return None


def as_text(data):
    return data.decode("utf-8", "replace")


def file_item(path, keep=None, limit=MAX_TEXT):
    """A file as an item; ``keep`` picks from its lines, of which more may be read than are carried."""
    try:
        data, cut = read_bytes(path, limit)
    except OSError as error:
        return {"error": errno_name(error)}
    text = as_text(data)
    if keep is not None:
        text = "".join(line + "\n" for line in text.splitlines() if keep(line))
    return text_item(text, cut)


def text_item(text, cut=False, limit=MAX_TEXT):
    item = {"text": text[:limit]}
    if cut or len(text) > limit:
        item["cut"] = True
    return item


def list_item(path, keep=None):
    try:
        names = sorted(name for name in os.listdir(path) if keep is None or keep(name))
    except OSError as error:
        return {"error": errno_name(error)}
    return text_item("".join(shown_name(name) + "\n" for name in names))


def link_item(path):
    try:
        return {"text": shown_name(os.readlink(path))}
    except OSError as error:
        return {"error": errno_name(error)}


def shown_name(name):
    """A file's name as text, whatever its bytes and the locale."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def names_in(path):
    """The names in a folder, sorted; none where it can't be read."""
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def kind_of(path):
    """``file``, ``folder``, ``broken-link``, ``absent``, or an errno's name."""
    try:
        return "folder" if stat.S_ISDIR(os.stat(path).st_mode) else "file"
    except OSError as error:
        if error.errno != errno.ENOENT:
            return errno_name(error)
    return "broken-link" if os.path.islink(path) else "absent"


def command_item(ended, limit=MAX_TEXT):
    """How a command ended, as an item."""
    item = text_item(as_text(ended.out), ended.cut, limit) if ended.out or not ended.error else {}
    if ended.err:
        item["stderr"] = as_text(ended.err)
    if ended.status is not None and ended.error not in ("timeout", "abandoned"):
        item["status"] = ended.status
    if ended.error:
        item["error"] = ended.error
    return item


def find_program(name, folders=()):
    """Where a program is, in the system's own folders or ``folders``; None where nowhere."""
    for folder in SYSTEM_FOLDERS + tuple(folders):
        path = folder + "/" + name
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


SYSTEM_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Not /usr/local: it may lie on a server, and root may share it with others."""


def is_ours(path):
    """Whether a program belongs to the system or to whoever runs the probe, and nobody else may change it."""
    try:
        status = os.stat(path)
        system = os.stat("/").st_uid
    except OSError:
        return False
    return status.st_uid in (0, system, os.geteuid()) and not status.st_mode & stat.S_IWOTH
