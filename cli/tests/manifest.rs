//! Kernels are run by their manifest alone: no plan, only what a reader of the two files has. PoCL makes the processor a device.

#[path = "support/formula.rs"]
mod formula;
mod support;

use formula::{Sizes, count, list};
use hesse::device::{Api, OpenCl};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    sync::{Mutex, PoisonError},
};
use support::Folder;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

/// All numbers of a value, in order.
fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn text(v: &Value) -> &str {
    v.as_str().expect("a text")
}

fn counts(v: &Value) -> Vec<usize> {
    list(v).iter().map(count).collect()
}

fn bits(v: &[f64]) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// PoCL compiles for one thread at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A device with the arrays of a manifest.
struct Board {
    api: OpenCl,
    arrays: Vec<<OpenCl as Api<f64>>::Memory>,
    entries: Vec<usize>,
}

impl Board {
    /// All entries are NaN at first, so that a kernel that reads too early is seen.
    fn new(manifest: &Value, sizes: &Sizes) -> Board {
        let api = OpenCl::new().expect("an OpenCL device");
        let entries: Vec<usize> = list(&manifest["arrays"]).iter().map(|a| sizes.value(&a["entries"])).collect();
        let made = entries.iter().map(|&n| Api::<f64>::allocate(&api, n.max(1)).expect("memory")).collect();
        let mut board = Board { api, arrays: made, entries };
        (0..board.entries.len()).for_each(|a| board.write(a, &vec![f64::NAN; board.entries[a]]));
        board
    }

    fn write(&mut self, a: usize, data: &[f64]) {
        assert_eq!(data.len(), self.entries[a]);
        self.api.write(&mut self.arrays[a], data).expect("copied");
    }

    fn read(&self, a: usize) -> Vec<f64> {
        let mut out = vec![0.0; self.entries[a]];
        self.api.read(&self.arrays[a], &mut out).expect("copied");
        out
    }
}

/// The results by the manifest, and how many arrays the kernels write at most.
fn launched(manifest: &Value, source: &str, data: &Value, sizes: &Sizes) -> (Vec<Vec<f64>>, usize) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for c in list(&manifest["conditions"]) {
        let value = sizes.value(&c["value"]);
        assert!(sizes.value(&c["from"]) <= value && value <= sizes.value(&c["to"]), "{c}");
    }
    let mut board = Board::new(manifest, sizes);
    for i in list(&manifest["inputs"]) {
        board.write(count(&i["array"]), &numbers(&data[text(&i["name"])]));
    }
    for n in list(&manifest["numbers"]) {
        board.write(count(&n["array"]), &numbers(&n["value"]));
    }
    let kernels: BTreeMap<&str, &Value> = list(&manifest["kernels"]).iter().map(|k| (text(&k["name"]), k)).collect();
    let names: Vec<&str> = kernels.keys().copied().collect();
    let compiled = Api::<f64>::compile(&board.api, source, &names).expect("kernels that compile");
    let compiled: BTreeMap<&str, _> = kernels.keys().copied().zip(compiled).collect();
    let mut flag = Api::<f64>::allocate(&board.api, 1).expect("memory");
    board.api.write(&mut flag, &[0.0]).expect("copied");
    let mut most = 0;
    for task in list(&manifest["tasks"]) {
        if let Some(a) = task.get("zero").map(count) {
            board.write(a, &vec![0.0; board.entries[a]]);
            continue;
        }
        let name = text(&task["launch"]);
        let (kernel, arrays) = (kernels[name], counts(&task["arrays"]));
        assert!(list(&kernel["at_most"]).iter().all(|m| sizes.value(&m["value"]) <= count(&m["to"])), "{name}");
        let before: Vec<Vec<u64>> = arrays.iter().map(|&a| bits(&board.read(a))).collect();
        let mut arguments: Vec<_> = arrays.iter().map(|&a| &board.arrays[a]).collect();
        if kernel["flag"] == true {
            arguments.push(&flag);
        }
        let given: Vec<i32> = list(&kernel["sizes"]).iter().map(|n| sizes.value(n) as i32).collect();
        assert_eq!(arguments.len() + given.len(), count(&kernel["arguments"]), "{name}");
        let grid = [sizes.groups(&kernel["groups"]), count(&kernel["threads"])];
        board.api.launch(&compiled[name], &arguments, &given, grid).expect("a kernel that starts");
        let written = counts(&kernel["written"]);
        most = most.max(written.len());
        for (k, &a) in arrays.iter().enumerate() {
            if !written.contains(&k) {
                assert_eq!(bits(&board.read(a)), before[k], "{name} only reads its argument {k}");
            }
        }
    }
    let mut flagged = [1.0];
    board.api.read(&flag, &mut flagged).expect("copied");
    assert_eq!(flagged, [0.0], "no value is outside of a domain");
    (list(&manifest["outputs"]).iter().map(|o| board.read(count(&o["array"]))).collect(), most)
}

