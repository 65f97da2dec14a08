//! hesse's side of a workload, in a process of its own as every peer has.

use crate::workloads::{Workload, entries};
use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    expr::Kind,
    hessian::Part,
    index::{Executor, Outcome, Prepared, Sample, Setting},
    matrix::Matrix,
    pipeline::Functions,
};
use hesse_tests::model;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::BufWriter,
    path::Path,
    time::Instant,
};

/// Runs a workload, and writes to a folder its data, the answer as one matrix for the peers' to be compared with, and what was measured:
/// seconds of every run, and with two threads, each run after one with one thread; seconds from the text to the plan; most memory with one
/// thread, in MiB; operations; seconds to fill all results with one number.
pub(crate) fn measure(w: &Workload, folder: &Path) {
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
        let batched = w.samples > 1 && matches!(v.kind, Kind::Input | Kind::Target);
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
    let planning = Instant::now();
    let varying: BTreeSet<String> = samples[0].keys().cloned().collect();
    let executors = [1, 2].map(|threads| Dynamic(Cpu::<f64>::new(threads)));
    let prepare = |with: usize| {
        let setting = Setting { size: &size, memory: 4 << 30, samples: w.samples, varying: varying.clone() };
        executors[with].prepare(&f.program, setting).expect("a plan")
    };
    let one = prepare(0);
    let compile_s = compiled + planning.elapsed().as_secs_f64();
    let first = one.mean(&shared, &samples).expect("values");
    let timed = |ready: &dyn Prepared| {
        let t = Instant::now();
        let outcome = ready.mean(&shared, &samples).expect("values");
        let took = t.elapsed().as_secs_f64();
        // as a loop does that has used a Hessian
        ready.reclaim(outcome);
        took
    };
    let few = |runs: usize, begin: Instant| runs < 5 || (runs < 2000 && begin.elapsed().as_secs_f64() < w.seconds);
    let (mut times, mut two, mut begin) = (vec![], vec![], Instant::now());
    while few(times.len(), begin) {
        times.push(timed(&*one));
    }
    let peak_mib = peak();
    if w.threads {
        let both = prepare(1);
        let other = both.mean(&shared, &samples).expect("values");
        assert!(first.values == other.values, "two threads give other bits than one");
        both.reclaim(other);
        begin = Instant::now();
        while few(two.len(), begin) {
            times.push(timed(&*one));
            two.push(timed(&*both));
        }
    }
    // the floor of what writes much: all results, filled with one number
    let mut sink: Vec<Vec<f64>> = first.values.iter().map(|m| vec![0.0; m.data.len()]).collect();
    let fill = |k: usize, sink: &mut [Vec<f64>]| {
        let t = Instant::now();
        sink.iter_mut().for_each(|v| v.fill(std::hint::black_box(k as f64)));
        std::hint::black_box(&sink);
        t.elapsed().as_secs_f64()
    };
    let write_s = (0..9).map(|k| fill(k, &mut sink)).fold(f64::INFINITY, f64::min);
    let flops = one.work().unwrap_or_default().0 as f64;
    if w.product {
        let all: Vec<f64> = first.values.iter().flat_map(|m| m.data.clone()).collect();
        save(&folder.join("ours.npy"), &[all.len()], &all);
    } else if !w.peers.is_empty() {
        let whole = assemble(&first, m.params.len());
        save(&folder.join("ours.npy"), &[whole.rows, whole.cols], &whole.data);
    }
    let told = json!({
        "times": times, "two": two, "compile_s": compile_s, "peak_mib": peak_mib, "flops": flops, "write_s": write_s
    });
    fs::write(folder.join("ours.json"), told.to_string()).expect("a temporary folder can be written");
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
    let file = BufWriter::new(fs::File::create(path).expect("a temporary folder can be written"));
    let mut out = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(file).begin_nd().expect("a header");
    out.extend(entries.iter().copied()).expect("a temporary folder can be written");
    out.finish().expect("a temporary folder can be written");
}
