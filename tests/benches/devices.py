"""Checks the kernels of a device against the processor in double precision, times workloads on it beside PyTorch and JAX, and writes
GPU-BENCHMARKS.md.

usage: devices.py --hesse target/release/hesse --device cuda|opencl [--small] [--note TEXT] [--output GPU-BENCHMARKS.md]

The program must be built with the feature of the device. Every example's Hessian is checked in f64 to 1e-9 and in f32 to 1e-4 of its
largest entry. Times are medians of whole evaluations: upload, kernels, download. The frameworks are timed in the same run, on the same
GPU for CUDA, else on the processor; where one is not installed, the page says so. Kernels that go by rows are timed alone, too, beside
a copy of as many bytes on the same device. --small takes sizes that a processor does in seconds.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import frameworks
import runner

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGISTIC = "dim m, n; input X: m × n; target y: m; param w: n\nloss sum(softplus(-(y ∘ (X w))))\n"
FACTORIZATION = (
    "dim n, k; const M: n × n; target T: n × n; param U: n × k; const V: n × k\nR = M ∘ (T - U V')\nloss dot(R, R)\n"
)
DEEP = (
    "dim n, B; input X: B × n; target Y: B × n; param W0: n × n; const W1, W2, W3: n × n\n"
    "h = relu(relu(relu(relu(X W0) W1) W2) W3)\nloss sum(logsumexp(h) - rowsum(Y ∘ h)) / B\n"
)
NORMS = "dim m, n; param X: m × n; const V, T: m × n\nF = layernorm(X)\nG = softmax(X)\nloss dot(F, T) + dot(G, T)\n"
ATTENTION = (ROOT / "examples/attention.hesse").read_text()
TRANSFORMER = (ROOT / "examples/transformer.hesse").read_text()
HVP = "hvp(loss, V1, V2, V3)"
DIRECTED = ATTENTION.replace("\nT =", "\nconst V1, V2: dV × dK\nconst V3: dV × dV\nT =", 1)
# name, model, sizes, sizes of --small, query, samples of a batch, the same in a framework
WORKLOADS = [
    ("logistic", LOGISTIC, "m=2000,n=1000", "m=40,n=20", "hessian(loss)", None, frameworks.logistic),
    ("factorization", FACTORIZATION, "n=200,k=5", "n=20,k=3", "hessian(loss)", None, frameworks.factorization),
    ("deep", DEEP, "n=40,B=64", "n=6,B=8", "hessian(loss)", None, frameworks.deep),
    ("attention (49, 16, 16)", ATTENTION, "L=49,dV=16,dK=16", "L=9,dV=4,dK=4", "hessian(loss)", None, frameworks.whole_attention),
    ("attention (64, 64, 16)", ATTENTION, "L=64,dV=64,dK=16", "L=8,dV=8,dK=4", "hessian(loss)", None, frameworks.whole_attention),
    ("attention (256, 64, 64), one block", ATTENTION, "L=256,dV=64,dK=64", "L=16,dV=4,dK=4", "hessian(loss, Wq, Wv)", None, frameworks.one_block),
    ("transformer block, batch 128", TRANSFORMER, "L=49,dV=16,dK=16,dff=64", "L=5,dV=4,dK=3,dff=6", "hessian(loss, W1, W2)", 128, None),
    ("transformer block, d = 128", TRANSFORMER, "L=49,dV=128,dK=128,dff=512", "L=6,dV=5,dK=5,dff=8", "hessian(loss, be2, W2)", None, None),
    ("attention product, d = 1024", DIRECTED, "L=1024,dV=1024,dK=1024", "L=40,dV=40,dK=40", HVP, None, frameworks.product),
    ("softmax and layernorm by rows", NORMS, "m=8192,n=1024", "m=64,n=100", "F + G", None, frameworks.rows),
]
# kernels whose floor is the bandwidth of the device
ROWS = [
    ("softmax", "m=8192,n=1024", "m=64,n=100", "G"),
    ("layernorm", "m=8192,n=1024", "m=64,n=100", "F"),
    ("softmax, Hessian times a direction", "m=8192,n=1024", "m=64,n=100", "hvp(dot(G, T), V)"),
    ("layernorm, Hessian times a direction", "m=8192,n=1024", "m=64,n=100", "hvp(dot(F, T), V)"),
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


def parsed(sizes):
    return {k: int(v) for k, v in (part.split("=") for part in sizes.split(","))}


def batched(folder, sizes, samples):
    """Data of the transformer block with so many samples, as a file."""
    s, state = parsed(sizes), [1]

    def entries(*shape):
        if not shape:
            state[0] = state[0] * 48271 % 2147483647
            return state[0] / 1073741823.5 - 1
        return [entries(*shape[1:]) for _ in range(shape[0])]

    d, k, f = s["dV"], s["dK"], s["dff"]
    shapes = {"X": (samples, s["L"], d), "T": (samples, s["L"], d), "W1": (d, f), "b1": (f,), "W2": (f, d), "b2": (d,)}
    shapes |= {"Wq": (d, k), "Wk": (d, k), "Wv": (d, d), "g1": (d,), "be1": (d,), "g2": (d,), "be2": (d,)}
    path = pathlib.Path(folder) / "batch.json"
    path.write_text(json.dumps({name: entries(*shape) for name, shape in shapes.items()}))
    return path


def bench(hesse, model, given, query, device, dtype):
    return json.loads(run([hesse, "bench", model, *given, "-q", query, "--device", device, "--dtype", dtype, "--json"]))["queries"][0]


def by_rows(hesse, device, small, folder):
    """Lines of the kernels whose floor is the bandwidth."""
    lines = []
    model = pathlib.Path(folder) / "rows.hesse"
    for title, large, little, query in ROWS:
        name = "F" if "layernorm" in title else "G"
        model.write_text(NORMS.replace("loss dot(F, T) + dot(G, T)", f"loss dot({name}, T)"))
        sizes = little if small else large
        asked = "hvp(loss, V)" if query.startswith("hvp") else query
        cells = []
        for dtype in ("f64", "f32"):
            path = pathlib.Path(folder) / f"rows.{dtype}.{'cu' if device == 'cuda' else 'cl'}"
            run([hesse, "emit", model, "--target", device, "--dims", sizes, "--dtype", dtype, "-q", asked, "-o", path])
            seconds, moved, launches, copy = runner.rows(device, path, 50)
            cells.append(f"{launches} | {1e3 * seconds:.3f} | {moved / seconds / 1e9:.1f} | {copy / 1e9:.1f} | {moved / seconds / copy:.2f}")
        lines.append(f"| {title} | {sizes} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hesse", type=pathlib.Path, required=True)
    parser.add_argument("--device", choices=["cuda", "opencl"], required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "GPU-BENCHMARKS.md")
    parser.add_argument("--note", default="", help="what a reader must know of this run, as how the program was built")
    args = parser.parse_args()
    checked = check(args.hesse, args.device, args.small)
    gpu = args.device == "cuda"
    sizes_of = [(w, w[3] if args.small else w[2]) for w in WORKLOADS]
    asked = [(w[0], maker(w), parsed(sizes)) for w, sizes in sizes_of if maker(w)]
    peers = [frameworks.times(framework, gpu, asked) for framework in (frameworks.Torch, frameworks.Jax)]
    rows, name = [], ""
    with tempfile.TemporaryDirectory() as folder:
        for (title, text, _, _, query, samples, _), sizes in sizes_of:
            model = pathlib.Path(folder) / "model.hesse"
            model.write_text(text)
            given = ["--data", batched(folder, sizes, samples)] if samples else ["--random", "7", "--dims", sizes]
            times = {}
            for device, dtype in ((args.device, "f64"), (args.device, "f32"), ("cpu", "f64")):
                times[device, dtype] = bench(args.hesse, model, given, query, device, dtype)
            d = times[args.device, "f64"]
            name = d["device"]
            rate = d["flops"] / d["median_s"] / 1e9
            cells = [title, sizes, f"`{query}`", f"{1e3 * d['median_s']:.3f}"]
            cells += [f"{1e3 * times[args.device, 'f32']['median_s']:.3f}", f"{1e3 * times['cpu', 'f64']['median_s']:.3f}"]
            cells += [f"{1e3 * known[title]:.3f}" if known.get(title) else "—" for known, _ in peers]
            cells += [f"{rate:.1f}", f"{d['compile_s']:.2f}"]
            rows.append("| " + " | ".join(cells) + " |")
            print(rows[-1], flush=True)
        floors = by_rows(args.hesse, args.device, args.small, folder)
    kind = "a GPU" if args.device == "cuda" or "pthread" not in name else "a processor by PoCL: GPU figures are missing"
    page = f"""# Devices