/// Launches what was emitted as `k.cl` and compares it with the processor's results; tells how many arrays a kernel writes at most.
fn compare(f: &Folder, model: &str, data: &str, sizes: &Sizes, queries: &[&str]) -> usize {
    let manifest: Value = serde_json::from_slice(&f.bytes("k.json")).expect("JSON");
    let source = String::from_utf8(f.bytes(text(&manifest["source"]))).expect("text");
    let given: Value = serde_json::from_str(&fs::read_to_string(data).expect("data")).expect("JSON");
    let (found, most) = launched(&manifest, &source, &given, sizes);
    let printed = f.good(&[&["eval", model, "--data", data, "-q"], queries].concat());
    let wanted: Value = serde_json::from_str(&printed).expect("JSON");
    for (k, q) in queries.iter().enumerate() {
        assert_eq!(manifest["outputs"][k]["query"], *q);
        let (found, wanted) = (&found[k], numbers(&wanted["results"][k]["data"]));
        assert_eq!(found.len(), wanted.len(), "{model}: {q}");
        let largest = wanted.iter().fold(1e-3f64, |m, x| m.max(x.abs()));
        let off = found.iter().zip(&wanted).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        assert!(off <= 1e-11 * largest, "{model}: {q} is off by {off}");
    }
    most
}

/// An example at the sizes of its data.
fn example(name: &str, queries: &[&str]) -> usize {
    let f = Folder::new(&format!("manifest_{name}"));
    let (model, data) = (format!("{EXAMPLES}/{name}.hesse"), format!("{EXAMPLES}/data/{name}.json"));
    f.good(&[&["emit", &model, "--target", "opencl", "--data", &data, "-o", "k.cl", "-q"], queries].concat());
    compare(&f, &model, &data, &Sizes::default(), queries)
}

#[test]
fn kernels_run_by_their_manifest_alone() {
    let most = example("attention", &["hessian(loss)", "grad(loss)"]);
    assert!(most > 1, "a chain writes several arrays");
    example("logistic", &["loss", "hessian(loss)"]);
    example("softmax", &["jacobian(A, X)"]);
    example("layernorm", &["jacobian(Y, X)"]);
}

/// A model whose kernels take sizes as arguments, at several sets of sizes: the text is the same for all.
fn any_size(name: &str, model: &str, queries: &[&str], sets: &[&[(&str, usize)]], families: &[&str]) {
    let f = Folder::new(&format!("manifest_{name}"));
    f.file("m.hesse", model);
    f.good(&[&["emit", "m.hesse", "--target", "opencl", "-o", "k.cl", "-q"], queries].concat());
    let manifest: Value = serde_json::from_slice(&f.bytes("k.json")).expect("JSON");
    let seen: Vec<&str> = list(&manifest["kernels"]).iter().map(|k| text(&k["family"])).collect();
    assert!(families.iter().all(|family| seen.contains(family)), "{seen:?}");
    assert!(list(&manifest["tasks"]).iter().all(|t| t.get("host").is_none()), "all steps have kernels");
    for set in sets {
        let sizes = Sizes(set.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect());
        let mut data = BTreeMap::new();
        for (place, i) in list(&manifest["inputs"]).iter().enumerate() {
            let [m, n] = [0, 1].map(|k| sizes.value(&i["shape"][k]));
            let entry = |r: usize, c: usize| json!(((r * n + c) as f64 * 1.7 + place as f64).sin() + f64::from(u8::from(r == c)));
            let rows: Vec<Vec<Value>> = (0..m).map(|r| (0..n).map(|c| entry(r, c)).collect()).collect();
            let value = match (&i["shape"][0], &i["shape"][1]) {
                (m, n) if *n == 1 && *m == 1 => rows[0][0].clone(),
                (_, n) if *n == 1 => rows.into_iter().flatten().collect(),
                _ => json!(rows),
            };
            data.insert(text(&i["name"]).to_owned(), value);
        }
        f.file("d.json", json!(data).to_string());
        let data = f.path("d.json").display().to_string();
        compare(&f, "m.hesse", &data, &sizes, queries);
    }
}

#[test]
fn kernels_with_sizes_as_arguments_run_by_their_manifest_at_any_sizes() {
    let attention = fs::read_to_string(format!("{EXAMPLES}/attention.hesse")).expect("a model");
    any_size(
        "attention_any",
        &attention,
        &["loss", "hessian(loss, Wq, Wv)"],
        &[&[("L", 5), ("dV", 4), ("dK", 3)], &[("L", 33), ("dV", 2), ("dK", 7)], &[("L", 1), ("dV", 1), ("dK", 1)]],
        &["rows", "tile", "entries"],
    );
    any_size(
        "matrices_any",
        "dim m, n; param A: n × n; param B: m × n; input b: n; target Y: m × n\n\
         F = layernorm(tanh(B A)); C = A' A + 3 I(n)\nloss mse(F, Y) + logdet(C) + norm2(B) + det(A) + sum(b) / m",
        &["loss", "det(A)", "grad(loss, A)", "adj(A)", "inv(C) b"],
        &[&[("m", 4), ("n", 3)], &[("m", 140), ("n", 2)], &[("m", 3), ("n", 5)]],
        &["matrix", "map", "rows"],
    );
    any_size(
        "parts_any",
        "dim m, n; param A: m × n; param B: 2*m × n; input x: n\n\
         F = tanh(vcat(A, B[2:m+1, :])); loss sum(F x) / 3 + normF(F)",
        &["hessian(loss, A, B)", "F", "loss"],
        &[&[("m", 3), ("n", 2)], &[("m", 70), ("n", 5)]],
        &["entries", "rows"],
    );
}
