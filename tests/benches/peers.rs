//! hesse beside JAX, PyTorch and a hand-written formula in NumPy, on the same data, one thread, double precision.
//!
//! `cargo bench -p hesse-tests --bench peers` prints a table, and writes it to BENCHMARKS.md with the machine named. `PYTHON` names the
//! interpreter that has the peers; a peer that is not installed is left out, with a word. `-- WORD` runs the workloads with that word.

#[path = "peers/ours.rs"]
mod ours;
#[path = "peers/workloads.rs"]
mod workloads;

use serde_json::Value;
use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};
use workloads::{AIMS, Aim, WORKLOADS, Workload};

/// The argument after which this program measures one workload, and writes to a folder.
const ALONE: &str = "--alone";

/// Median and spread (interquartile range over median).
fn median(times: &[f64]) -> (f64, f64) {
    let mut t = times.to_vec();
    t.sort_by(f64::total_cmp);
    let at = |q: f64| t[((t.len() - 1) as f64 * q) as usize];
    (at(0.5), (at(0.75) - at(0.25)) / at(0.5))
}

/// What one side took.
struct Took {
    /// Seconds of every run.
    times: Vec<f64>,
    compile: f64,
    /// Largest difference to hesse's answer, relative to the largest entry.
    apart: f64,
    peak_mib: f64,
}

/// hesse's side.
struct Ours {
    took: Took,
    /// Seconds of every run with two threads, if they are measured.
    two: Vec<f64>,
    flops: f64,
    /// Seconds to fill the results with one number.
    write: f64,
}

