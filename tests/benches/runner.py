"""Runs the kernels that `hesse emit` writes, by their manifest, through ctypes: times of kernels alone, without upload and download,
and the copy bandwidth of the same device."""

import ctypes as c
import json
import pathlib
import statistics
import time

POINTER = c.c_void_p


def checked(status, what):
    if status != 0:
        raise RuntimeError(f"{what}: status {status}")


class OpenCl:
    """The first OpenCL device, graphics before processors."""

    def __init__(self):
        self.cl = c.CDLL("libOpenCL.so.1")
        for name in ("Context", "CommandQueue", "ProgramWithSource", "Kernel", "Buffer"):
            getattr(self.cl, f"clCreate{name}").restype = POINTER
        platform, device, self.status = POINTER(), POINTER(), c.c_int()
        checked(self.cl.clGetPlatformIDs(1, c.byref(platform), None), "no OpenCL platform")
        for kind in (4, 2, 0xFFFFFFFF):
            if self.cl.clGetDeviceIDs(platform, c.c_ulong(kind), 1, c.byref(device), None) == 0:
                break
        self.device = device
        self.context = POINTER(self.cl.clCreateContext(None, 1, c.byref(device), None, None, c.byref(self.status)))
        self.queue = POINTER(self.cl.clCreateCommandQueue(self.context, device, c.c_ulong(0), c.byref(self.status)))

    def compile(self, source):
        text = c.c_char_p(source.encode())
        self.program = POINTER(self.cl.clCreateProgramWithSource(self.context, 1, c.byref(text), None, c.byref(self.status)))
        checked(self.cl.clBuildProgram(self.program, 0, None, b"-cl-std=CL1.2", None, None), "the kernels do not compile")

    def kernel(self, name):
        kernel = POINTER(self.cl.clCreateKernel(self.program, name.encode(), c.byref(self.status)))
        checked(self.status.value, name)
        return kernel

    def memory(self, size):
        buffer = POINTER(self.cl.clCreateBuffer(self.context, c.c_ulong(1), c.c_size_t(size), None, c.byref(self.status)))
        checked(self.status.value, f"no memory of {size} bytes")
        return buffer

    def write(self, memory, data):
        checked(self.cl.clEnqueueWriteBuffer(self.queue, memory, 1, c.c_size_t(0), c.c_size_t(len(data)), data, 0, None, None), "write")

    def copy(self, to, of, size):
        zero = c.c_size_t(0)
        checked(self.cl.clEnqueueCopyBuffer(self.queue, of, to, zero, zero, c.c_size_t(size), 0, None, None), "copy")

    def launch(self, kernel, arguments, groups, threads):
        for k, a in enumerate(arguments):
            checked(self.cl.clSetKernelArg(kernel, k, c.c_size_t(8), c.byref(a)), "an argument")
        whole, group = c.c_size_t(groups * threads), c.c_size_t(threads)
        checked(self.cl.clEnqueueNDRangeKernel(self.queue, kernel, 1, None, c.byref(whole), c.byref(group), 0, None, None), "launch")

    def wait(self):
        checked(self.cl.clFinish(self.queue), "wait")


