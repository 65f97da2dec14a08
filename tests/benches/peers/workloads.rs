//! The models, their sizes, their data, and who is measured on them.

use hesse_compiler::matrix::Matrix;
use hesse_tests::uniform;

const LOGISTIC: &str = "dim m, n; input X: m × n; target y: m; param w: n\nloss sum(softplus(-(y ∘ (X w))))";
const FACTORIZATION: &str = "dim n, k; const M: n × n; target T: n × n; param U: n × k; const V: n × k\n\
    R = M ∘ (T - U V')\nloss dot(R, R)";
const DEEP: &str = "dim n, B; input X: B × n; target Y: B × n; param W0: n × n; const W1, W2, W3, W4, W5, W6, W7, W8, W9: n × n\n\
    h = relu(relu(relu(relu(relu(relu(relu(relu(relu(X W0) W1) W2) W3) W4) W5) W6) W7) W8) W9\n\
    loss sum(logsumexp(h) - rowsum(Y ∘ h)) / B";
const DEEP_ALL: &str = "dim n, B; input X: B × n; target Y: B × n; param W0, W1, W2, W3, W4, W5, W6, W7, W8, W9: n × n\n\
    h = relu(relu(relu(relu(relu(relu(relu(relu(relu(X W0) W1) W2) W3) W4) W5) W6) W7) W8) W9\n\
    loss sum(logsumexp(h) - rowsum(Y ∘ h)) / B";
const LAYERNORM: &str = "dim m, n; param X: m × n; param g, b: n; const C: m × n\nloss dot(C, layernorm(X, g, b))";
const ATTENTION: &str = include_str!("../../../examples/attention.hesse");
const TRANSFORMER: &str = include_str!("../../../examples/transformer.hesse");

/// A model at some sizes; samples beyond one are a batch.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) sizes: &'static [(&'static str, usize)],
    pub(crate) samples: usize,
    /// The product of the Hessian with a direction, in place of the Hessian.
    pub(crate) product: bool,
    pub(crate) peers: &'static [&'static str],
    /// Most seconds for each side.
    pub(crate) seconds: f64,
    /// Whether hesse is measured with two threads too.
    pub(crate) threads: bool,
}

/// The Hessian of a model at some sizes.
const fn hessian(
    name: &'static str,
    text: &'static str,
    sizes: &'static [(&'static str, usize)],
    samples: usize,
    peers: &'static [&'static str],
    seconds: f64,
) -> Workload {
    Workload { name, text, sizes, samples, product: false, peers, seconds, threads: false }
}

/// The same, with one thread and with two.
const fn threads(of: Workload) -> Workload {
    Workload { threads: true, ..of }
}

/// Its product with a direction, in its place.
const fn product(of: Workload) -> Workload {
    Workload { product: true, ..of }
}

pub(crate) const WORKLOADS: &[Workload] = &[
    hessian("logistic-200", LOGISTIC, &[("m", 400), ("n", 200)], 1, &["numpy", "jax", "torch"], 2.0),
    hessian("logistic-1000", LOGISTIC, &[("m", 2000), ("n", 1000)], 1, &["numpy", "jax", "torch"], 4.0),
    hessian("factorization-200", FACTORIZATION, &[("n", 200), ("k", 5)], 1, &["jax", "torch"], 4.0),
    hessian("deep-40-64", DEEP, &[("n", 40), ("B", 64)], 1, &["jax", "torch"], 4.0),
    hessian("attention-49-16-16", ATTENTION, &[("L", 49), ("dV", 16), ("dK", 16)], 1, &["jax", "jax_map", "torch"], 3.0),
    threads(hessian("attention-64-64-16", ATTENTION, &[("L", 64), ("dV", 64), ("dK", 16)], 1, &["jax", "jax_map"], 5.0)),
    hessian("layernorm-16-64", LAYERNORM, &[("m", 16), ("n", 64)], 1, &["jax"], 3.0),
    hessian("transformer-1", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 1, &["jax", "torch"], 5.0),
    threads(hessian("transformer-8", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 8, &["jax"], 5.0)),
    threads(hessian("transformer-128", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 128, &[], 5.0)),
    product(hessian("logistic-1000-product", LOGISTIC, &[("m", 2000), ("n", 1000)], 1, &["jax", "torch"], 1.0)),
    product(hessian("factorization-200-product", FACTORIZATION, &[("n", 200), ("k", 5)], 1, &["jax", "torch"], 1.0)),
    product(hessian("deep-40-64-product", DEEP, &[("n", 40), ("B", 64)], 1, &["jax", "torch"], 1.0)),
    product(hessian("attention-49-16-16-product", ATTENTION, &[("L", 49), ("dV", 16), ("dK", 16)], 1, &["jax", "torch"], 1.0)),
    product(hessian("attention-64-64-16-product", ATTENTION, &[("L", 64), ("dV", 64), ("dK", 16)], 1, &["jax", "torch"], 1.0)),
    product(hessian(
        "transformer-1-product",
        TRANSFORMER,
        &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)],
        1,
        &["jax", "torch"],
        1.0,
    )),
    product(hessian(
        "transformer-8-product",
        TRANSFORMER,
        &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)],
        8,
        &["jax", "torch"],
        1.0,
    )),
    product(hessian("deep-512-64-product", DEEP, &[("n", 512), ("B", 64)], 1, &["jax", "torch"], 2.0)),
    product(hessian("deep-all-512-64-product", DEEP_ALL, &[("n", 512), ("B", 64)], 1, &["jax", "torch"], 2.0)),
    product(hessian(
        "attention-256-256-64-product",
        ATTENTION,
        &[("L", 256), ("dV", 256), ("dK", 64)],
        1,
        &["jax", "torch"],
        2.0,
    )),
    product(hessian(
        "transformer-8-128-product",
        TRANSFORMER,
        &[("L", 49), ("dV", 128), ("dK", 128), ("dff", 512)],
        8,
        &["jax", "torch"],
        3.0,
    )),
    // last, since it holds most memory
    hessian("layernorm-64-256", LAYERNORM, &[("m", 64), ("n", 256)], 1, &[], 3.0),
];

