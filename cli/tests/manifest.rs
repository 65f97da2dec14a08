//! Kernels are run by their manifest alone: no plan, only what a reader of the two files has. PoCL makes the processor a device.

mod support;

use hesse::device::{Api, OpenCl};
use serde_json::Value;
use std::{collections::BTreeMap, fs};
use support::Folder;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

/// All numbers of a value, in order.
fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn list(v: &Value) -> &[Value] {
    v.as_array().expect("a list")
}

fn count(v: &Value) -> usize {
    usize::try_from(v.as_u64().expect("a count")).expect("a count")
}

fn counts(v: &Value) -> Vec<usize> {
    list(v).iter().map(count).collect()
}

fn bits(v: &[f64]) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// A device with the arrays of a manifest.
struct Board {
    api: OpenCl,
    arrays: Vec<<OpenCl as Api<f64>>::Memory>,
    entries: Vec<usize>,
}

impl Board {
    /// All entries are NaN at first, so that a kernel that reads too early is seen.
    fn new(manifest: &Value) -> Board {
        let api = OpenCl::new().expect("an OpenCL device");
        let entries: Vec<usize> = list(&manifest["arrays"]).iter().map(|a| count(&a["entries"])).collect();
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
fn launched(manifest: &Value, source: &str, data: &Value) -> (Vec<Vec<f64>>, usize) {
    let mut board = Board::new(manifest);
    for i in list(&manifest["inputs"]) {
        board.write(count(&i["array"]), &numbers(&data[i["name"].as_str().expect("a name")]));
    }
    for n in list(&manifest["numbers"]) {
        board.write(count(&n["array"]), &numbers(&n["value"]));
    }
    let kernels: BTreeMap<&str, &Value> =
        list(&manifest["kernels"]).iter().map(|k| (k["name"].as_str().expect("a name"), k)).collect();
    let names: Vec<String> = kernels.keys().map(|k| (*k).to_owned()).collect();
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
        let name = task["launch"].as_str().expect("what has a kernel");
        let (kernel, arrays) = (kernels[name], counts(&task["arrays"]));
        let before: Vec<Vec<u64>> = arrays.iter().map(|&a| bits(&board.read(a))).collect();
        let mut arguments: Vec<_> = arrays.iter().map(|&a| &board.arrays[a]).collect();
        if kernel["flag"] == true {
            arguments.push(&flag);
        }
        assert_eq!(arguments.len(), count(&kernel["arguments"]), "{name}");
        board
            .api
            .launch(&compiled[name], &arguments, count(&kernel["groups"]), count(&kernel["threads"]))
            .expect("a kernel that starts");
        let written = counts(&kernel["written"]);
        most = most.max(written.len());
        for (k, &a) in arrays.iter().enumerate() {
            let now = board.read(a);
            if written.contains(&k) {
                assert!(now.iter().all(|x| x.is_finite()), "{name} writes all of its argument {k}");
            } else {
                assert_eq!(bits(&now), before[k], "{name} only reads its argument {k}");
            }
        }
    }
    let mut flagged = [1.0];
    board.api.read(&flag, &mut flagged).expect("copied");
    assert_eq!(flagged, [0.0], "no value is outside of a domain");
    (list(&manifest["outputs"]).iter().map(|o| board.read(count(&o["array"]))).collect(), most)
}

/// Emits, launches, compares; tells how many arrays a kernel writes at most.
fn check(example: &str, queries: &[&str]) -> usize {
    let f = Folder::new(&format!("manifest_{example}"));
    let (model, data) = (format!("{EXAMPLES}/{example}.hesse"), format!("{EXAMPLES}/data/{example}.json"));
    let asked = [&["-q"], queries].concat();
    f.good(&[&["emit", &model, "--target", "opencl", "--data", &data, "-o", "k.cl"], &asked[..]].concat());
    let manifest: Value = serde_json::from_slice(&f.bytes("k.json")).expect("JSON");
    let source = String::from_utf8(f.bytes(manifest["source"].as_str().expect("a file"))).expect("text");
    let given: Value = serde_json::from_str(&fs::read_to_string(&data).expect("data")).expect("JSON");
    let (found, most) = launched(&manifest, &source, &given);
    let text = f.good(&[&["eval", &model, "--data", &data], &asked[..]].concat());
    let wanted: Value = serde_json::from_str(&text).expect("JSON");
    for (k, q) in queries.iter().enumerate() {
        assert_eq!(manifest["outputs"][k]["query"], *q);
        let (found, wanted) = (&found[k], numbers(&wanted["results"][k]["data"]));
        assert_eq!(found.len(), wanted.len(), "{example}: {q}");
        let largest = wanted.iter().fold(1e-3f64, |m, x| m.max(x.abs()));
        let off = found.iter().zip(&wanted).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
        assert!(off <= 1e-12 * largest, "{example}: {q} is off by {off}");
    }
    most
}

#[test]
fn kernels_run_by_their_manifest_alone() {
    let most = check("attention", &["hessian(loss)", "grad(loss)"]);
    assert!(most > 1, "a chain writes several arrays");
    check("logistic", &["loss", "hessian(loss)"]);
    check("softmax", &["jacobian(A, X)"]);
    check("layernorm", &["jacobian(Y, X)"]);
}