class Cuda:
    """The first CUDA device; kernels are compiled by NVRTC."""

    def __init__(self):
        self.cu, self.rtc = c.CDLL("libcuda.so.1"), c.CDLL("libnvrtc.so.13")
        device, context = c.c_int(), POINTER()
        checked(self.cu.cuInit(0), "no CUDA device")
        checked(self.cu.cuDeviceGet(c.byref(device), 0), "no CUDA device")
        checked(self.cu.cuDevicePrimaryCtxRetain(c.byref(context), device), "no context")
        checked(self.cu.cuCtxSetCurrent(context), "no context")
        major, minor = c.c_int(), c.c_int()
        self.cu.cuDeviceGetAttribute(c.byref(major), 75, device)
        self.cu.cuDeviceGetAttribute(c.byref(minor), 76, device)
        self.architecture = f"--gpu-architecture=sm_{major.value}{minor.value}".encode()

    def compile(self, source):
        program, size, self.module = POINTER(), c.c_size_t(), POINTER()
        checked(self.rtc.nvrtcCreateProgram(c.byref(program), source.encode(), b"kernels.cu", 0, None, None), "a program")
        options = (c.c_char_p * 1)(self.architecture)
        checked(self.rtc.nvrtcCompileProgram(program, 1, options), "the kernels do not compile")
        checked(self.rtc.nvrtcGetCUBINSize(program, c.byref(size)), "code")
        code = c.create_string_buffer(size.value)
        checked(self.rtc.nvrtcGetCUBIN(program, code), "code")
        checked(self.cu.cuModuleLoadData(c.byref(self.module), code), "load")

    def kernel(self, name):
        kernel = POINTER()
        checked(self.cu.cuModuleGetFunction(c.byref(kernel), self.module, name.encode()), name)
        return kernel

    def memory(self, size):
        pointer = c.c_uint64()
        checked(self.cu.cuMemAlloc_v2(c.byref(pointer), c.c_size_t(size)), f"no memory of {size} bytes")
        return pointer

    def write(self, memory, data):
        checked(self.cu.cuMemcpyHtoD_v2(memory, data, c.c_size_t(len(data))), "write")

    def copy(self, to, of, size):
        checked(self.cu.cuMemcpyDtoDAsync_v2(to, of, c.c_size_t(size), None), "copy")

    def launch(self, kernel, arguments, groups, threads):
        list_ = (POINTER * len(arguments))(*[c.cast(c.byref(a), POINTER) for a in arguments])
        checked(self.cu.cuLaunchKernel(kernel, groups, 1, 1, threads, 1, 1, 0, None, list_, None), "launch")

    def wait(self):
        checked(self.cu.cuCtxSynchronize(), "wait")


def median(device, work, rounds):
    times = []
    for _ in range(rounds + 1):
        device.wait()
        start = time.perf_counter()
        work()
        device.wait()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def rows(api, source, rounds):
    """Of the kernels in a file: median seconds, bytes that must move at least, launches, and the bytes a second of a copy of as many.

    Raises: RuntimeError with what the driver refuses; also where a step has no kernel.
    """
    device = {"cuda": Cuda, "opencl": OpenCl}[api]()
    source = pathlib.Path(source)
    manifest = json.loads(source.with_suffix(".json").read_text())
    size = 8 if manifest["dtype"] == "f64" else 4
    device.compile(source.read_text())
    kernels = {k["name"]: (device.kernel(k["name"]), k) for k in manifest["kernels"]}
    memory = {k: device.memory(max(a["entries"], 1) * size) for k, a in enumerate(manifest["arrays"])}
    flag = device.memory(size)
    import array

    code = "d" if size == 8 else "f"
    for k, a in enumerate(manifest["arrays"]):
        values = array.array(code, [((i * 2654435761) % 1000) / 500 - 1 for i in range(max(a["entries"], 1))])
        device.write(memory[k], values.tobytes())
    for n in manifest["numbers"]:
        device.write(memory[n["array"]], array.array(code, [n["value"]]).tobytes())
    zeros = {t["zero"]: bytes(manifest["arrays"][t["zero"]]["entries"] * size) for t in manifest["tasks"] if "zero" in t}
    if any("host" in t for t in manifest["tasks"]):
        raise RuntimeError("a step has no kernel")

    def work():
        for t in manifest["tasks"]:
            if "zero" in t:
                device.write(memory[t["zero"]], zeros[t["zero"]])
                continue
            kernel, k = kernels[t["launch"]]
            arguments = [memory[a] for a in t["arrays"]] + ([flag] if k["flag"] else [])
            device.launch(kernel, arguments, k["groups"], k["threads"])

    seconds = median(device, work, rounds)
    moved = sum(manifest["arrays"][x["array"]]["entries"] for x in manifest["inputs"] + manifest["outputs"]) * size
    to, of = device.memory(moved), device.memory(moved)
    copied = median(device, lambda: device.copy(to, of, moved), rounds)
    launches = sum("launch" in t for t in manifest["tasks"])
    return seconds, moved, launches, 2 * moved / copied
