//! Right usage: formats keep every bit, a batch is a mean, seeds and exit statuses are as promised.

mod support;

use serde_json::Value;
use std::fs;
use support::{Folder, doubles, npy, zip};

const DATA: &str = r#"{"X": [[0.1, -0.7], [1.3, 0.4], [-0.5, 0.6]], "Y": [[1], [0.25], [-3]], "W": [[0.3], [0.7]]}"#;

/// Two samples.
const BATCH: &str = r#"{
  "X": [[[0.1, -0.7], [1.3, 0.4], [-0.5, 0.6]], [[2.1, 0.7], [-1.3, 0.3], [0.5, 0.9]]],
  "Y": [[[1], [0.25], [-3]], [[0.5], [2], [1]]],
  "W": [[0.3], [0.7]]
}"#;

/// The results of an output in JSON.
fn results(text: &str) -> Vec<Value> {
    let v: Value = serde_json::from_str(text).expect("JSON");
    v["results"].as_array().expect("results").clone()
}

/// All numbers of a value, in order.
fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().expect("a number")],
    }
}

fn bits(v: &[f64]) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

/// The numbers of the first query, with these data.
fn value(folder: &Folder, data: &str, q: &str) -> Vec<f64> {
    numbers(&results(&folder.good(&["eval", "m.hesse", "--data", data, "-q", q]))[0]["data"])
}

/// An array in an archive.
fn array(bytes: &[u8], name: &str) -> (Vec<u64>, Vec<f64>) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut content = vec![];
    std::io::Read::read_to_end(&mut archive.by_name(name).expect("an array"), &mut content).expect("its bytes");
    let file = npyz::NpyFile::new(&content[..]).expect("an array");
    (file.shape().to_vec(), file.into_vec().expect("doubles"))
}

/// The header of a NumPy array.
fn header(kind: &str, order: bool, shape: &str) -> String {
    let order = if order { "True" } else { "False" };
    format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}")
}

#[test]
fn json_to_npz_to_json_keeps_every_bit() {
    let f = Folder::new("eval_round_trip");
    f.file("d.json", DATA);
    let q = ["hessian(loss, W, W)", "X / 3", "exp(X)"];
    let args = ["eval", "m.hesse", "--data", "d.json", "-q", q[0], q[1], q[2]];
    let direct = results(&f.good(&args));
    assert_eq!(f.good(&[&args[..], &["-o", "r.npz"]].concat()), "");
    let npz = f.bytes("r.npz");
    // its arrays are data of another model, whose values are written as JSON
    f.file("id.hesse", "dim a, b, c, d, e\nparam q0: a × b\nparam q1: c × d\nparam q2: c × e\nloss sum(q1)\n");
    let again = results(&f.good(&["eval", "id.hesse", "--data", "r.npz", "-q", "q0", "q1", "q2"]));
    for k in 0..3 {
        let (shape, entries) = array(&npz, &format!("q{k}.npy"));
        assert_eq!(bits(&entries), bits(&numbers(&direct[k]["data"])), "{}", q[k]);
        assert_eq!(Value::from(shape), direct[k]["shape"]);
        assert_eq!(again[k]["data"], direct[k]["data"]);
    }
    assert!(!f.path("r.npz.partial").exists());
}

#[test]
fn safetensors_in_and_out() {
    let f = Folder::new("eval_safetensors");
    f.file("d.json", DATA);
    let direct = f.good(&["eval", "m.hesse", "--data", "d.json", "-q", "X / 3"]);
    f.good(&["eval", "m.hesse", "--data", "d.json", "-q", "X / 3", "-o", "r.safetensors"]);
    f.file("id.hesse", "dim a, b\nparam q0: a × b\nloss sum(q0)\n");
    let again = f.good(&["eval", "id.hesse", "--data", "r.safetensors", "-q", "q0"]);
    assert_eq!(results(&again)[0]["data"], results(&direct)[0]["data"]);
}