/// Numbers by their name.
fn numbers(told: &Value, name: &str) -> Vec<f64> {
    told[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn number(told: &Value, name: &str) -> f64 {
    told[name].as_f64().unwrap_or(f64::NAN)
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

/// An array of numbers.
fn array(path: &Path) -> Result<Vec<f64>, String> {
    let file = fs::File::open(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    npyz::NpyFile::new(std::io::BufReader::new(file)).and_then(|f| f.into_vec()).map_err(|e| e.to_string())
}

/// Runs hesse.
fn ours(w: &Workload, folder: &Path) -> Result<Ours, String> {
    let program = env::current_exe().map_err(|e| e.to_string())?;
    let done = Command::new(program).args([ALONE, w.name]).arg(folder).status().map_err(|e| e.to_string())?;
    if !done.success() {
        return Err(format!("hesse failed on {}", w.name));
    }
    let told = read(&folder.join("ours.json"))?;
    let took = Took {
        times: numbers(&told, "times"),
        compile: number(&told, "compile_s"),
        apart: 0.0,
        peak_mib: number(&told, "peak_mib"),
    };
    Ok(Ours { took, two: numbers(&told, "two"), flops: number(&told, "flops"), write: number(&told, "write_s") })
}

/// Runs a peer; nothing if it is not installed.
fn peer(w: &Workload, name: &str, folder: &Path, wanted: &[f64]) -> Result<Took, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py");
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
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
    let answer = array(&folder.join("answer.npy"))?;
    if answer.len() != wanted.len() {
        return Err(format!("{name} gives {} entries in place of {}", answer.len(), wanted.len()));
    }
    let scale = wanted.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let apart = answer.iter().zip(wanted).fold(0.0f64, |m, (a, b)| m.max((a - b).abs())) / scale;
    let told = read(&folder.join("times.json"))?;
    let (compile, peak_mib) = (number(&told, "compile_s"), number(&told, "peak_mib"));
    Ok(Took { times: numbers(&told, "times"), compile, apart, peak_mib })
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

/// Rows of a table of what is aimed at: the workload, the aim, what was seen, and whether that is enough. A peer that was left out has none.
fn aims(w: &Workload, ours: &Ours, peers: &[(&str, Took)]) -> String {
    let mut table = String::new();
    let (time, _) = median(&ours.took.times);
    let own = AIMS.iter().filter(|a| a.0 == w.name).flat_map(|a| a.1).copied();
    for aim in own.chain(w.product.then_some(Aim::Faster("jax", 1.0))) {
        let (words, seen, holds) = match aim {
            Aim::Faster(side, least) => {
                let Some((_, peer)) = peers.iter().find(|p| p.0 == side) else { continue };
                let ratio = median(&peer.times).0 / time;
                (format!("{side} takes {least:.2} times as long"), format!("{ratio:.2}"), ratio >= least)
            }
            Aim::Writing(most) => {
                let ratio = time / ours.write;
                (format!("{most} times as long as writing"), format!("{ratio:.2}"), ratio <= most)
            }
            Aim::Threads(least) => {
                let ratio = time / median(&ours.two).0;
                (format!("{least} times faster by two threads"), format!("{ratio:.2}"), ratio >= least)
            }
            Aim::Compile(most) => {
                let s = ours.took.compile;
                (format!("compiled in {most} s"), format!("{s:.3}"), s <= most)
            }
            Aim::Seconds(most) => (format!("done in {most} s"), format!("{time:.3}"), time <= most),
            Aim::Memory(most) => {
                let mib = ours.took.peak_mib;
                (format!("within {most} MiB"), format!("{mib:.0}"), mib <= most)
            }
        };
        let _ = writeln!(table, "| {} | {words} | {seen} | {} |", w.name, if holds { "holds" } else { "missed" });
    }
    table
}

/// What is said of a workload.
struct Said {
    /// Rows of the table of sides, and of that of aims.
    rows: String,
    aims: String,
    /// Peers that were left out.
    words: Vec<String>,
}

/// Measures a workload. hesse runs before its peers and after them, so that a machine whose speed changes is the same for both.
fn said(w: &Workload, folder: &Path, rate: f64) -> Result<Said, String> {
    let mut first = ours(w, folder)?;
    let wanted = if w.peers.is_empty() { vec![] } else { array(&folder.join("ours.npy"))? };
    let mut words = vec![];
    let peers = w.peers.iter().filter_map(|name| {
        let took = peer(w, name, folder, &wanted).map_err(|why| words.push(format!("{}: {why}", w.name))).ok()?;
        assert!(took.apart < 1e-9, "{} and {name} are {:e} apart", w.name, took.apart);
        Some((*name, took))
    });
    let peers: Vec<_> = peers.collect();
    let second = ours(w, folder)?;
    first.took.times.extend(second.took.times);
    first.two.extend(second.two);
    first.took.compile = (first.took.compile + second.took.compile) / 2.0;
    let (time, _) = median(&first.took.times);
    let mut table = String::new();
    let mut row = |side: &str, times: &[f64], rest: String| {
        let (median, spread) = median(times);
        let noisy = if spread > 0.2 { " (noisy)" } else { "" };
        let spread = if times.len() > 1 { format!("{:.0} %{noisy}", 100.0 * spread) } else { String::new() };
        let (name, ratio) = (w.name, median / time);
        let _ = writeln!(table, "| {name} | {side} | {:.3} | {spread} | {ratio:.2} | {rest} |", 1e3 * median);
    };
    let cost = |t: &Took| format!("{:.3} | {:.0} | {:.1e}", t.compile, t.peak_mib, t.apart);
    let work = |times: &[f64]| format!("{:.3} | {:.2}", first.flops / 1e9, first.flops / median(times).0 / rate);
    row("hesse", &first.took.times, format!("{} | {}", work(&first.took.times), cost(&first.took)));
    if !first.two.is_empty() {
        row("hesse, two threads", &first.two, format!("{} | | |", work(&first.two)));
    }
    row("*writing*", &[first.write.min(second.write)], "| | | |".to_owned());
    for (name, took) in &peers {
        row(name, &took.times, format!("| | {}", cost(took)));
    }
    Ok(Said { aims: aims(w, &first, &peers), rows: table, words })
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, name, folder, ..] = &arguments[..]
        && flag == ALONE
    {
        let w = WORKLOADS.iter().find(|w| w.name == name).expect("the name of a workload");
        return ours::measure(w, Path::new(folder));
    }
    let word = arguments.iter().find(|a| !a.starts_with('-'));
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
    let mut aims = "| workload | aim | seen | |\n|---|---|---|---|\n".to_owned();
    let mut words = vec![];
    for w in WORKLOADS.iter().filter(|w| word.is_none_or(|x| w.name.contains(x.as_str()))) {
        let folder: PathBuf = env::temp_dir().join(format!("hesse-peers-{}-{}", std::process::id(), w.name));
        fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let done = said(w, &folder, rate);
        fs::remove_dir_all(&folder).ok();
        let said = done.unwrap_or_else(|why| panic!("{why}"));
        print!("{}{}", said.rows, said.aims);
        table += &said.rows;
        aims += &said.aims;
        words.extend(said.words);
    }
    words.iter().for_each(|w| println!("{w}"));
    if word.is_none() {
        let page = format!(
            "# Benchmarks\n\nWritten by `cargo bench -p hesse-tests --bench peers`: {cpu}, one thread where nothing else is said, double \
             precision, the same data and the same run. Each side of each workload is a process of its own; hesse's runs before its peers and \
             again after them, and with two threads every run comes after one with one thread. hesse computes the blocks on and above the \
             diagonal; the others are their transposes. *apart* is the largest difference to hesse's answer, relative to its largest entry; \
             *writing* fills the blocks with one number. A matrix product of 512×512 runs at {:.1} Gflop/s here. Runs whose middle half \
             spreads by more than a fifth of the median say so.\n\n{table}\n## Aims\n\n{aims}\n{}\n",
            rate / 1e9,
            words.join("\n")
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
        fs::write(&path, page.trim_end().to_owned() + "\n").expect("the page can be written");
    }
}
