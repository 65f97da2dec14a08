//! Closed forms for any depth are the bounds of the calculus at depths that they were not read off, and no Hessian breaks them.

use super::ROOT;
use hesse_compiler::{
    bound::{DEPTHS, Deep, DeepFormula, Style, Symbols},
    data::{self, bind},
    hessian::Part,
    index::Reference,
    pipeline::{self, Settings},
    print::Format,
    syntax::{self, Depths, Model, Source},
};
use std::{collections::BTreeMap, fs};

const SETTINGS: Settings = Settings { memory: 1 << 30, per_sample: false };

/// The models: the size that counts their layers, the part, and the closed form of the whole as far as it begins.
const MODELS: [(&str, &str, Part, &str); 6] = [
    // the sharp form of Theorem 8 of the thesis
    ("network", "L", Part::GaussNewton, "L M^(2 L - 2) normF(x)^2 norminf(y) / 2"),
    (
        "network",
        "L",
        Part::Whole,
        "(L - 1) M^(L - 2) normF(rowsum(y) softmax(h[L]')' - y') normF(x) + L M^(2 L - 2) normF(x)^2 norminf(y) / 2",
    ),
    ("residual", "L", Part::GaussNewton, "L (1 + M)^(2 L - 2) normF(x)^2 norminf(y) / 2"),
    ("tanh", "L", Part::GaussNewton, "sum(k = 0 .. L - 2, M^(2 k) n norminf(y) / 2) + M^(2 L - 2) normF(x)^2 norminf(y) / 2"),
    ("biases", "L", Part::GaussNewton, "sum(k = 0 .. L - 1, M^(2 k) norminf(y) / 2) + "),
    ("transformer", "D", Part::GaussNewton, "sum(k = 0 .. D - 1, 4 (1 + M^2)^(2 k) "),
];

fn at(name: &str, depth: &str, n: usize) -> Model {
    let text = fs::read_to_string(format!("{ROOT}/examples/any_depth/{name}.hesse")).expect("an example");
    let source = Source { name: name.to_owned(), text };
    let depths = Depths::from([(depth.to_owned(), n)]);
    syntax::model_of_depth(source, &|_, _| Err("nothing".to_owned()), &depths).unwrap_or_else(|(_, e)| panic!("{name}: {e:?}"))
}

fn deep(name: &str, depth: &str, part: Part) -> Deep {
    let models = DEPTHS.map(|n| (n, at(name, depth, n))).collect();
    pipeline::bounds_of_any_depth(depth, models, part, Symbols::Data, Style::Tight).expect("bounds")
}

/// Data that keep the assumptions: weights of a scale, and the constants at least as large as they ask.
fn drawn(model: &mut Model, seed: u64) -> data::Bound {
    let sizes = [("n", 3), ("L", 3), ("d", 4), ("dk", 2), ("dff", 3)];
    let asked: BTreeMap<String, usize> =
        sizes.iter().filter(|s| model.sizes.iter().any(|n| n == s.0)).map(|&(n, s)| (n.to_owned(), s)).collect();
    let mut drawn = data::random(model, seed, &asked).expect("random data");
    for (name, a) in &mut drawn.arrays {
        match name.as_str() {
            "M" => a.data = vec![2.5],
            "B" => a.data = vec![4.0],
            // no row of these data deviates by less than 1/50
            "s" => a.data = vec![50.0],
            _ if name.starts_with('y') => a.data.iter_mut().for_each(|x| *x = x.abs()),
            _ => {}
        }
    }
    bind(model, &drawn).expect("data that fit")
}

/// The values of the names of a bound on data.
fn values(deep: &Deep, model: &mut Model, data: &data::Bound, n: usize) -> BTreeMap<String, f64> {
    let mut out = BTreeMap::new();
    for name in deep.names() {
        let text = name.replace(&format!("[{}]", deep.depth), &format!("[{n}]"));
        let text = text.replace("normrow(X)", "max(rowsum(X.^2).^(1/2))");
        // names that only deeper or less deep models have
        let Ok(query) = syntax::query(model, &text) else { continue };
        let Ok(answers) = pipeline::evaluate(model, &[query], data, &SETTINGS) else { continue };
        out.insert(name.to_owned(), answers[0].values[0].data[0]);
    }
    out
}

#[test]
fn closed_forms_of_the_whole() {
    for (name, depth, part, begins) in MODELS {
        let deep = deep(name, depth, part);
        let whole = deep.whole.as_ref().unwrap_or_else(|| panic!("{name} {part:?} has no closed form"));
        let text = deep.text(whole, Format::Text);
        assert!(text.starts_with(begins), "{name} {part:?}: {text}");
        for format in [Format::Latex, Format::Mathml] {
            let other = deep.text(whole, format);
            assert!(!other.is_empty() && other.matches('{').count() == other.matches('}').count(), "{other}");
            assert!(!other.contains(&format!(r"\rVert_{{{depth}}}")), "a norm is called by the depth: {other}");
        }
    }
}