#[test]
fn json_on_a_file_is_json_on_standard_output() {
    let f = Folder::new("eval_same_json");
    f.file("d.json", DATA);
    let printed = f.good(&["eval", "m.hesse", "--data", "d.json", "-q", "hessian(loss)"]);
    f.good(&["eval", "m.hesse", "--data", "d.json", "-q", "hessian(loss)", "-o", "out.JSON"]);
    assert_eq!(f.bytes("out.JSON"), printed.as_bytes());
}

#[test]
fn numbers_in_json_come_back_as_they_were() {
    let f = Folder::new("eval_floats");
    let entries = [0.1, 1.0 / 3.0, 5e-324, f64::MIN_POSITIVE, f64::MAX, -0.0, 1e22, 123_456_789.123_456_79, 2f64.powi(53) + 2.0];
    f.file("v.hesse", "dim n\nparam x: n\nloss sum(x)\n");
    f.file("d.json", serde_json::json!({ "x": entries }).to_string());
    let out = results(&f.good(&["eval", "v.hesse", "--data", "d.json", "-q", "x"]));
    assert_eq!(out[0]["shape"], serde_json::json!([entries.len(), 1]));
    assert_eq!(bits(&numbers(&out[0]["data"])), bits(&entries));
}

#[test]
fn archives_of_other_types_and_orders() {
    let f = Folder::new("eval_npz_types");
    let (x, y) = ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1.0, 2.0, 3.0]);
    f.file("d.json", serde_json::json!({ "X": x, "Y": y.map(|v| [v]), "W": [[0.5], [0.25]] }).to_string());
    let want = value(&f, "d.json", "hessian(loss, W, W)");
    let flat = [1i32, 2, 3, 4, 5, 6];
    let by_column = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
    let singles: Vec<u8> = flat.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
    let kinds: [(&str, Vec<u8>); 7] = [
        ("f32", npy(&header("<f4", false, "(3, 2)"), &singles)),
        (
            "big",
            npy(&header(">f8", false, "(3, 2)"), &flat.iter().flat_map(|&v| f64::from(v).to_be_bytes()).collect::<Vec<u8>>()),
        ),
        (
            "i64",
            npy(&header("<i8", false, "(3, 2)"), &flat.iter().flat_map(|&v| i64::from(v).to_le_bytes()).collect::<Vec<u8>>()),
        ),
        ("i32", npy(&header("<i4", false, "(3, 2)"), &flat.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())),
        ("u8", npy(&header("|u1", false, "(3, 2)"), &[1, 2, 3, 4, 5, 6])),
        ("fortran", npy(&header("<f8", true, "(3, 2)"), &doubles(&by_column))),
        ("f64", npy(&header("<f8", false, "(3, 2)"), &doubles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))),
    ];
    for (name, x) in kinds {
        let y = npy(&header("<f8", false, "(3, 1)"), &doubles(&y));
        let w = npy(&header("<f8", false, "(2, 1)"), &doubles(&[0.5, 0.25]));
        f.file("d.npz", zip(&[("X.npy", x), ("Y.npy", y), ("W.npy", w)]));
        assert_eq!(bits(&value(&f, "d.npz", "hessian(loss, W, W)")), bits(&want), "{name}");
    }
}

#[test]
fn column_major_batches_of_three_axes() {
    let f = Folder::new("eval_fortran_batch");
    f.file("b.hesse", "dim m, n\ninput X: m × n\nparam a\nloss a sum(X)\n");
    // X[k, i, j] = 100 k + 10 i + j, first index fastest
    let (mut entries, mut want) = (vec![], vec![]);
    for j in 0..4 {
        for i in 0..3 {
            entries.extend((0..2).map(|k| f64::from(100 * k + 10 * i + j)));
        }
    }
    for k in 0..2 {
        for i in 0..3 {
            want.extend((0..4).map(|j| f64::from(100 * k + 10 * i + j)));
        }
    }
    f.file("d.npz", zip(&[("X.npy", npy(&header("<f8", true, "(2, 3, 4)"), &doubles(&entries)))]));
    let out = results(&f.good(&["eval", "b.hesse", "--data", "d.npz", "-q", "X", "--per-sample"]));
    assert_eq!(out[0]["shape"], serde_json::json!([2, 3, 4]));
    assert_eq!(numbers(&out[0]["data"]), want);
}

