"""Compiles emitted CUDA kernels for sm_90 by NVRTC, without a GPU, and bounds their registers: none may spill.

usage: nvrtc.py FOLDER FILE...    the folder has libnvrtc.so.13, as the wheel nvidia-cuda-nvrtc installs it
"""

import ctypes
import re
import sys

REGISTERS = 128


def load(folder):
    ctypes.CDLL(f"{folder}/libnvrtc-builtins.so.13.0", mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(f"{folder}/libnvrtc.so.13")


def compiled(nvrtc, text, name):
    """The log of the compiler, with a line of resources for each kernel; leaves with it where a kernel is refused."""
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), name.encode(), 0, None, None)
    options = [b"--gpu-architecture=sm_90", b"--ptxas-options=-v"]
    status = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    log = log.value.decode()
    if status != 0:
        sys.exit(f"{name} does not compile for sm_90:\n{log}")
    return log


def main():
    nvrtc, files = load(sys.argv[1]), sys.argv[2:]
    total, worst = 0, 0
    for path in files:
        text = open(path).read()
        log = compiled(nvrtc, text, path)
        kernels = re.findall(r"^KERNEL void (\w+)", text, re.MULTILINE)
        used = [int(n) for n in re.findall(r"Used (\d+) registers", log)]
        spills = [int(n) for n in re.findall(r"(\d+) bytes spill", log)]
        if len(used) != len(kernels):
            sys.exit(f"{path}: {len(kernels)} kernels, but the resources of {len(used)}\n{log}")
        if any(spills) or max(used) > REGISTERS:
            sys.exit(f"{path}: {max(used)} registers, {max(spills)} bytes spilled\n{log}")
        print(f"{path}: {len(kernels)} kernels, at most {max(used)} registers, no spills")
        total, worst = total + len(kernels), max(worst, max(used))
    if total == 0:
        sys.exit("no kernel was compiled")
    print(f"{total} kernels compile for sm_90, with at most {worst} registers and no spills")


if __name__ == "__main__":
    main()
