//! hesse beside JAX, PyTorch and a hand-written formula in NumPy, on the same data, one thread, double precision.
//!
//! `cargo bench -p hesse-tests --bench peers` prints a table, and writes it to BENCHMARKS.md with the machine named. `PYTHON` names the
//! interpreter that has the peers; a peer that is not installed is left out, with a word. `-- WORD` runs the workloads with that word.

use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    hessian::Part,
    index::{Executor, Outcome, Prepared, Sample, Setting},
    matrix::Matrix,
    pipeline::Functions,
};
use hesse_tests::{model, uniform};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

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
const ATTENTION: &str = include_str!("../../examples/attention.hesse");
const TRANSFORMER: &str = include_str!("../../examples/transformer.hesse");

/// A model at some sizes; samples beyond one are a batch.
struct Workload {
    name: &'static str,
    text: &'static str,
    sizes: &'static [(&'static str, usize)],
    samples: usize,
    /// The product of the Hessian with a direction, in place of the Hessian.
    product: bool,
    peers: &'static [&'static str],
    /// Most seconds for each peer.
    seconds: f64,
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
    Workload { name, text, sizes, samples, product: false, peers, seconds }
}

/// Its product with a direction.
const fn product(
    name: &'static str,
    text: &'static str,
    sizes: &'static [(&'static str, usize)],
    samples: usize,
    peers: &'static [&'static str],
    seconds: f64,
) -> Workload {
    Workload { product: true, ..hessian(name, text, sizes, samples, peers, seconds) }
}

