# mypy: ignore-errors
"""Options of the script. A part of probe.py: Python 3.6, standard library alone.

Read by hand: argparse would take more of the time than all of the reading.
"""

USAGE = """usage: sh probe.py [OPTION ...]     (or: python3 probe.py)

Prints what this host shows as one JSON document, to be read by envspec verify --host. Nothing is sent
anywhere, nothing is left behind. Names of host and users, addresses, serials and UUIDs are dropped.

  --output FILE           write there instead of to standard output
  --prefix DIR            where environments will be installed; its file system is looked at
  --scratch DIR           where temporary files will go, likewise
  --label NAME            what to call this host in reports
  --brief                 at most 25 lines to write down and type in elsewhere
  --identify              keep names, addresses, serials and UUIDs
  --timeout SECONDS       how long a single program or call may take (3; NVML and nvidia-smi 20)
  --endpoint URL          try to reach it, stage by stage; may be repeated
  --ca-file FILE          authority for the endpoint before it
  --probe-egress HOST:PORT   try to connect there, to show that a network is closed; may be repeated

ENVSPEC_PYTHON names the Python that sh takes; none: sh does it alone.
"""
VALUED = ("output", "prefix", "scratch", "label", "timeout", "endpoint", "ca-file", "probe-egress")
SWITCHED = ("brief", "identify", "help")
MAX_TIMEOUT_S = 600


class UsageError(Exception):
    """What is wrong with the options."""


def read_options(words):
    """A dictionary of the options; UsageError."""
    options = {"endpoint": [], "probe-egress": []}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        name = {"-o": "output", "-h": "help"}.get(name, name[2:] if name.startswith("--") else None)
        if name in SWITCHED and not equals:
            options[name] = True
        elif name in VALUED:
            if not equals:
                if not words:
                    raise UsageError("--%s wants a value" % name)
                value = words.pop(0)
            take(options, name, value)
        else:
            raise UsageError("there is no option %s" % word)
    return options


def take(options, name, value):
    """Put one value in its place."""
    if name == "endpoint":
        options[name].append([value, None])
    elif name == "ca-file":
        if not options["endpoint"]:
            raise UsageError("--ca-file stands after the --endpoint that it is for")
        options["endpoint"][-1][1] = value
    elif name == "probe-egress":
        host, _, port = value.rpartition(":")
        if not (host and port.isdigit() and 0 < int(port) < 65536):
            raise UsageError("--probe-egress wants HOST:PORT, not %s" % value)
        options[name].append((host.strip("[]"), int(port)))
    elif name == "timeout":
        try:
            options[name] = float(value)
        except ValueError:
            options[name] = 0.0
        if not 0 < options[name] <= MAX_TIMEOUT_S:
            raise UsageError("--timeout wants seconds, more than 0 and at most %d" % MAX_TIMEOUT_S)
    elif name == "label":
        if not 0 < len(value) <= 64 or not all(" " <= char <= "~" for char in value):
            raise UsageError("--label wants 1 to 64 printable ASCII characters")
        options[name] = value
    else:
        options[name] = value