#[test]
fn flat_lists_are_columns_and_rows_and_numbers_are_scalars() {
    let f = Folder::new("eval_flat");
    f.file("v.hesse", "dim n\nparam x: n\nparam r: 1 × n\nparam b\nloss b (r x)\n");
    f.file("d.json", r#"{"x": [1, 2, 3], "r": [4, 5, 6], "b": 2}"#);
    f.file("full.json", r#"{"x": [[1], [2], [3]], "r": [[4, 5, 6]], "b": [[2]]}"#);
    let args = |d| ["eval", "v.hesse", "--data", d, "-q", "loss", "hessian(loss)"];
    let flat = f.good(&args("d.json"));
    assert_eq!(flat, f.good(&args("full.json")));
    assert_eq!(numbers(&results(&flat)[0]["data"]), [64.0]);
}

/// A convolution of images and a kernel of three axes, with two samples.
const IMAGES: &str = r#"{
  "X": [[[[1, 2, 3], [4, 5, 6]]], [[[0.5, -1, 2], [3, 0.25, -4]]]],
  "W": [[[[1, -1]]], [[[0.5, 2]]]],
  "V": [[[1, 2], [3, 4]]]
}"#;

#[test]
fn arrays_keep_their_axes() {
    let f = Folder::new("eval_arrays");
    let text = "dim C, D, m, n, l\ninput X: C × m × n\nparam W: D × C × 1 × l\nparam V: 1 × D × m\n\
                F = conv2d(X, W)\nloss sum(F.^2) + sum(V)\n";
    f.file("m.hesse", text);
    f.file("d.json", IMAGES);
    let check = f.good(&["check", "m.hesse"]);
    for line in ["input  X     C×m×n", "param  W     D×C×1×l", "param  V     1×D×m", "node   F     D×m×(n - l + 1)"] {
        assert!(check.contains(line), "{line} in\n{check}");
    }
    let q = ["F", "grad(loss, W)", "grad(loss, X)", "grad(loss, V)", "hessian(loss, W, V)"];
    let args = [&["eval", "m.hesse", "--data", "d.json", "-q"], &q[..]].concat();
    let mean = results(&f.good(&args));
    let each = results(&f.good(&[&args[..], &["--per-sample"]].concat()));
    let shapes = [vec![2, 2, 2], vec![2, 1, 1, 2], vec![1, 2, 3], vec![1, 2, 2], vec![4, 4]];
    for (k, shape) in shapes.iter().enumerate() {
        assert_eq!(mean[k]["shape"], Value::from(shape.clone()), "{}", q[k]);
        assert_eq!(each[k]["shape"], Value::from([&[2], &shape[..]].concat()), "{}", q[k]);
        let mut part = &mean[k]["data"];
        for n in shape {
            assert_eq!(part.as_array().expect("a list").len(), *n, "{}", q[k]);
            part = &part[0];
        }
    }
    // F of the first sample, by hand
    assert_eq!(each[0]["data"][0], serde_json::json!([[[-1.0, -1.0], [-1.0, -1.0]], [[4.5, 7.0], [12.0, 14.5]]]));
    // written and read again, in both formats, the bits are the same
    f.file("id.hesse", "dim a, b, c, d\nparam q1: a × b × 1 × c\nparam q2: 1 × a × d\nloss sum(q1) + sum(q2)\n");
    for out in ["r.npz", "r.safetensors"] {
        f.good(&[&args[..], &["-o", out]].concat());
        let again = results(&f.good(&["eval", "id.hesse", "--data", out, "--quiet", "-q", "q1", "q2"]));
        assert_eq!((&again[0]["data"], &again[1]["data"]), (&mean[1]["data"], &mean[2]["data"]), "{out}");
    }
}

#[test]
fn random_arrays_keep_their_axes() {
    let f = Folder::new("eval_random_arrays");
    f.file("m.hesse", "dim C, m, k\ninput X: C × m × 2*m\nparam W: 2 × C × k × k\nF = conv2d(X, W)\nloss sum(F)\n");
    let out = results(&f.good(&["eval", "m.hesse", "--random", "3", "--dims", "C=3,m=5,k=2", "-q", "X", "W", "F"]));
    let shapes: Vec<&Value> = out.iter().map(|r| &r["shape"]).collect();
    assert_eq!(serde_json::json!(shapes), serde_json::json!([[3, 5, 10], [2, 3, 2, 2], [2, 4, 9]]));
}

#[test]
fn a_batch_is_the_mean_of_its_samples() {
    let f = Folder::new("eval_batch");
    f.file("d.json", BATCH);
    for q in ["hessian(loss, W, W)", "grad(loss, W)", "loss", "gauss_newton(loss)"] {
        let each = results(&f.good(&["eval", "m.hesse", "--data", "d.json", "-q", q, "--per-sample"])).remove(0);
        let mean = results(&f.good(&["eval", "m.hesse", "--data", "d.json", "-q", q])).remove(0);
        let shape: Vec<u64> = each["shape"].as_array().expect("a shape").iter().map(|n| n.as_u64().expect("a size")).collect();
        assert_eq!(Value::from(shape[1..].to_vec()), mean["shape"]);
        assert_eq!(shape[0], 2);
        let (a, b) = (numbers(&each["data"][0]), numbers(&each["data"][1]));
        for ((x, y), m) in a.iter().zip(&b).zip(numbers(&mean["data"])) {
            assert!(((x + y) / 2.0 - m).abs() <= 1e-15 * m.abs().max(1.0), "{q}: {x} {y} {m}");
        }
        assert_eq!(mean["notes"], serde_json::json!(["mean over a batch of 2"]), "{q}");
    }
}

#[test]
fn the_norm_of_a_batch_is_the_norm_of_the_mean() {
    let f = Folder::new("eval_norm_of_mean");
    f.file("d.json", BATCH);
    let h = value(&f, "d.json", "hessian(loss, W, W)");
    // the largest singular value of a symmetric 2×2
    let (t, d) = ((h[0] + h[3]) / 2.0, (((h[0] - h[3]) / 2.0).powi(2) + h[1] * h[2]).sqrt());
    let norm = value(&f, "d.json", "norm2(hessian(loss))")[0];
    assert!((norm - (t + d).abs().max((t - d).abs())).abs() < 1e-12, "{norm} {h:?}");
    let each = results(&f.good(&["eval", "m.hesse", "--data", "d.json", "-q", "norm2(hessian(loss))", "--per-sample"]));
    let mean_of_norms = numbers(&each[0]["data"]).iter().sum::<f64>() / 2.0;
    assert!((mean_of_norms - norm).abs() > 1e-6, "the samples tell the two apart");
}

#[test]
fn a_batch_of_one_is_the_sample() {
    let f = Folder::new("eval_batch_of_one");
    f.file("one.json", DATA);
    f.file(
        "d.json",
        DATA.replace("[[0.1", "[[[0.1").replace("0.6]]", "0.6]]]").replace("[[1]", "[[[1]").replace("[-3]]", "[-3]]]"),
    );
    assert_eq!(bits(&value(&f, "one.json", "hessian(loss)")), bits(&value(&f, "d.json", "hessian(loss)")));
}

#[test]
fn sizes_decide_between_a_column_and_a_batch_of_numbers() {
    let f = Folder::new("eval_column_or_batch");
    f.file("n.hesse", "dim n\ninput x, z: n\nparam w: n\nloss dot(w, x)^2 + dot(w, z)\n");
    f.file("d.json", r#"{"x": [[1], [2], [3]], "z": [[1], [2], [4]], "w": [2]}"#);
    let r = results(&f.good(&["eval", "n.hesse", "--data", "d.json", "-q", "loss", "--per-sample"])).remove(0);
    assert_eq!(r["shape"], serde_json::json!([3, 1, 1]));
    assert_eq!(numbers(&r["data"]), [6.0, 20.0, 44.0]);
    // where a column fits, it is a column
    f.file("e.json", r#"{"x": [[1], [2], [3]], "z": [[1], [2], [4]], "w": [2, 0, 1]}"#);
    let r = results(&f.good(&["eval", "n.hesse", "--data", "e.json", "-q", "loss", "--per-sample"])).remove(0);
    assert_eq!((numbers(&r["data"]), &r["shape"]), (vec![31.0], &serde_json::json!([1, 1])));
}

#[test]
fn sizes_are_solved_from_derived_ones() {
    let f = Folder::new("eval_derived_sizes");
    f.file(
        "n.hesse",
        "dim n, k\ndim m = n - 50\ndim h = k*k + 1\ninput X: m × 3\ninput Y: 2*n × h\nloss sum(X) + n + k + sum(Y)\n",
    );
    let row = |n: usize| format!("[{}]", vec!["0"; n].join(", "));
    let rows = |m: usize, n: usize| format!("[{}]", vec![row(n); m].join(", "));
    f.file("d.json", format!(r#"{{"X": {}, "Y": {}}}"#, rows(2, 3), rows(104, 10)));
    let out = f.good(&["eval", "n.hesse", "--data", "d.json", "-q", "loss"]);
    assert_eq!(numbers(&results(&out)[0]["data"]), [55.0]);
    // m is 2 by X, so n is 52; Y says 51
    f.file("e.json", format!(r#"{{"X": {}, "Y": {}}}"#, rows(2, 3), rows(102, 10)));
    let o = f.run(&["eval", "n.hesse", "--data", "e.json", "-q", "loss"]);
    assert_eq!(o.status.code(), Some(1));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let f = Folder::new("eval_seed");
    let run = |seed: &str, out: &str| {
        f.good(&["eval", "m.hesse", "--random", seed, "--dims", "L=4, n=3, k=2", "-q", "hessian(loss)", "X", "-o", out]);
        f.bytes(out)
    };
    for ending in ["json", "npz", "safetensors"] {
        let (a, b) = (run("7", &format!("a.{ending}")), run("7", &format!("b.{ending}")));
        assert!(a == b, "{ending}");
        assert!(a != run("8", &format!("c.{ending}")), "{ending}");
    }
}

/// The notes of a query on a model of rectifiers.
fn notes(f: &Folder, data: &str, q: &str) -> String {
    results(&f.good(&["eval", "k.hesse", "--data", data, "-q", q]))[0]["notes"].to_string()
}

#[test]
fn kinks_are_noted_only_where_they_are_met() {
    let f = Folder::new("eval_kinks");
    f.file("k.hesse", "dim n\nparam x: n\ny = relu(x)\nloss dot(y, y)\n");
    f.file("on.json", r#"{"x": [0, 1, -1]}"#);
    f.file("off.json", r#"{"x": [0.5, 1, -1]}"#);
    let noted = notes(&f, "on.json", "grad(loss, x)");
    assert!(noted.contains("`relu` meets exactly 0"), "{noted}");
    assert_eq!(notes(&f, "off.json", "grad(loss, x)"), "[]");
    assert_eq!(notes(&f, "on.json", "loss"), "[]", "without a derivative a kink does not matter");
    let said = |quiet: &[&str]| f.run(&[&["eval", "k.hesse", "--data", "on.json", "-q", "grad(loss, x)"], quiet].concat()).stderr;
    assert!(String::from_utf8_lossy(&said(&[])).contains("relu"));
    assert!(said(&["--quiet"]).is_empty());
}

#[test]
fn kinks_are_noted_where_only_the_derivative_is_left() {
    let f = Folder::new("eval_kinks_left");
    f.file("k.hesse", "dim n\nparam x: n\nloss sum(relu(x))\n");
    f.file("on.json", r#"{"x": [0, 1, -1]}"#);
    let noted = notes(&f, "on.json", "grad(loss, x)");
    assert!(noted.contains("`relu` meets exactly 0"), "{noted}");
}

#[test]
fn a_determinant_of_zero_is_no_panic() {
    let f = Folder::new("eval_logdet_of_zero");
    f.file("d.json", DATA);
    let o = f.run(&["eval", "m.hesse", "--data", "d.json", "-q", "logdet(0 I(n))"]);
    let said = String::from_utf8_lossy(&o.stderr);
    assert!(o.status.code() == Some(1) && !said.contains("panicked"), "{said}");
}

#[test]
fn arrays_that_the_model_lacks_are_noted() {
    let f = Folder::new("eval_unused");
    f.file("d.json", DATA.replace("{", r#"{"Z": 3, "#));
    let o = f.run(&["eval", "m.hesse", "--data", "d.json", "-q", "loss"]);
    assert_eq!(o.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&o.stderr), "note: not used by the model: Z\n");
}

#[test]
fn data_that_the_query_does_not_need_may_lack() {
    let f = Folder::new("eval_lacking");
    f.file("d.json", r#"{"X": [[1, 2]], "W": [[0.5], [0.25]]}"#);
    assert_eq!(value(&f, "d.json", "X W"), [1.0]);
}

#[test]
fn all_examples_check_and_evaluate() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let f = Folder::new("eval_examples");
    let mut count = 0;
    for entry in fs::read_dir(examples).expect("examples") {
        let path = entry.expect("an example").path();
        if path.extension().is_none_or(|e| e != "hesse") {
            continue;
        }
        count += 1;
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let model = path.to_string_lossy();
        assert!(f.good(&["check", &model]).starts_with(&*model));
        let data = format!("{examples}/data/{stem}.json");
        let text = fs::read_to_string(&path).expect("an example");
        let queries: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("# query: ")).collect();
        assert!(!queries.is_empty(), "{stem}");
        let out = f.good(&[&["eval", &model, "--data", &data, "--quiet", "-q"], &queries[..]].concat());
        assert_eq!(results(&out).len(), queries.len(), "{stem}");
    }
    assert!(count >= 18, "{count}");
}

#[test]
fn every_help_shows_an_example() {
    let f = Folder::new("eval_help");
    let top = f.good(&["--help"]);
    assert!(top.contains("Example: hesse "), "{top}");
    let commands = top.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let names: Vec<&str> = commands.filter_map(|l| l.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(["check", "derive", "eval", "verify"].iter().all(|n| names.contains(n)), "{names:?}");
    for name in names {
        let text = f.good(&[name, "--help"]);
        assert!(text.contains(&format!("Example: hesse {name} ")), "{text}");
    }
    assert!(f.good(&["--version"]).starts_with("hesse "));
}

#[test]
fn exit_statuses() {
    let f = Folder::new("eval_exit");
    f.file("d.json", DATA);
    f.file("bad.hesse", "dim n\nparam x: m\n");
    let code = |args: &[&str]| f.run(args).status.code();
    assert_eq!(code(&["check", "m.hesse"]), Some(0));
    assert_eq!(code(&["check", "m.hesse", "bad.hesse"]), Some(1));
    assert_eq!(code(&["check"]), Some(2));
    assert_eq!(code(&["derive", "m.hesse", "-q", "grad(loss, W)"]), Some(0));
    assert_eq!(code(&["derive", "m.hesse", "-q", "grad(loss, Q)"]), Some(1));
    assert_eq!(code(&["derive", "m.hesse", "-q", "loss", "--format", "word"]), Some(2));
    assert_eq!(code(&["eval", "m.hesse", "--data", "d.json", "-q", "loss"]), Some(0));
    assert_eq!(code(&["eval", "m.hesse", "--data", "d.json"]), Some(2));
    assert_eq!(code(&["frobnicate"]), Some(2));
}