const WORKLOADS: &[Workload] = &[
    hessian("logistic-200", LOGISTIC, &[("m", 400), ("n", 200)], 1, &["numpy", "jax", "torch"], 2.0),
    hessian("logistic-1000", LOGISTIC, &[("m", 2000), ("n", 1000)], 1, &["numpy", "jax", "torch"], 4.0),
    hessian("factorization-200", FACTORIZATION, &[("n", 200), ("k", 5)], 1, &["jax", "torch"], 4.0),
    hessian("deep-40-64", DEEP, &[("n", 40), ("B", 64)], 1, &["jax", "torch"], 4.0),
    hessian("attention-49-16-16", ATTENTION, &[("L", 49), ("dV", 16), ("dK", 16)], 1, &["jax", "jax_map", "torch"], 3.0),
    hessian("attention-64-64-16", ATTENTION, &[("L", 64), ("dV", 64), ("dK", 16)], 1, &["jax", "jax_map"], 5.0),
    hessian("layernorm-16-64", LAYERNORM, &[("m", 16), ("n", 64)], 1, &["jax"], 3.0),
    hessian("transformer-1", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 1, &["jax", "torch"], 5.0),
    hessian("transformer-8", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 8, &["jax"], 5.0),
    hessian("transformer-128", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 128, &[], 5.0),
    product("logistic-1000-product", LOGISTIC, &[("m", 2000), ("n", 1000)], 1, &["jax", "torch"], 1.0),
    product("factorization-200-product", FACTORIZATION, &[("n", 200), ("k", 5)], 1, &["jax", "torch"], 1.0),
    product("deep-40-64-product", DEEP, &[("n", 40), ("B", 64)], 1, &["jax", "torch"], 1.0),
    product("attention-49-16-16-product", ATTENTION, &[("L", 49), ("dV", 16), ("dK", 16)], 1, &["jax", "torch"], 1.0),
    product("attention-64-64-16-product", ATTENTION, &[("L", 64), ("dV", 64), ("dK", 16)], 1, &["jax", "torch"], 1.0),
    product("transformer-1-product", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 1, &["jax", "torch"], 1.0),
    product("transformer-8-product", TRANSFORMER, &[("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)], 8, &["jax", "torch"], 1.0),
    product("deep-512-64-product", DEEP, &[("n", 512), ("B", 64)], 1, &["jax", "torch"], 2.0),
    product("deep-all-512-64-product", DEEP_ALL, &[("n", 512), ("B", 64)], 1, &["jax", "torch"], 2.0),
    product("attention-256-256-64-product", ATTENTION, &[("L", 256), ("dV", 256), ("dK", 64)], 1, &["jax", "torch"], 2.0),
    product(
        "transformer-8-128-product",
        TRANSFORMER,
        &[("L", 49), ("dV", 128), ("dK", 128), ("dff", 512)],
        8,
        &["jax", "torch"],
        3.0,
    ),
    // last, since it holds most memory
    hessian("layernorm-64-256", LAYERNORM, &[("m", 64), ("n", 256)], 1, &[], 3.0),
];

/// Median and spread (interquartile range over median).
fn median(times: &[f64]) -> (f64, f64) {
    let mut t = times.to_vec();
    t.sort_by(f64::total_cmp);
    let at = |q: f64| t[((t.len() - 1) as f64 * q) as usize];
    (at(0.5), (at(0.75) - at(0.25)) / at(0.5))
}

/// What one side took.
struct Took {
    median: f64,
    spread: f64,
    compile: f64,
    /// Largest difference to hesse's answer, relative to the largest entry.
    apart: f64,
    peak_mib: f64,
}

fn entries(w: &Workload, name: &str, rows: usize, cols: usize, sample: usize) -> Matrix<f64> {
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

/// Runs hesse; its Hessian as one matrix, for comparison, operations, the time to write as much; and the data in a folder.
fn hesse(w: &Workload, folder: &Path) -> (Took, Matrix<f64>, f64, f64) {
    let start = Instant::now();
    let mut m = model(w.text);
    let sizes: BTreeMap<&str, usize> = w.sizes.iter().copied().collect();
    let mut functions = Functions::new(&mut m, false);
    let f = if w.product { functions.hvp() } else { functions.hessian(Part::Whole) }.expect("a derivative");
    let compiled = start.elapsed().as_secs_f64();
    let size = |name: &str| sizes.get(name).copied();
    let (mut shared, mut samples) = (BTreeMap::new(), vec![Sample::new(); w.samples]);
    for (name, v) in m.graph.variables().filter(|x| !x.0.starts_with("direction of ")) {
        let (Some(rows), Some(cols)) = (v.shape.rows.eval(&size), v.shape.cols.eval(&size)) else { continue };
        let batched = w.samples > 1 && matches!(v.kind, hesse_compiler::expr::Kind::Input | hesse_compiler::expr::Kind::Target);
        if batched {
            samples.iter_mut().enumerate().for_each(|(k, s)| {
                s.insert(name.to_owned(), entries(w, name, rows, cols, k));
            });
            let all: Vec<f64> = samples.iter().flat_map(|s| s[name].data.clone()).collect();
            save(&folder.join(format!("{name}.npy")), &[w.samples, rows, cols], &all);
        } else {
            let e = entries(w, name, rows, cols, 0);
            save(&folder.join(format!("{name}.npy")), &[rows, cols], &e.data);
            shared.insert(name.to_owned(), e);
        }
    }
    // one array of a direction for every parameter, one after the other for the peers
    let mut direction = vec![];
    for name in m.params.iter().filter(|_| w.product) {
        let along = format!("direction of {name}");
        let (rows, cols) = (shared[name].rows, shared[name].cols);
        let e = entries(w, &along, rows, cols, 0);
        direction.extend_from_slice(&e.data);
        shared.insert(along, e);
    }
    if w.product {
        save(&folder.join("direction.npy"), &[direction.len()], &direction);
    }
    let names = serde_json::to_string(&m.params).expect("names are text");
    fs::write(folder.join("parameters.json"), names).expect("a temporary folder can be written");
    let cpu = Dynamic(Cpu::<f64>::new(1));
    let planning = Instant::now();
    let varying: BTreeSet<String> = samples[0].keys().cloned().collect();
    let ready: Box<dyn Prepared> =
        cpu.prepare(&f.program, Setting { size: &size, memory: 4 << 30, samples: w.samples, varying }).expect("a plan");
    let compile = compiled + planning.elapsed().as_secs_f64();
    let run = || ready.mean(&shared, &samples).expect("values");
    let first = run();
    let (mut times, begin) = (vec![], Instant::now());
    while times.len() < 5 || (times.len() < 200 && begin.elapsed().as_secs_f64() < w.seconds) {
        let t = Instant::now();
        let outcome = run();
        times.push(t.elapsed().as_secs_f64());
        // as a loop does that has used a Hessian
        ready.reclaim(outcome);
    }
    // the floor of what writes much: all results, filled with one number
    let mut sink: Vec<Vec<f64>> = first.values.iter().map(|m| vec![0.0; m.data.len()]).collect();
    let fill = |k: usize, sink: &mut [Vec<f64>]| {
        let t = Instant::now();
        sink.iter_mut().for_each(|v| v.fill(std::hint::black_box(k as f64)));
        std::hint::black_box(&sink);
        t.elapsed().as_secs_f64()
    };
    let write = (0..9).map(|k| fill(k, &mut sink)).fold(f64::INFINITY, f64::min);
    let (median, spread) = median(&times);
    let work = ready.work().unwrap_or_default();
    let whole = if w.product {
        let all: Vec<f64> = first.values.iter().flat_map(|m| m.data.clone()).collect();
        Matrix { rows: all.len(), cols: 1, data: all }
    } else {
        assemble(&first, m.params.len())
    };
    (Took { median, spread, compile, apart: 0.0, peak_mib: peak() }, whole, work.0 as f64, write)
}

/// The blocks on and above the diagonal as one symmetric matrix.
fn assemble(o: &Outcome<f64>, parts: usize) -> Matrix<f64> {
    let mut at = 0;
    let mut blocks = BTreeMap::new();
    for i in 0..parts {
        for j in i..parts {
            blocks.insert((i, j), &o.values[at]);
            at += 1;
        }
    }
    let sizes: Vec<usize> = (0..parts).map(|i| blocks[&(i, i)].rows).collect();
    let offset: Vec<usize> = (0..parts).map(|i| sizes[..i].iter().sum()).collect();
    let n = sizes.iter().sum();
    let mut out = Matrix::zeros(n, n);
    for (&(i, j), b) in &blocks {
        for r in 0..b.rows {
            for c in 0..b.cols {
                let (p, q) = (offset[i] + r, offset[j] + c);
                out.data[p * n + q] = b.at(r, c);
                out.data[q * n + p] = b.at(r, c);
            }
        }
    }
    out
}

/// Most memory that this process has held, in MiB, where the system tells.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|k| k.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn save(path: &Path, shape: &[usize], entries: &[f64]) {
    use npyz::WriterBuilder;
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let file = fs::File::create(path).expect("a temporary folder can be written");
    let mut out = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd().expect("a header");
    out.extend(entries.iter().copied()).expect("a temporary folder can be written");
    out.finish().expect("a temporary folder can be written");
}

/// Runs a peer; nothing if it is not installed.
fn peer(w: &Workload, name: &str, folder: &Path, wanted: &Matrix<f64>) -> Result<Took, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let out = Command::new(&python)
        .arg(script)
        .args([w.name, name])
        .arg(folder)
        .args(["1", &w.seconds.to_string()])
        .output()
        .map_err(|e| format!("{python} cannot be run: {e}"))?;
    match out.status.code() {
        Some(0) => {}
        Some(3) => return Err(format!("{name} is not installed")),
        _ => return Err(format!("{name} failed: {}", String::from_utf8_lossy(&out.stderr).lines().last().unwrap_or(""))),
    }
    let read = fs::File::open(folder.join("answer.npy")).map_err(|e| e.to_string())?;
    let answer: Vec<f64> =
        npyz::NpyFile::new(std::io::BufReader::new(read)).and_then(|f| f.into_vec()).map_err(|e| e.to_string())?;
    if answer.len() != wanted.data.len() {
        return Err(format!("{name} gives {} entries in place of {}", answer.len(), wanted.data.len()));
    }
    let scale = wanted.data.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let apart = answer.iter().zip(&wanted.data).fold(0.0f64, |m, (a, b)| m.max((a - b).abs())) / scale;
    let text = fs::read_to_string(folder.join("times.json")).map_err(|e| e.to_string())?;
    let told: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let times: Vec<f64> = told["times"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect();
    let (median, spread) = median(&times);
    let number = |k: &str| told[k].as_f64().unwrap_or(f64::NAN);
    Ok(Took { median, spread, compile: number("compile_s"), apart, peak_mib: number("peak_mib") })
}

/// Floating-point operations a second of a large matrix product, one thread.
fn rate() -> f64 {
    use hesse::nalgebra::DMatrix;
    let (a, b) = (DMatrix::<f64>::from_element(512, 512, 1.0), DMatrix::<f64>::from_element(512, 512, 2.0));
    let mut best = 0.0f64;
    for _ in 0..10 {
        let t = Instant::now();
        let c = &a * &b;
        best = best.max(2.0 * 512f64.powi(3) / t.elapsed().as_secs_f64());
        assert_eq!(c[(0, 0)], 1024.0);
    }
    best
}

fn main() {
    let word = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let rate = rate();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu =
        cpu.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("").trim_start_matches([' ', '\t', ':']).to_owned();
    let mut table = String::new();
    let _ = writeln!(
        table,
        "| workload | side | median ms | spread | of hesse's time | Gflop | of the product rate | compile s | MiB | apart |"
    );
    let _ = writeln!(table, "|---|---|---|---|---|---|---|---|---|---|");
    let mut words = vec![];
    for w in WORKLOADS.iter().filter(|w| word.as_ref().is_none_or(|x| w.name.contains(x.as_str()))) {
        let folder: PathBuf = std::env::temp_dir().join(format!("hesse-peers-{}-{}", std::process::id(), w.name));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let (ours, whole, flops, write) = hesse(w, &folder);
        let row = |table: &mut String, side: &str, t: &Took, flops: Option<f64>| {
            let work = flops.map_or_else(|| "|".to_owned(), |f| format!("{:.3} | {:.2}", f / 1e9, f / t.median / rate));
            let noisy = if t.spread > 0.2 { " (noisy)" } else { "" };
            let _ = writeln!(
                table,
                "| {} | {side} | {:.3} | {:.0} %{noisy} | {:.2} | {work} | {:.3} | {:.0} | {:.1e} |",
                w.name,
                1e3 * t.median,
                100.0 * t.spread,
                t.median / ours.median,
                t.compile,
                t.peak_mib,
                t.apart
            );
        };
        row(&mut table, "hesse", &ours, Some(flops));
        let _ = writeln!(table, "| {} | *writing* | {:.3} | | {:.2} | | | | | |", w.name, 1e3 * write, write / ours.median);
        for name in w.peers {
            match peer(w, name, &folder, &whole) {
                Ok(t) => {
                    assert!(t.apart < 1e-9, "{} and {name} are {:e} apart", w.name, t.apart);
                    row(&mut table, name, &t, None);
                }
                Err(why) => words.push(format!("{}: {why}", w.name)),
            }
        }
        fs::remove_dir_all(&folder).ok();
        println!("{}", table.lines().last().unwrap_or(""));
    }
    println!("\n{table}");
    words.iter().for_each(|w| println!("{w}"));
    if word.is_none() {
        let page = format!(
            "# Benchmarks\n\nWritten by `cargo bench -p hesse-tests --bench peers`: {cpu}, one thread, double precision, the same data and \
             the same run. hesse computes the blocks on and above the diagonal; the others are their transposes. *apart* is the largest \
             difference to hesse's answer, relative to its largest entry; *writing* fills the blocks with one number. A matrix product of \
             512×512 runs at {:.1} Gflop/s here. Runs whose middle half spreads by more than a fifth of the median say so.\n\n{table}\n{}\n",
            rate / 1e9,
            words.join("\n")
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
        fs::write(&path, page).expect("the page can be written");
    }
}
