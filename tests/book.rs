//! The book: every line of its blocks runs. `HESSE_BLESS=1 cargo test --test book` writes what stands behind `=>` anew.

use hesse_compiler::{
    data::{self, Bound},
    expr::Fact,
    matrix::Matrix,
    pipeline::{Settings, answer, evaluate},
    print::{Format, printed},
    syntax::{self, Model},
};
use hesse_tests::{distance, model};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write, fs};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/book");

/// Names and values of a block.
struct Block {
    text: String,
    sizes: BTreeMap<String, usize>,
    values: BTreeMap<String, Matrix<f64>>,
}

/// `X: n × n invertible, s` as declarations.
fn declarations(given: &str) -> Block {
    let (mut text, mut facts) = (String::new(), String::new());
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = vec![];
    for item in given.split(',').map(str::trim) {
        let (name, shape) = item.split_once(':').map_or((item, ""), |(n, s)| (n.trim(), s.trim()));
        let mut words: Vec<&str> = shape.split(' ').filter(|w| !w.is_empty()).collect();
        if let Some(fact) = words.pop_if(|w| Fact::parse(w).is_some()) {
            writeln!(facts, "assume {fact}({name})").expect("a string");
        }
        let letters = words.iter().flat_map(|w| w.split(|c: char| !c.is_alphanumeric()));
        for w in letters.filter(|w| w.chars().next().is_some_and(char::is_alphabetic)) {
            if !sizes.contains_key(w) {
                names.push(w.to_owned());
                let all_different = [3, 2, 4, 5, 6, 7];
                sizes.insert(w.to_owned(), all_different[sizes.len()]);
            }
        }
        let colon = if words.is_empty() { String::new() } else { format!(": {}", words.join(" ")) };
        writeln!(text, "param {name}{colon}").expect("a string");
    }
    let dims = if names.is_empty() { String::new() } else { format!("dim {}\n", names.join(", ")) };
    Block { text: format!("{dims}{text}{facts}"), sizes, values: BTreeMap::new() }
}

fn bound(m: &Model, b: &Block) -> Bound {
    let random = data::random(m, 11, &b.sizes).expect("sizes are given");
    let mut bound = data::bind(m, &random).expect("random data fit");
    bound.shared.extend(b.values.clone());
    bound
}

fn numbers(m: &mut Model, data: &Bound, query: &str) -> Result<(Matrix<f64>, Vec<String>), String> {
    let q = syntax::query(m, query).map_err(|d| d.iter().map(|d| d.render(&m.sources, false)).collect::<Vec<_>>().join("\n"))?;
    // increments are names that came with the query
    let mut data = data.clone();
    for (name, v) in m.graph.variables() {
        let size = |s: &str| data.sizes.get(s).copied();
        if !data.shared.contains_key(name)
            && let (Some(r), Some(c)) = (v.shape.rows.eval(&size), v.shape.cols.eval(&size))
        {
            let entries = Matrix::from_fn(r, c, |i, j| hesse_tests::uniform(name, (i * 31 + j) as u64));
            data.shared.insert(name.to_owned(), entries);
        }
    }
    let settings = Settings { memory: 1 << 30, per_sample: false };
    let answers = evaluate(m, &[q], &data, &settings).map_err(|d| d.render(&m.sources, false))?;
    Ok((answers[0].values[0].clone(), answers[0].notes.clone()))
}

/// A formula in one line, with its parts behind it.
fn formula(m: &mut Model, query: &str) -> String {
    let q = syntax::query(m, query).unwrap_or_else(|d| panic!("{query}: {}", d[0].render(&m.sources, false)));
    let e = answer(&mut m.graph, q.expr).expect("differentiable");
    let p = printed(&m.graph, e, Format::Text);
    let parts: Vec<String> = p.parts.iter().map(|(n, f)| format!("{n} = {f}")).collect();
    if parts.is_empty() { p.formula } else { format!("{} with {}", p.formula, parts.join(", ")) }
}

fn show(x: &Matrix<f64>) -> String {
    let row = |i: usize| -> String {
        x.row(i).iter().map(|v| format!("{}", (v * 1e9).round() / 1e9 + 0.0)).collect::<Vec<_>>().join(", ")
    };
    format!("[{}]", (0..x.rows).map(row).collect::<Vec<_>>().join("; "))
}

/// `[[1, 2], [3, 4]]`; an array of more axes is the matrix of its first × all others.
fn matrix(v: &Value) -> Matrix<f64> {
    fn entries(v: &Value) -> Vec<f64> {
        v.as_array().map_or_else(|| vec![v.as_f64().expect("a number")], |list| list.iter().flat_map(entries).collect())
    }
    if let Some(rows) = v.as_array().filter(|rows| rows[0][0].is_array()) {
        let rest: Vec<Vec<f64>> = rows.iter().map(entries).collect();
        return Matrix::from_fn(rows.len(), rest[0].len(), |i, j| rest[i][j]);
    }
    let number = |v: &Value| v.as_f64().expect("a number");
    match v.as_array() {
        None => Matrix::scalar(number(v)),
        Some(rows) => match rows[0].as_array() {
            None => Matrix::from_fn(rows.len(), 1, |i, _| number(&rows[i])),
            Some(first) => Matrix::from_fn(rows.len(), first.len(), |i, j| number(&rows[i][j])),
        },
    }
}

