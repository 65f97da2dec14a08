"""Times one peer on one workload: peers.py WORKLOAD PEER FOLDER THREADS SECONDS

The folder has the data hesse computes with, an array a file, and the names of the parameters. Writes there the answer and the times;
exit status 3: the peer is not installed.
"""
import json
import math
import os
import pathlib
import resource
import sys
import time

WORKLOAD, PEER, FOLDER, THREADS, SECONDS = sys.argv[1:6]
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = THREADS
if THREADS == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

try:
    import numpy as np
except ImportError:
    sys.exit(3)

FOLDER = pathlib.Path(FOLDER)
NAMES = json.loads((FOLDER / "parameters.json").read_text())
D = {f.stem: np.load(f) for f in sorted(FOLDER.glob("*.npy"))}
D.pop("answer", None)
# columns are vectors here
D = {k: v[:, 0] if v.ndim == 2 and v.shape[1] == 1 else v for k, v in D.items()}


def libraries():
    """The array functions of JAX or PyTorch under one set of names."""
    if PEER.startswith("jax"):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        swap = lambda a: jnp.swapaxes(a, -1, -2)
        mean = lambda a: jnp.mean(a, -1, keepdims=True)
        return dict(sum=jnp.sum, mean=jnp.mean, sqrt=jnp.sqrt, relu=jax.nn.relu, T=swap, row_mean=mean,
                    softplus=jax.nn.softplus, softmax=lambda a: jax.nn.softmax(a, axis=-1),
                    log_softmax=lambda a: jax.nn.log_softmax(a, axis=-1))
    import torch

    torch.set_num_threads(int(THREADS))
    return dict(sum=torch.sum, mean=torch.mean, sqrt=torch.sqrt, relu=torch.relu, T=lambda a: a.transpose(-1, -2),
                row_mean=lambda a: a.mean(-1, keepdim=True), softplus=torch.nn.functional.softplus,
                softmax=lambda a: torch.softmax(a, -1), log_softmax=lambda a: torch.log_softmax(a, -1))


def layernorm(F, a):
    a = a - F["row_mean"](a)
    return a / F["sqrt"](F["row_mean"](a * a))


def attention(F, P, X):
    scores = (X @ P["Wq"]) @ F["T"](X @ P["Wk"]) / math.sqrt(P["Wq"].shape[-1])
    return F["softmax"](scores) @ (X @ P["Wv"])


def loss(F, P, D):
    """The loss of the workload; P are the parameters."""
    kind = WORKLOAD.split("-")[0]
    if kind == "logistic":
        return F["sum"](F["softplus"](-D["y"] * (D["X"] @ P["w"])))
    if kind == "factorization":
        return F["sum"]((D["M"] * (D["T"] - P["U"] @ F["T"](D["V"]))) ** 2)
    if kind == "deep":
        weights = {**D, **P}
        h = D["X"]
        for k in range(9):
            h = F["relu"](h @ weights[f"W{k}"])
        return -F["sum"](D["Y"] * F["log_softmax"](h @ weights["W9"])) / D["X"].shape[0]
    if kind == "attention":
        return F["mean"]((attention(F, P, D["X"]) - D["Y"]) ** 2)
    if kind == "layernorm":
        return F["sum"](D["C"] * (layernorm(F, P["X"]) * P["g"] + P["b"]))
    Y = layernorm(F, D["X"] + attention(F, P, D["X"])) * P["g1"] + P["be1"]
    S = Y + F["relu"](Y @ P["W1"] + P["b1"]) @ P["W2"] + P["b2"]
    return F["mean"]((layernorm(F, S) * P["g2"] + P["be2"] - D["T"]) ** 2)


SHAPES = [D[n].shape for n in NAMES]
THETA = np.concatenate([D[n].ravel() for n in NAMES])
DIRECTION = D.pop("direction", None)


def unpack(theta):
    out, at = {}, 0
    for n, s in zip(NAMES, SHAPES):
        size = math.prod(s)
        out[n] = theta[at:at + size].reshape(s)
        at += size
    return out


def build():
    """A function without arguments that computes the answer, and another that makes it a NumPy array."""
    if PEER == "numpy":  # the hand-written formula of logistic regression, by a symmetric product
        def f():
            s = 1 / (1 + np.exp(-(D["y"] * (D["X"] @ D["w"]))))
            B = D["X"] * np.sqrt(s * (1 - s))[:, None]
            return B.T @ B
        return f, np.asarray
    F = libraries()
    if PEER.startswith("jax"):
        import jax
        import jax.numpy as jnp

        args = {k: jnp.asarray(v) for k, v in D.items() if k not in NAMES}
        theta = jnp.asarray(THETA)
        f = lambda t, a: loss(F, unpack(t), a)
        if DIRECTION is not None:
            v = jnp.asarray(DIRECTION)
            g = jax.jit(lambda t, v, a: jax.jvp(lambda x: jax.grad(f)(x, a), (t,), (v,))[1])
            return (lambda: jax.block_until_ready(g(theta, v, args))), np.asarray
        if PEER == "jax_map":  # products with unit vectors, 64 at a time
            def columns(t, a):
                _, product = jax.linearize(lambda x: jax.grad(f)(x, a), t)
                one = lambda i: product(jnp.zeros_like(t).at[i].set(1))
                return jax.lax.map(one, jnp.arange(t.size), batch_size=64)
            h = jax.jit(columns)
        else:
            h = jax.jit(jax.hessian(f))
        return (lambda: jax.block_until_ready(h(theta, args))), np.asarray
    import torch

    args = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in D.items() if k not in NAMES}
    theta = torch.from_numpy(THETA)
    f = lambda t: loss(F, unpack(t), args)
    if DIRECTION is not None:
        v = torch.from_numpy(DIRECTION)
        return (lambda: torch.func.jvp(torch.func.grad(f), (theta,), (v,))[1]), (lambda r: r.numpy())
    h = torch.func.jacrev(torch.func.grad(f), chunk_size=256)
    return (lambda: h(theta)), (lambda r: r.detach().numpy())


def main():
    try:
        start = time.perf_counter()
        f, numpy = build()
    except ImportError:
        sys.exit(3)
    answer = numpy(f())
    compile_s = time.perf_counter() - start
    times, cpu, begin = [], [], time.perf_counter()
    while not times or (len(times) < 200 and time.perf_counter() - begin < float(SECONDS)):
        t, c = time.perf_counter(), time.process_time()
        f()
        times.append(time.perf_counter() - t)
        cpu.append(time.process_time() - c)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.save(FOLDER / "answer.npy", answer.reshape(len(THETA), -1))
    out = dict(times=times, cpu=cpu, compile_s=compile_s, peak_mib=peak)
    (FOLDER / "times.json").write_text(json.dumps(out))


main()