/// What is aimed at.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// A side takes at least so many times hesse's time.
    Faster(&'static str, f64),
    /// hesse takes at most so many times the time to write the results.
    Writing(f64),
    /// With two threads it is at least so many times faster than with one.
    Threads(f64),
    /// It takes at most so many seconds, from the text to the plan or for a Hessian.
    Compile(f64),
    Seconds(f64),
    /// Its process holds at most so many MiB.
    Memory(f64),
}

/// What is aimed at, by workload; products are to be no slower than those of JAX.
pub(crate) const AIMS: &[(&str, &[Aim])] = &[
    ("logistic-200", &[Aim::Faster("numpy", 1.0 / 0.9), Aim::Faster("jax", 2.0)]),
    ("logistic-1000", &[Aim::Faster("numpy", 1.0 / 0.9), Aim::Faster("jax", 2.0)]),
    ("factorization-200", &[Aim::Writing(2.0)]),
    ("deep-40-64", &[Aim::Faster("jax", 15.0)]),
    (
        "attention-49-16-16",
        &[Aim::Faster("jax", 50.0), Aim::Faster("jax_map", 20.0), Aim::Faster("torch", 20.0), Aim::Compile(0.05)],
    ),
    ("attention-64-64-16", &[Aim::Faster("jax", 12.0), Aim::Threads(1.6), Aim::Compile(0.05)]),
    ("transformer-1", &[Aim::Faster("jax", 20.0), Aim::Compile(0.5)]),
    ("transformer-8", &[Aim::Faster("jax", 50.0), Aim::Threads(1.6), Aim::Compile(0.5)]),
    ("transformer-128", &[Aim::Seconds(5.0), Aim::Memory(4096.0), Aim::Threads(1.6), Aim::Compile(0.5)]),
];

/// The entries of a variable in a sample.
pub(crate) fn entries(w: &Workload, name: &str, rows: usize, cols: usize, sample: usize) -> Matrix<f64> {
    let normal = |i: usize| {
        let seed = (sample * 10_000_000 + i * 2) as u64;
        let (u, v) = (0.5 + uniform(name, seed) / 2.0, uniform(name, seed + 1));
        (-2.0 * u.clamp(1e-300, 1.0).ln()).sqrt() * (std::f64::consts::PI * v).cos()
    };
    let scale = match name {
        "w" => 1.0 / (rows as f64).sqrt(),
        _ if name.starts_with('W') => (2.0 / rows as f64).sqrt(),
        _ => 1.0,
    };
    Matrix::from_fn(rows, cols, |i, j| match (w.text, name) {
        (LOGISTIC, "y") => normal(i).signum(),
        (FACTORIZATION, "M") => f64::from(u8::from(normal(i * cols + j) > 0.0)),
        (DEEP | DEEP_ALL, "Y") => f64::from(u8::from((i * 7 + 3) % cols == j)),
        _ if name.starts_with('g') => 1.0 + 0.1 * normal(i * cols + j),
        _ => scale * normal(i * cols + j),
    })
}
