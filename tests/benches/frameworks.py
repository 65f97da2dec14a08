"""The workloads of devices.py in PyTorch and in JAX: the same losses, the same sizes, random data."""

import statistics
import time


class Torch:
    name = "PyTorch"

    def __init__(self, gpu):
        import torch

        if gpu and not torch.cuda.is_available():
            raise ImportError("it finds no CUDA device")
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("cuda" if gpu else "cpu")
        self.t, self.gpu = torch, gpu
        self.relu, self.softplus = torch.relu, torch.nn.functional.softplus
        self.told = f"{torch.__version__} on {torch.cuda.get_device_name() if gpu else 'the processor'}"

    def random(self, *shape):
        return self.t.randn(*shape)

    def softmax(self, x):
        return self.t.softmax(x, -1)

    def logsumexp(self, x):
        return self.t.logsumexp(x, -1)

    def layernorm(self, x):
        return (x - x.mean(-1, keepdim=True)) / x.var(-1, keepdim=True, unbiased=False).sqrt()

    def second(self, loss, i, j):
        f = self.t.func
        return f.jacfwd(f.jacrev(loss, argnums=i), argnums=j)

    def product(self, loss, along):
        f = self.t.func
        inputs = tuple(range(len(along)))
        return lambda *p: f.jvp(f.grad(loss, argnums=inputs), p, along)[1]

    def mean(self, loss, batch):
        return lambda *p: self.t.func.vmap(lambda *data: loss(*p, *data))(*batch).mean()

    def ready(self, f):
        return f

    def wait(self, _):
        if self.gpu:
            self.t.cuda.synchronize()


class Jax:
    name = "JAX"

    def __init__(self, gpu):
        import jax

        jax.config.update("jax_enable_x64", True)
        platform = jax.devices()[0].platform
        if gpu and platform != "gpu":
            raise ImportError("it finds no GPU")
        self.j, self.key = jax, 0
        self.relu, self.softplus = jax.nn.relu, jax.nn.softplus
        self.told = f"{jax.__version__} on {jax.devices()[0].device_kind}"

    def random(self, *shape):
        self.key += 1
        return self.j.random.normal(self.j.random.PRNGKey(self.key), shape, dtype="float64")

    def softmax(self, x):
        return self.j.nn.softmax(x, -1)

    def logsumexp(self, x):
        return self.j.nn.logsumexp(x, -1)

    def layernorm(self, x):
        return (x - x.mean(-1, keepdims=True)) / x.var(-1, keepdims=True) ** 0.5

    def second(self, loss, i, j):
        return self.j.jacfwd(self.j.jacrev(loss, argnums=i), argnums=j)

    def product(self, loss, along):
        inputs = tuple(range(len(along)))
        return lambda *p: self.j.jvp(self.j.grad(loss, argnums=inputs), p, along)[1]

    def mean(self, loss, batch):
        return lambda *p: self.j.vmap(lambda *data: loss(*p, *data))(*batch).mean()

    def ready(self, f):
        return self.j.jit(f)

    def wait(self, value):
        self.j.block_until_ready(value)


def attention(m, s):
    x, y = m.random(s["L"], s["dV"]), m.random(s["L"], s["dV"])
    p = (m.random(s["dV"], s["dK"]), m.random(s["dV"], s["dK"]), m.random(s["dV"], s["dV"]))
    return (lambda q, k, v: ((m.softmax(x @ q @ k.T @ x.T / s["dK"] ** 0.5) @ x @ v - y) ** 2).mean()), p


def blocks(m, loss, p, pairs):
    """All blocks in those pairs of parameters."""
    return m.ready(lambda *p: [m.second(loss, i, j)(*p) for i, j in pairs]), p


def transformer(m, s, batch, pair=(0, 1)):
    d, k, f = s["dV"], s["dK"], s["dff"]
    shapes = [(d, f), (f, d), (f,), (d,), (d, k), (d, k), (d, d), (d,), (d,), (d,), (d,)]
    p = tuple(m.random(*shape) for shape in shapes)

    def loss(w1, w2, b1, b2, q, key, v, g1, e1, g2, e2, x, t):
        a = m.softmax(x @ q @ key.T @ x.T / k**0.5)
        y = m.layernorm(x + a @ x @ v) * g1 + e1
        z = m.layernorm(y + m.relu(y @ w1 + b1) @ w2 + b2) * g2 + e2
        return ((z - t) ** 2).mean()

    data = [m.random(batch, s["L"], d) for _ in range(2)]
    return blocks(m, m.mean(loss, data), p, [pair])


def logistic(m, s):
    x, y, w = m.random(s["m"], s["n"]), m.random(s["m"]), m.random(s["n"])
    return blocks(m, lambda w: m.softplus(-(y * (x @ w))).sum(), (w,), [(0, 0)])


def factorization(m, s):
    a, t, u, v = (m.random(*shape) for shape in [(s["n"], s["n"])] * 2 + [(s["n"], s["k"])] * 2)
    return blocks(m, lambda u: ((a * (t - u @ v.T)) ** 2).sum(), (u,), [(0, 0)])


def deep(m, s):
    x, y = m.random(s["B"], s["n"]), m.random(s["B"], s["n"])
    w = [m.random(s["n"], s["n"]) for _ in range(4)]

    def loss(first):
        h = x
        for a in [first, *w[1:]]:
            h = m.relu(h @ a)
        return (m.logsumexp(h) - (y * h).sum(-1)).sum() / s["B"]

    return blocks(m, loss, (w[0],), [(0, 0)])


def whole_attention(m, s):
    return blocks(m, *attention(m, s), [(i, j) for i in range(3) for j in range(3)])


def one_block(m, s):
    return blocks(m, *attention(m, s), [(0, 2)])


def product(m, s):
    loss, p = attention(m, s)
    return m.ready(m.product(loss, tuple(m.random(*a.shape) for a in p))), p


def rows(m, s):
    return m.ready(lambda x: m.layernorm(x) + m.softmax(x)), (m.random(s["m"], s["n"]),)


def times(framework, gpu, workloads):
    """Medians in seconds by title, and which framework that was, or why there is none; a workload that does not fit says so by None."""
    try:
        m = framework(gpu)
    except ImportError as e:
        return {}, f"{framework.name} is not timed: {e}"
    out = {}
    for title, maker, sizes in workloads:
        try:
            f, p = maker(m, sizes)
            took = []
            for _ in range(6):
                start = time.perf_counter()
                m.wait(f(*p))
                took.append(time.perf_counter() - start)
            out[title] = statistics.median(took[1:])
        except (MemoryError, RuntimeError) as e:
            print(f"{framework.name}, {title}: {str(e)[:200]}", flush=True)
            out[title] = None
    return out, f"{framework.name} {m.told}"
