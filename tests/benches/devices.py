"""Checks the kernels of a device against the processor in double precision, times workloads on it beside PyTorch, and writes
GPU-BENCHMARKS.md.

usage: devices.py --hesse target/release/hesse --device cuda|opencl [--small] [--output GPU-BENCHMARKS.md]

The program must be built with the feature of the device. Every example's Hessian is checked in f64 to 1e-9 and in f32 to 1e-4 of its
largest entry. Times are medians of whole evaluations: upload, kernels, download. PyTorch is timed on its CUDA device if it is installed
and has one; if not, the table says so. --small takes sizes that a processor does in seconds.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGISTIC = "dim m, n; input X: m × n; target y: m; param w: n\nloss sum(softplus(-(y ∘ (X w))))\n"
FACTORIZATION = (
    "dim n, k; const M: n × n; target T: n × n; param U: n × k; const V: n × k\nR = M ∘ (T - U V')\nloss dot(R, R)\n"
)
DEEP = (
    "dim n, B; input X: B × n; target Y: B × n; param W0: n × n; const W1, W2, W3: n × n\n"
    "h = relu(relu(relu(relu(X W0) W1) W2) W3)\nloss sum(logsumexp(h) - rowsum(Y ∘ h)) / B\n"
)
NORMS = "dim m, n; param X: m × n\nF = layernorm(X)\nG = softmax(X)\nloss sum(F) + sum(G)\n"
ATTENTION = (ROOT / "examples/attention.hesse").read_text()
TRANSFORMER = (ROOT / "examples/transformer.hesse").read_text()
HVP = "hvp(loss, V1, V2, V3)"
DIRECTED = ATTENTION.replace("\nT =", "\nconst V1, V2: dV × dK\nconst V3: dV × dV\nT =", 1)
# name, model, sizes, sizes of --small, query
WORKLOADS = [
    ("logistic", LOGISTIC, "m=2000,n=1000", "m=40,n=20", "hessian(loss)"),
    ("factorization", FACTORIZATION, "n=200,k=5", "n=20,k=3", "hessian(loss)"),
    ("deep", DEEP, "n=40,B=64", "n=6,B=8", "hessian(loss)"),
    ("attention (49, 16, 16)", ATTENTION, "L=49,dV=16,dK=16", "L=9,dV=4,dK=4", "hessian(loss)"),
    ("attention (64, 64, 16)", ATTENTION, "L=64,dV=64,dK=16", None, "hessian(loss)"),
    ("attention (256, 64, 64), one block", ATTENTION, "L=256,dV=64,dK=64", None, "hessian(loss, Wq, Wv)"),
    ("transformer block", TRANSFORMER, "L=49,dV=16,dK=16,dff=64", "L=5,dV=4,dK=3,dff=6", "hessian(loss, W1, W2)"),
    ("attention product, d = 1024", DIRECTED, "L=1024,dV=1024,dK=1024", "L=40,dV=40,dK=40", HVP),
    ("softmax and layernorm by rows", NORMS, "m=8192,n=1024", "m=64,n=100", "F + G"),
]


def run(arguments):
    out = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{out.stderr}")
    return out.stdout


def flat(x):
    return [v for row in x for v in flat(row)] if isinstance(x, list) else [x]


def hessian(hesse, model, data, device, dtype):
    command = [hesse, "--quiet", "eval", model, "--data", data, "-q", "hessian(loss)", "--device", device, "--dtype", dtype]
    return flat(json.loads(run(command))["results"][0]["data"])


def check(hesse, device, small):
    lines = []
    for model in sorted((ROOT / "examples").glob("*.hesse")):
        if small and model.stem not in ("attention", "layernorm", "logistic", "softmax"):
            continue
        data = ROOT / "examples/data" / f"{model.stem}.json"
        wanted = hessian(hesse, model, data, "cpu", "f64")
        scale = max(map(abs, wanted))
        apart = []
        for dtype, tolerance in (("f64", 1e-9), ("f32", 1e-4)):
            found = hessian(hesse, model, data, device, dtype)
            off = max(abs(a - b) for a, b in zip(wanted, found, strict=True)) / scale
            if not off <= tolerance:
                sys.exit(f"{model.stem} in {dtype} is off by {off:.1e}")
            apart.append(off)
        lines.append(f"| {model.stem} | {apart[0]:.1e} | {apart[1]:.1e} |")
        print(lines[-1], flush=True)
    return lines


def bench(hesse, model, sizes, query, device, dtype):
    command = [hesse, "bench", model, "--random", "7", "--dims", sizes, "-q", query, "--device", device, "--dtype", dtype, "--json"]
    return json.loads(run(command))["queries"][0]


def torch_times(workloads):
    """Medians in seconds of torch.func.hessian on the same GPU, for the workloads whose parameters are one array or attention's."""
    try:
        import torch
    except ImportError:
        return {}, "PyTorch is not installed"
    if not torch.cuda.is_available():
        return {}, "PyTorch finds no CUDA device"
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("cuda")

    def logistic(s):
        x, y, w = torch.randn(s["m"], s["n"]), torch.randn(s["m"]), torch.randn(s["n"])
        return lambda: torch.func.hessian(lambda w: torch.nn.functional.softplus(-(y * (x @ w))).sum())(w)

    def factorization(s):
        m, t, u, v = (torch.randn(*shape) for shape in [(s["n"], s["n"])] * 2 + [(s["n"], s["k"])] * 2)
        return lambda: torch.func.hessian(lambda u: ((m * (t - u @ v.T)) ** 2).sum())(u)

    def attention(s):
        x, y = torch.randn(s["L"], s["dV"]), torch.randn(s["L"], s["dV"])
        p = (torch.randn(s["dV"], s["dK"]), torch.randn(s["dV"], s["dK"]), torch.randn(s["dV"], s["dV"]))

        def loss(q, k, v):
            return ((torch.softmax(x @ q @ k.T @ x.T / s["dK"] ** 0.5, 1) @ x @ v - y) ** 2).mean()

        return lambda: torch.func.hessian(loss, argnums=(0, 1, 2))(*p)

    makers = {"logistic": logistic, "factorization": factorization, "attention (49, 16, 16)": attention, "attention (64, 64, 16)": attention}
    out = {}
    for name, _, sizes, _, _ in workloads:
        if name not in makers:
            continue
        f = makers[name]({k: int(v) for k, v in (part.split("=") for part in sizes.split(","))})
        times = []
        for _ in range(4):
            torch.cuda.synchronize()
            start = time.perf_counter()
            f()
            torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
        out[name] = statistics.median(times[1:])
    return out, torch.cuda.get_device_name()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hesse", type=pathlib.Path, required=True)
    parser.add_argument("--device", choices=["cuda", "opencl"], required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "GPU-BENCHMARKS.md")
    args = parser.parse_args()
    checked = check(args.hesse, args.device, args.small)
    workloads = [w for w in WORKLOADS if not args.small or w[3]]
    peers, peer = torch_times(workloads) if not args.small else ({}, "PyTorch is not timed at small sizes")
    rows, name = [], ""
    with tempfile.TemporaryDirectory() as folder:
        for title, text, sizes, small, query in workloads:
            model = pathlib.Path(folder) / "model.hesse"
            model.write_text(text)
            times = {}
            for device, dtype in ((args.device, "f64"), (args.device, "f32"), ("cpu", "f64")):
                times[device, dtype] = bench(args.hesse, model, small if args.small else sizes, query, device, dtype)
            d = times[args.device, "f64"]
            name = d["device"]
            peer_ms = f"{1e3 * peers[title]:.3f}" if title in peers else ""
            rate = d["flops"] / d["median_s"] / 1e9
            cells = [title, small if args.small else sizes, f"`{query}`", f"{1e3 * d['median_s']:.3f}"]
            cells += [f"{1e3 * times[args.device, 'f32']['median_s']:.3f}", f"{1e3 * times['cpu', 'f64']['median_s']:.3f}"]
            cells += [peer_ms, f"{rate:.1f}", f"{d['compile_s']:.2f}"]
            rows.append("| " + " | ".join(cells) + " |")
            print(rows[-1], flush=True)
    kind = "a GPU" if args.device == "cuda" or "pthread" not in name else "a processor by PoCL: GPU figures are missing"
    page = f"""# Devices

Written by `tests/benches/devices.py` on `{name}`, {kind}. PyTorch: {peer}. Times are medians of whole evaluations in milliseconds,
upload and download included; Gflop/s are those of the plan in f64.

| workload | sizes | query | f64 ms | f32 ms | processor f64 ms | PyTorch f64 ms | Gflop/s | compile s |
|---|---|---|---|---|---|---|---|---|
"""
    page += "\n".join(rows) + "\n\nHessians of the examples against the processor in f64, relative to the largest entry:\n\n"
    page += "| example | f64 | f32 |\n|---|---|---|\n" + "\n".join(checked) + "\n"
    args.output.write_text(page)


if __name__ == "__main__":
    main()
