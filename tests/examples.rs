//! Every example: its Hessian equals golden numbers or dual numbers over dual numbers, its formulas print, and what prints
//! in the language pastes back into the file.

use hesse_compiler::{
    data::{Array, Data, bind},
    expr::Kind,
    matrix::Matrix,
    pipeline,
    print::Format,
    simplify::Settings,
    syntax::{self, Model},
};
use hesse_tests::{Case, distance, model};
use serde_json::{Map, Value};
use std::{fs, path::PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// Relative to the largest entry.
const TOLERANCE: f64 = 1e-9;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{path}")).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Names of the files of a folder that end so, in order.
fn named(folder: &str, end: &str) -> Vec<String> {
    let files = fs::read_dir(format!("{ROOT}/{folder}")).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let paths: Vec<PathBuf> = files.map(|f| f.expect("readable").path()).collect();
    let mut names: Vec<String> =
        paths.iter().filter_map(|p| p.file_name()?.to_str()?.strip_suffix(end).map(str::to_owned)).collect();
    names.sort();
    assert!(!names.is_empty(), "no `{end}` in {folder}");
    names
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("an object")
}

/// A number, a column or a matrix.
fn matrix(v: &Value) -> Matrix<f64> {
    let number = |v: &Value| v.as_f64().expect("a number");
    match v.as_array() {
        None => Matrix::scalar(number(v)),
        Some(rows) => match rows[0].as_array() {
            None => Matrix::from_fn(rows.len(), 1, |i, _| number(&rows[i])),
            Some(first) => Matrix::from_fn(rows.len(), first.len(), |i, j| number(&rows[i][j])),
        },
    }
}

/// Appends the entries of nested lists, and finds their extents.
fn nested(v: &Value, depth: usize, out: &mut Array) {
    let Some(list) = v.as_array() else { return out.data.push(v.as_f64().expect("a number")) };
    if out.shape.len() == depth {
        out.shape.push(list.len());
    }
    list.iter().for_each(|x| nested(x, depth + 1, out));
}

/// A model with data by name; sizes are read off the arrays.
fn case(model: Model, data: &Map<String, Value>) -> Case {
    let mut given = Data::default();
    for (name, v) in data {
        match v.as_u64().filter(|_| model.sizes.contains(name)) {
            Some(n) => drop(given.sizes.insert(name.clone(), usize::try_from(n).expect("a size"))),
            None => nested(v, 0, given.arrays.entry(name.clone()).or_default()),
        }
    }
    let data = bind(&model, &given).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(!data.batched, "one sample");
    Case { model, data }
}

fn example(name: &str) -> (String, Case) {
    let text = read(&format!("examples/{name}.hesse"));
    let case = case(model(&text), &object(&read(&format!("examples/data/{name}.json"))));
    (text, case)
}

/// The queries that a file proposes in its comments.
fn queries(text: &str) -> Vec<String> {
    text.lines().filter_map(|l| l.strip_prefix("# query: ")).map(str::to_owned).collect()
}

#[test]
fn hessians_are_golden() {
    let mut compared = 0;
    for name in named("tests/golden", ".json") {
        let golden = object(&read(&format!("tests/golden/{name}.json")));
        let text = read(&format!("examples/{}.hesse", golden["example"].as_str().expect("a name")));
        let mut case = case(model(&text), golden["data"].as_object().expect("data by name"));
        for (query, value) in golden["values"].as_object().expect("values by query") {
            let off = distance(&case.value(query), &matrix(value));
            assert!(off < TOLERANCE, "{name}: {query} is off by {off:e}");
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} values were compared");
}

#[test]
fn hessians_are_those_of_dual_numbers() {
    for name in named("examples", ".hesse") {
        let (_, mut case) = example(&name);
        let hessian = case.value("hessian(loss)");
        let off = distance(&hessian, &case.oracle_hessian("loss"));
        assert!(off < TOLERANCE, "{name}: the Hessian is off by {off:e}");
        let parts = case.value("gauss_newton(loss) + functional(loss)");
        assert!(distance(&hessian, &parts) < TOLERANCE, "{name}: the parts do not add up");
        assert!(case.model.graph.variables().any(|(_, v)| v.kind == Kind::Param), "{name} has no parameter");
    }
}

/// On an OpenCL device; where there is none, these tests fail and say so.
#[cfg(feature = "opencl")]
mod on_a_device {
    use super::*;
    use hesse::{
        Real,
        device::{Api, Device, OpenCl},
        dynamic::{Cpu, Dynamic},
    };

    fn hessians<R: Real>(tolerance: f64)
    where
        OpenCl: Api<R>,
    {
        let device = Dynamic(Device::<R, _>::new(OpenCl::new().expect("an OpenCL device")));
        for name in named("examples", ".hesse") {
            let (text, mut case) = example(&name);
            // the whole Hessian, but of the largest the blocks that their files propose: every kernel is compiled here
            let blocks = if name.starts_with("transformer") { queries(&text) } else { vec!["hessian(loss)".to_owned()] };
            for query in blocks {
                let wanted = case.value_on(&Dynamic(Cpu::<f64>::new(1)), &query);
                let off = distance(&wanted, &case.value_on(&device, &query));
                assert!(off < tolerance, "{name}: {query} is off by {off:e}");
            }
        }
    }

    #[test]
    fn hessians_in_double_precision() {
        hessians::<f64>(TOLERANCE);
    }

    #[test]
    fn hessians_in_single_precision() {
        hessians::<f32>(1e-4);
    }
}

#[test]
fn formulas_paste_back() {
    for name in named("examples", ".hesse") {
        let (text, mut original) = example(&name);
        let all = queries(&text);
        assert!(!all.is_empty(), "{name} proposes no query");
        for query in all {
            let asked = syntax::query(&mut original.model, &query).expect("a query of the file");
            let printed =
                pipeline::formulas(&mut original.model, &[asked], Format::Hesse, &Settings::default()).expect("a formula");
            let result = printed.lines().last().and_then(|l| l.split(" = ").next()).expect("the result comes last").to_owned();
            let data = object(&read(&format!("examples/data/{name}.json")));
            let mut pasted = case(model(&format!("{text}\n{printed}")), &data);
            let off = distance(&pasted.value(&result), &original.value(&query));
            assert!(off < TOLERANCE, "{name}: {query} pasted back is off by {off:e}\n{printed}");
        }
    }
}

#[test]
fn formulas_read_well() {
    for name in named("examples", ".hesse") {
        for (format, spelled) in Format::ALL {
            let (text, mut case) = example(&name);
            let asked: Vec<_> = queries(&text).iter().map(|q| syntax::query(&mut case.model, q).expect("a query")).collect();
            let printed = pipeline::formulas(&mut case.model, &asked, format, &Settings::default()).expect("formulas");
            let longest = printed.lines().map(|l| l.chars().count()).max().unwrap_or(0);
            match format {
                // signs are spelled out in LaTeX
                Format::Text | Format::Latex => {
                    let most = if format == Format::Text { 260 } else { 320 };
                    assert!(longest < most, "{name}: a line of {longest} characters in {spelled}");
                }
                Format::Json => drop(object(&printed)),
                Format::Mathml | Format::Hesse => {}
            }
            let short = ["attention", "softmax", "logdet", "trace_inverse", "logistic", "factorization", "third_order", "rnn"];
            if matches!(format, Format::Text | Format::Latex) && short.contains(&name.as_str()) {
                insta::assert_snapshot!(format!("{name}_{spelled}"), printed);
            }
        }
    }
}

#[test]
fn a_whole_transformer_prints() {
    let (_, mut case) = example("transformer");
    let asked = syntax::query(&mut case.model, "hessian(loss)").expect("a query");
    for (format, name) in Format::ALL {
        let printed =
            pipeline::formulas(&mut case.model, std::slice::from_ref(&asked), format, &Settings::default()).expect("formulas");
        assert!(printed.len() < 4_000_000, "{} bytes of {name}", printed.len());
        if format == Format::Text {
            let longest = printed.lines().map(|l| l.chars().count()).max().unwrap_or(0);
            assert!(longest < 260, "a line of {longest} characters");
        }
    }
}
