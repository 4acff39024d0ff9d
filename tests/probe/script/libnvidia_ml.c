/* A libnvidia-ml.so.1 whose state is what the environment says, for a host without a GPU.
 *
 * FAKE_NVML_INIT   return code of nvmlInit_v2
 * FAKE_NVML_GPUS   how many devices (1)
 * FAKE_NVML_HANG   name of the call that never returns
 * FAKE_NVML_CRASH  name of the call that ends the process
 * FAKE_NVML_FAIL   NAME=CODE of a call that fails
 * FAKE_NVML_MIG    how many slices the devices have; MIG mode is off without it
 * FAKE_NVML_VIRTUAL  nvmlGpuVirtualizationMode_t (0)
 * FAKE_NVML_PROCESSES  how many compute on each (0)
 *
 * Compiled with -DOLD it has the functions of drivers before branch 450 alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The names that changed with a version. */
#ifdef OLD
#define FIRST_init nvmlInit
#define FIRST_cuda nvmlSystemGetCudaDriverVersion
#define FIRST_count nvmlDeviceGetCount
#define FIRST_handle nvmlDeviceGetHandleByIndex
#define FIRST_processes nvmlDeviceGetComputeRunningProcesses
#else
#define FIRST_init nvmlInit_v2
#define FIRST_cuda nvmlSystemGetCudaDriverVersion_v2
#define FIRST_count nvmlDeviceGetCount_v2
#define FIRST_handle nvmlDeviceGetHandleByIndex_v2
#define FIRST_processes nvmlDeviceGetComputeRunningProcesses_v3
#endif
#define FIRST(what) FIRST_##what

typedef struct { unsigned long long total, free, used; } memory;

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? strtol(text, 0, 10) : otherwise;
}

static int named(const char *variable, const char *call) {
    const char *text = getenv(variable);
    return text && !strncmp(text, call, strlen(call)) && (text[strlen(call)] == 0 || text[strlen(call)] == '=');
}

static int enter(const char *call) {
    if (named("FAKE_NVML_HANG", call)) for (;;) pause();
    if (named("FAKE_NVML_CRASH", call)) raise(SIGSEGV);
    if (named("FAKE_NVML_FAIL", call)) return atoi(strchr(getenv("FAKE_NVML_FAIL"), '=') + 1);
    return 0;
}

#define ENTER do { int code = enter(__func__); if (code) return code; } while (0)
/* A handle of a device is its index and 1000; of a slice, 2000 and its index. */
#define HANDLE(base, index) ((void *)(long)((base) + (index)))
#define IS_SLICE(handle) ((long)(handle) >= 2000)

int FIRST(init)(void) { ENTER; return (int)number("FAKE_NVML_INIT", 0); }

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    ENTER;
    snprintf(text, size, "515.105.01");
    return 0;
}

int nvmlSystemGetNVMLVersion(char *text, unsigned size) {
    ENTER;
    snprintf(text, size, "11.515.105.01");
    return 0;
}

int FIRST(cuda)(int *version) { ENTER; *version = 11070; return 0; }
int FIRST(count)(unsigned *count) { ENTER; *count = (unsigned)number("FAKE_NVML_GPUS", 1); return 0; }

int FIRST(handle)(unsigned index, void **handle) {
    ENTER;
    *handle = HANDLE(1000, index);
    return 0;
}

int nvmlDeviceGetName(void *handle, char *text, unsigned size) {
    ENTER;
    snprintf(text, size, IS_SLICE(handle) ? "NVIDIA A100 80GB PCIe MIG 1g.10gb" : "NVIDIA A100 80GB PCIe");
    return 0;
}

int nvmlDeviceGetMemoryInfo(void *handle, memory *info) {
    ENTER;
    info->total = IS_SLICE(handle) ? 10200547328ull : 85899345920ull;
    info->used = 1048576;
    info->free = info->total - info->used;
    return 0;
}

int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    ENTER;
    (void)handle;
    *major = 8;
    *minor = 0;
    return 0;
}

int nvmlDeviceGetEccMode(void *handle, int *now, int *next) {
    ENTER;
    (void)handle;
    *now = *next = 1;
    return 0;
}

int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    ENTER;
    snprintf(text, size, "GPU-%08lx-1111-2222-3333-444444444444", (long)handle);
    return 0;
}

int nvmlDeviceGetSerial(void *handle, char *text, unsigned size) {
    ENTER;
    snprintf(text, size, "13249210%05ld", (long)handle);
    return 0;
}

/* Asked with room for none, as the reference says: 7 and how many there are, or 0 and none. */
int FIRST(processes)(void *handle, unsigned *count, void *infos) {
    ENTER;
    (void)handle;
    unsigned there = (unsigned)number("FAKE_NVML_PROCESSES", 0), room = *count;
    *count = there;
    return there > room || (there && !infos) ? 7 : 0;
}

#ifndef OLD
int nvmlDeviceGetMigMode(void *handle, unsigned *now, unsigned *next) {
    ENTER;
    (void)handle;
    *now = *next = getenv("FAKE_NVML_MIG") != 0;
    return 0;
}

int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned *count) { ENTER; (void)handle; *count = 7; return 0; }

int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned index, void **part) {
    ENTER;
    (void)handle;
    if (index >= (unsigned)number("FAKE_NVML_MIG", 0)) return 6;
    *part = HANDLE(2000, index);
    return 0;
}

int nvmlDeviceGetVirtualizationMode(void *handle, unsigned *mode) {
    ENTER;
    (void)handle;
    *mode = (unsigned)number("FAKE_NVML_VIRTUAL", 0);
    return 0;
}
#endif
