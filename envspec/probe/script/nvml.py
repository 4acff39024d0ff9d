# mypy: ignore-errors
"""NVML through ctypes: each call's return code by the name that was called, and what it brought.

Source: NVIDIA, NVML API Reference (nvml.h): nvmlReturn_t, nvmlMemory_t, the functions that are named here.
A part of probe.py: Python 3.6, standard library alone.
"""

NO_CTYPES = "this Python has no ctypes"
MAX_GPUS = 64
MAX_SLICES = 16
NVML_LIBRARIES = ("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1")
NVML_DONE, NVML_NEEDS_ROOM = 0, 7


def observe_nvml(say, identify):
    """Say what NVML says, piece by piece, so that a call that hangs hides none before it."""
    ctypes, library, trouble = load_library(NVML_LIBRARIES)
    if library is None:
        say({"load-error": trouble})
        return
    say({"library": library._name.rpartition("/")[2]})
    nvml = Nvml(ctypes, library, say)
    if nvml.call(("nvmlInit_v2", "nvmlInit")) != NVML_DONE:
        nvml.tell()
        return
    for key, names in (
        ("driver", ("nvmlSystemGetDriverVersion",)),
        ("nvml", ("nvmlSystemGetNVMLVersion",)),
    ):
        text = nvml.text(names)
        if text is not None:
            say({key: text})
    cuda = nvml.numbers(
        ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"), ctypes.c_int, 1
    )
    if cuda:
        say({"cuda": cuda[0]})
    count = nvml.numbers(("nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"), ctypes.c_uint, 1)
    nvml.tell()
    if count:
        say({"count": count[0]})
        for index in range(min(count[0], MAX_GPUS)):
            say({"device": observe_device(nvml, index, identify)})


def load_library(names):
    """ctypes and the first library that loads; else what the loader said of the first."""
    try:
        import ctypes
    except ImportError:
        return None, None, NO_CTYPES
    troubles = []
    for name in names:
        try:
            return ctypes, ctypes.CDLL(name), ""
        except OSError as error:
            troubles.append(str(error)[:500])
    return ctypes, None, troubles[0]


class Nvml:
    """The library, and the codes of the calls since ``begin``."""

    def __init__(self, ctypes, library, say):
        self.ctypes, self.library, self.say, self.calls = ctypes, library, say, {}

    def begin(self):
        self.calls = {}
        return self.calls

    def tell(self):
        self.say({"calls": self.calls})

    def call(self, names, *arguments):
        """Call the first of ``names`` that the library has; its code, None where it has none of them."""
        for name in names:
            function = getattr(self.library, name, None)
            if function is not None:
                self.say({"in": name})
                self.calls[name] = function(*arguments)
                return self.calls[name]
        self.calls[names[0]] = None
        return None

    def text(self, names, *handles):
        buffer = self.ctypes.create_string_buffer(256)
        if self.call(names, *handles, buffer, self.ctypes.c_uint(256)) != NVML_DONE:
            return None
        return buffer.value.decode("utf-8", "replace")

    def numbers(self, names, kind, count, *handles):
        """The numbers that a call gives through pointers, None where it failed."""
        values = [kind() for _ in range(count)]
        references = [self.ctypes.byref(value) for value in values]
        if self.call(names, *handles, *references) != NVML_DONE:
            return None
        return [value.value for value in values]

    def memory(self, handle):
        """nvmlMemory_t: total, free and used, in bytes."""
        three = (self.ctypes.c_ulonglong * 3)()
        if self.call(("nvmlDeviceGetMemoryInfo",), handle, self.ctypes.byref(three)) != NVML_DONE:
            return None
        return {"total": three[0], "free": three[1], "used": three[2]}

    def processes(self, handle):
        """How many compute on it: asked with room for none, NVML says how much it would need."""
        count = self.ctypes.c_uint(0)
        names = ["nvmlDeviceGetComputeRunningProcesses" + version for version in ("_v3", "_v2", "")]
        code = self.call(names, handle, self.ctypes.byref(count), None)
        return count.value if code in (NVML_DONE, NVML_NEEDS_ROOM) else None


def observe_device(nvml, index, identify):
    ctypes = nvml.ctypes
    device = {"calls": nvml.begin()}
    handle = ctypes.c_void_p()
    names = ("nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex")
    if nvml.call(names, ctypes.c_uint(index), ctypes.byref(handle)) != NVML_DONE:
        return device
    found = describe_handle(nvml, handle)
    found["capability"] = nvml.numbers(("nvmlDeviceGetCudaComputeCapability",), ctypes.c_int, 2, handle)
    found["mig"] = nvml.numbers(("nvmlDeviceGetMigMode",), ctypes.c_uint, 2, handle)
    virtual = nvml.numbers(("nvmlDeviceGetVirtualizationMode",), ctypes.c_uint, 1, handle)
    found["virtualization"] = virtual and virtual[0]
    found["ecc"] = nvml.numbers(("nvmlDeviceGetEccMode",), ctypes.c_int, 2, handle)
    found["processes"] = nvml.processes(handle)
    if identify:
        found["uuid"] = nvml.text(("nvmlDeviceGetUUID",), handle)
        found["serial"] = nvml.text(("nvmlDeviceGetSerial",), handle)
    if found["mig"] and found["mig"][0] == 1:
        found["mig-devices"] = observe_slices(nvml, handle)
    device.update((key, value) for key, value in found.items() if value is not None)
    return device


def describe_handle(nvml, handle):
    return {"name": nvml.text(("nvmlDeviceGetName",), handle), "memory": nvml.memory(handle)}


def observe_slices(nvml, handle):
    """The slices of a device in MIG mode, None where nothing says how many places there are for them."""
    ctypes, own = nvml.ctypes, nvml.calls
    most = nvml.numbers(("nvmlDeviceGetMaxMigDeviceCount",), ctypes.c_uint, 1, handle)
    if most is None:
        return None
    slices = []
    for index in range(min(most[0], MAX_SLICES)):
        calls, part = nvml.begin(), ctypes.c_void_p()
        names = ("nvmlDeviceGetMigDeviceHandleByIndex",)
        if nvml.call(names, handle, ctypes.c_uint(index), ctypes.byref(part)) == NVML_DONE:
            found = describe_handle(nvml, part)
            slices.append({"calls": calls})
            slices[-1].update((key, value) for key, value in found.items() if value is not None)
    nvml.calls = own
    return slices


def nvml_item(ended):
    """What was said until the end, as an item."""
    value, calls, hung = {}, {}, None
    for said in ended.said():
        for key, part in said.items():
            if key == "in":
                hung = part
            elif key == "calls":
                calls.update(part)
            elif key == "device":
                value.setdefault("devices", []).append(part)
            else:
                value[key] = part
    if calls:
        value["calls"] = calls
    item = {"value": value}
    if ended.error:
        item["error"] = ended.error
        if hung:
            value["hung-in"] = hung
    if ended.error == "crashed" and ended.status is not None:
        item["status"] = ended.status
    return item


def observe_libcuda(say):
    """cuDriverGetVersion, which needs no device."""
    ctypes, library, trouble = load_library(("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"))
    function = getattr(library, "cuDriverGetVersion", None)
    if function is None:
        say({"load-error": trouble or "cuDriverGetVersion isn't in it"})
        return
    version = ctypes.c_int()
    code = function(ctypes.byref(version))
    say({"version": version.value, "code": code} if code == 0 else {"code": code})