/// Value, gradient and Hessian of an example against numbers from an independent source.
fn golden(line: &str) {
    let (id, rest) = line.split_once(' ').expect("an example and a formula");
    let (f, var) = rest.rsplit_once(" in ").expect("`in` and the variable");
    let all: Value = serde_json::from_str(include_str!("book/seminar.json")).expect("JSON");
    let entry = &all[id];
    let mut text = String::new();
    let mut values = BTreeMap::new();
    let inputs = entry["inputs"].as_object().into_iter().flatten();
    for (name, v) in inputs.map(|(n, v)| (n.as_str(), v)).chain([(var, &entry["x"])]) {
        let m = matrix(v);
        let shape = if v.is_array() { format!(": {} × {}", m.rows, m.cols) } else { String::new() };
        writeln!(text, "param {name}{shape}").expect("a string");
        values.insert(name.to_owned(), m);
    }
    let mut m = model(&text);
    let data = Bound { shared: values, ..Bound::default() };
    for (key, query) in
        [("value", f.to_owned()), ("gradient", format!("vec_r(grad({f}, {var}))")), ("hessian", format!("hessian({f}, {var})"))]
    {
        let (got, _) = numbers(&mut m, &data, &query).unwrap_or_else(|e| panic!("{id} {key}: {e}"));
        let d = distance(&got, &matrix(&entry[key]));
        assert!(d < 1e-9, "{id}: {key} of {f} is off by {d}");
    }
}

/// Runs one line; what stands behind `=>`, if it has such a part.
fn run(block: &Block, line: &str) -> Option<String> {
    let (verb, rest) = line.split_once(' ').expect("a verb and a formula");
    let query = rest.split("=>").next().expect("a part").trim();
    match verb {
        "derive" => Some(formula(&mut model(&block.text), query)),
        "equal" => {
            let (a, b) = query.split_once("==").expect("two sides");
            let mut m = model(&block.text);
            let data = bound(&m, block);
            let (x, _) = numbers(&mut m, &data, a.trim()).unwrap_or_else(|e| panic!("{line}\n{e}"));
            let (y, _) = numbers(&mut m, &data, b.trim()).unwrap_or_else(|e| panic!("{line}\n{e}"));
            let d = distance(&x, &y);
            assert!(d < 1e-9, "{line}: the sides differ by {d}");
            None
        }
        "value" => {
            let mut m = model(&block.text);
            let data = bound(&m, block);
            Some(match numbers(&mut m, &data, query) {
                Ok((x, notes)) => {
                    let notes: String = notes.iter().map(|n| format!(", where {n}")).collect();
                    format!("{}{notes}", show(&x))
                }
                Err(e) => e.lines().next().unwrap_or("").to_owned(),
            })
        }
        "error" => {
            let errors = syntax::query(&mut model(&block.text), query).expect_err(line);
            Some(errors[0].code.number().to_owned())
        }
        "golden" => {
            golden(query);
            None
        }
        _ => panic!("no line of the book begins with `{verb}`"),
    }
}

#[test]
fn every_line_runs() {
    let bless = std::env::var_os("HESSE_BLESS").is_some();
    let mut files: Vec<_> = fs::read_dir(BOOK).expect("the book").map(|f| f.expect("readable").path()).collect();
    files.retain(|p| p.extension().is_some_and(|x| x == "md"));
    files.sort();
    let (mut ran, mut wrong) = (0, vec![]);
    for path in files {
        let text = fs::read_to_string(&path).expect("utf-8");
        let (mut out, mut inside) = (String::new(), false);
        let mut block = declarations("unused");
        for line in text.lines() {
            let mut written = line.to_owned();
            if line.starts_with("```") {
                inside = !inside;
            } else if inside && let Some(given) = line.strip_prefix("given ") {
                block = declarations(given);
            } else if inside && let Some(at) = line.strip_prefix("at ") {
                for part in at.split("]],").map(|p| p.trim_end_matches("]]")) {
                    let (name, value) = part.split_once('=').expect("`at X = [[…]]`");
                    let value: Value = serde_json::from_str(&format!("{}]]", value.trim())).expect("an array");
                    block.values.insert(name.trim().to_owned(), matrix(&value));
                }
            } else if inside && !line.trim().is_empty() {
                ran += 1;
                if let Some(answer) = run(&block, line) {
                    written = format!("{}=> {answer}", line.split("=>").next().expect("a part"));
                    if written != line {
                        wrong.push(format!("{}: {line}\n  gives => {answer}", path.display()));
                    }
                }
            }
            writeln!(out, "{written}").expect("a string");
        }
        if bless {
            fs::write(&path, out).expect("writable");
        }
    }
    assert!(ran > 120, "only {ran} lines ran");
    assert!(bless || wrong.is_empty(), "the book says otherwise:\n{}", wrong.join("\n"));
}