Written by `tests/benches/devices.py` on `{name}`, {kind}. {peers[0][1]}; {peers[1][1]}.
Times are medians of whole evaluations in milliseconds, upload and download included, in f64 where nothing else is said; Gflop/s are
those of the plan in f64. A dash: not timed, or it did not fit. {args.note}

| workload | sizes | query | f64 | f32 | processor | PyTorch | JAX | Gflop/s | compile s |
|---|---|---|---|---|---|---|---|---|---|
"""
    page += "\n".join(rows)
    page += """

Kernels that go by rows, alone, beside a copy of as many bytes on the same device: launches, milliseconds, GB/s of what must be read and
written, GB/s of the copy, and the ratio of the two.

| kernels | sizes | launches | f64 ms | GB/s | copy | ratio | launches | f32 ms | GB/s | copy | ratio |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""
    page += "\n".join(floors) + "\n\nHessians of the examples against the processor in f64, relative to the largest entry:\n\n"
    page += "| example | f64 | f32 |\n|---|---|---|\n" + "\n".join(checked) + "\n"
    args.output.write_text(page)


def maker(workload):
    """The workload in a framework, if it is there."""
    title, samples, f = workload[0], workload[5], workload[6]
    if samples:
        return lambda m, s: frameworks.transformer(m, s, samples)
    return (lambda m, s: frameworks.transformer(m, s, 1, (10, 1))) if title.startswith("transformer") else f


if __name__ == "__main__":
    main()