#[test]
fn closed_forms_are_the_bounds_at_other_depths() {
    let mut compared = 0;
    for (name, depth, part, _) in MODELS {
        let deep = deep(name, depth, part);
        for n in [DEPTHS.end() + 1, DEPTHS.end() + 3] {
            let mut model = at(name, depth, n);
            let data = drawn(&mut model, n as u64);
            let of = values(&deep, &mut model, &data, n);
            let bounds = pipeline::bounds(&mut model, part, Symbols::Data).expect("bounds");
            let numbers = pipeline::numbers(&mut model, &bounds, &data, &SETTINGS).expect("numbers");
            let value = |f: &DeepFormula, at: &[i64]| deep.value(f, at, &|name| of.get(name).copied());
            let whole = value(deep.whole.as_ref().expect("a closed form"), &[n as i64]).expect("a value");
            let known = numbers.whole.expect("a bound");
            // parts of rank one lose nothing, the rest is bounded by sums of rows
            assert!(whole >= known * (1.0 - 1e-9), "{name} {part:?} at depth {n}: {whole} below {known}");
            assert!(whole <= known * 1.5, "{name} {part:?} at depth {n}: {whole} far above {known}");
            for (b, bound) in bounds.blocks.iter().zip(&numbers.blocks) {
                let Some((f, layers)) = closed(&deep, &b.row, &b.col) else { continue };
                let at: Vec<i64> = [n as i64].into_iter().chain(layers).collect();
                let (found, known) = (value(f, &at).expect("a value"), bound.expect("a bound"));
                // of a minimum one alternative is taken at every depth
                assert!(found >= known * (1.0 - 1e-9), "{name} {part:?}, {} {} at {n}: {found}, {known}", b.row, b.col);
                compared += 1;
            }
        }
    }
    assert!(compared > 3000, "{compared} blocks compared");
}

/// The closed form of a block, and its layers.
fn closed<'a>(deep: &'a Deep, row: &str, col: &str) -> Option<(&'a DeepFormula, Vec<i64>)> {
    let split = |name: &str| -> (String, i64) {
        let (base, n) = name.split_once('[').expect("a layer");
        (base.to_owned(), n.trim_end_matches(']').parse().expect("its number"))
    };
    let ((r, i), (c, j)) = (split(row), split(col));
    let kinds = match i == j {
        true => vec![(format!("{r}[{i}]"), format!("{c}[{j}]"), vec![]), (format!("{r}[i]"), format!("{c}[i]"), vec![i])],
        false => vec![(format!("{r}[i]"), format!("{c}[{j}]"), vec![i]), (format!("{r}[i]"), format!("{c}[j]"), vec![i, j])],
    };
    kinds.into_iter().find_map(|(row, col, layers)| {
        let block = deep.blocks.iter().find(|b| b.row == row && b.col == col)?;
        Some((block.bound.as_ref()?, layers))
    })
}

#[test]
fn no_hessian_breaks_a_closed_form() {
    let mut seen = 0;
    for (name, depth, part, _) in MODELS {
        let deep = deep(name, depth, part);
        for n in [deep.from.max(4), 5] {
            let mut model = at(name, depth, n);
            // a network of rectifiers may be dead
            let alive = (0..20).find_map(|seed| {
                let data = drawn(&mut model, seed);
                let norm = pipeline::norms(&Reference, &mut model, part, &data, &SETTINGS).expect("norms").whole;
                (norm > 0.0).then_some((data, norm))
            });
            let (data, norm) = alive.expect("data with a Hessian");
            let of = values(&deep, &mut model, &data, n);
            let bound = deep.value(deep.whole.as_ref().expect("a form"), &[n as i64], &|x| of.get(x).copied()).expect("a value");
            assert!(bound >= norm * (1.0 - 1e-9), "{name} {part:?} at depth {n}: {bound} below {norm}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2 * MODELS.len());
}

/// Without an assumption in the loop the layers differ, and that is said.
#[test]
fn what_is_missing_is_said() {
    let text = "dim L, n; input x: n; target y: 1 × n\nh[0] = x\n\
        for p in 1..L { param W[p]: n × n; h[p] = relu(W[p] h[p-1]) }\nloss cross_entropy(h[L]', y)";
    let models = DEPTHS.map(|n| {
        let source = Source { name: "m".to_owned(), text: text.to_owned() };
        let depths = Depths::from([("L".to_owned(), n)]);
        (n, syntax::model_of_depth(source, &|_, _| Err(String::new()), &depths).unwrap_or_else(|e| panic!("{:?}", e.1)))
    });
    let deep =
        pipeline::bounds_of_any_depth("L", models.collect(), Part::GaussNewton, Symbols::Data, Style::Tight).expect("bounds");
    assert!(deep.whole.is_none());
    assert!(deep.missing.iter().any(|m| m.contains("`norm2(W[2])` is of one layer")), "{:?}", deep.missing);
}

/// A layer that is counted from the end is called by the depth in every format.
#[test]
fn layers_from_the_end_are_named_by_the_depth() {
    let text = "dim L, n; input x: n; target y: n\nconst M: 1\nparam W[0]: n × n; assume norm2(W[0]) <= M\nh[0] = relu(W[0] x)\n\
        for p in 1..L-1 { param W[p]: n × n; assume norm2(W[p]) <= M; h[p] = relu(W[p] h[p-1]) }\nloss mse(h[L-1], y)";
    let models = DEPTHS.map(|n| {
        let source = Source { name: "m".to_owned(), text: text.to_owned() };
        let depths = Depths::from([("L".to_owned(), n)]);
        (n, syntax::model_of_depth(source, &|_, _| Err(String::new()), &depths).unwrap_or_else(|e| panic!("{:?}", e.1)))
    });
    let deep = pipeline::bounds_of_any_depth("L", models.collect(), Part::Whole, Symbols::Data, Style::Tight).expect("bounds");
    let whole = deep.whole.as_ref().expect("a closed form");
    assert!(deep.text(whole, Format::Text).contains("normF(h[L - 1] - y)"), "{}", deep.text(whole, Format::Text));
    assert!(deep.text(whole, Format::Latex).contains("h_{L - 1} - y"), "{}", deep.text(whole, Format::Latex));
    assert!(
        deep.text(whole, Format::Mathml).contains("<mi>h</mi><mrow><mi>L</mi><mo>-</mo><mn>1</mn></mrow></msub>"),
        "{}",
        deep.text(whole, Format::Mathml)
    );
}
