//! Bounds of norms: no row and no example breaks them on random data or under ascent, constants are attained, a constant that is
//! too small is seen, what is false has no proof.

#[path = "bound/depth.rs"]
mod depth;
#[path = "ops/draw.rs"]
#[allow(dead_code, reason = "the rows' own tests use all of it")]
mod draw;
#[path = "bound/examples.rs"]
mod examples;
#[path = "bound/norms.rs"]
mod norms;
#[path = "bound/numbers.rs"]
mod numbers;
#[path = "bound/proofs.rs"]
mod proofs;

use draw::{Call, Mistakes, given, rows};
use examples::Example;
use hesse_compiler::{
    bound::{self, Calculus, Formula, Norm, Style, Symbol, Symbols},
    data,
    expr::{Fact, Kind, Meaning, Op},
    hessian::Part,
    matrix::Matrix,
    pipeline::{self, Settings},
    print::Format,
    syntax::{self, Source, ast::Relation},
};
use hesse_tests::{model, random, uniform};
use norms::norm;
use std::{collections::BTreeMap, fs};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What rounding may add to a norm.
const ROUNDING: f64 = 1e-12;

/// The value of a bound of a row at the data of a call.
fn value(c: &Calculus, call: &mut Call, f: Formula, (name, cotangent): (&str, &Matrix<f64>)) -> Option<f64> {
    let mut values: BTreeMap<Symbol, f64> = BTreeMap::new();
    for s in c.book.symbols(f) {
        let v = match &s {
            Symbol::Norm(kind, e) => norm(*kind, &call.real(*e, Some((name, cotangent)))),
            Symbol::Size(d) => d.eval(&|n| call.sizes.get(n).copied())? as f64,
            Symbol::Pi => std::f64::consts::PI,
        };
        values.insert(s, v);
    }
    c.book.value(f, &|s| values.get(s).copied())
}

/// How many times the bounds of a row are what they bound: of all norms of the value, of each Jacobian, of each curvature. Each
/// with its name, the true norm, and the bound.
fn measured(call: &mut Call, cotangent: Option<&Matrix<f64>>, seed: u64, style: Style) -> Vec<(String, f64, f64)> {
    let mut c = Calculus::new(Symbols::Data);
    c.style = style;
    let (op, y) = (call.op, call.y);
    let value_of = call.real(y, None);
    let drawn = hesse_tests::draw("cotangent", seed, value_of.rows, value_of.cols, &[]);
    let drawn = if seed % 2 == 1 { drawn.map(f64::abs) } else { drawn };
    let cotangent = cotangent.cloned().unwrap_or(drawn);
    // of what is not negative more is known
    let signed = cotangent.data.iter().any(|&x| x < 0.0);
    let name = if signed { "cotangent" } else { "cotangent that is not negative" };
    let mut out = vec![];
    let bounds = c.norms(&mut call.g, y);
    for kind in Norm::ALL {
        if let Some(b) = value(&c, call, bounds[kind as usize], (name, &cotangent)) {
            out.push((kind.name().to_owned(), norm(kind, &value_of), b));
        }
    }
    if matches!(op.meaning, Meaning::Formula(_)) {
        return out;
    }
    let shape = call.g.shape(y).clone();
    let d = call.g.declare(name, shape, Kind::Const);
    if !signed {
        call.g.assume(d, Fact::NonNegative);
    }
    let slots: Vec<usize> = call.data.iter().map(|d| d.0).collect();
    for &a in &slots {
        let Ok((slope, _)) = c.slope(&mut call.g, y, a) else { continue };
        let Ok(j) = call.jacobian(a) else { continue };
        let j = call.real(j, None);
        if let Some(b) = value(&c, call, slope, (name, &cotangent)) {
            out.push((format!("slope {a}"), norm(Norm::Two, &j), b));
        }
        for &b in &slots {
            let (Ok(Some(s)), Ok(bend)) = (call.curvature(a, b), c.bend(&mut call.g, y, a, b, d)) else { continue };
            let s = call.real(s, Some(("cotangent", &cotangent)));
            let bound = match bend {
                Some((f, _)) => value(&c, call, f, (name, &cotangent)),
                None => Some(0.0),
            };
            if let Some(bound) = bound {
                out.push((format!("bend {a} {b}"), norm(Norm::Two, &s), bound));
            }
        }
    }
    out
}

/// Draws new data of a call, of the facts that its row needs.
fn redraw(call: &mut Call, seed: u64) {
    let given = given(call.op.domain);
    for (slot, _, m) in &mut call.data {
        let mut facts: Vec<_> = given.iter().filter(|g| g.1 == *slot).map(|g| g.0).collect();
        if m.data.iter().all(|&x| x > 0.0) {
            facts.push(Fact::Positive);
        }
        let scale = [1.0, 3.0, 0.2][(seed % 3) as usize];
        *m = hesse_tests::draw(&format!("bound {} {slot}", call.op.name), random("bound", seed), m.rows, m.cols, &facts).map(
            |x| {
                if facts.is_empty() { scale * x } else { x }
            },
        );
    }
}

/// All that a row breaks on some draws, and how much was looked at.
fn broken(op: &'static Op, draws: u64, style: Style, bad: &mut Mistakes) -> usize {
    let mut seen = 0;
    for seed in 0..draws {
        for mut call in Call::all(op) {
            redraw(&mut call, seed);
            for (name, found, bound) in measured(&mut call, None, seed, style) {
                let case = format!("{}: {name} is {found}, bounded by {bound}", call.case);
                bad.claim(found <= bound * (1.0 + 1e-9) + 1e-12, &case);
                seen += 1;
            }
        }
    }
    seen
}

#[test]
fn no_row_breaks_its_bounds() {
    let (mut bad, mut seen) = (Mistakes::default(), 0);
    for op in rows() {
        let found = broken(op, 6, Style::Tight, &mut bad);
        assert!(found >= 7, "`{}` has bounds of {found} norms only", op.name);
        seen += found;
    }
    bad.none();
    assert!(seen > 5000, "{seen}");
}

/// What the thesis publishes of a row is true as it stands here, and what it is corrected by is in ERRATA.md.
#[test]
fn no_row_breaks_what_is_published() {
    let (mut bad, mut seen) = (Mistakes::default(), 0);
    let errata = fs::read_to_string(format!("{ROOT}/ERRATA.md")).expect("ERRATA.md");
    for op in rows().filter(|op| !op.published.is_empty()) {
        broken(op, 12, Style::Thesis, &mut bad);
        for p in op.published {
            seen += 1;
            let there = p.errata.is_none_or(|id| errata.contains(&format!("\n### {id}\n")));
            assert!(there, "`{}` points to {:?}, which ERRATA.md has not", op.name, p.errata);
        }
    }
    bad.none();
    assert!(seen >= 7, "{seen}");
}

/// Second derivatives of matrices, stacked: no draw is above the bound, and products attain it.
#[test]
fn bounds_of_stacked_second_derivatives_hold() {
    let head = "dim m, k, n\nparam A, C: m × k\nparam B: k × n\nparam s: 1\n";
    // whether it is attained
    let cases = [
        ("A B", "A", "B", true),
        ("A B", "B", "A", true),
        ("A ∘ C", "A", "C", true),
        ("s A", "A", "s", true),
        ("s A", "s", "A", true),
        ("softmax(A)", "A", "A", false),
        ("layernorm(A)", "A", "A", false),
        ("tanh(A B)", "A", "B", false),
        ("softmax(A B) B'", "B", "A", false),
        // by the rows and columns of Jacobians
        ("C' A B", "A", "B", true),
        ("C' A B", "B", "A", true),
        ("(C' A B)'", "B", "A", true),
        ("B' A' C", "A", "B", false),
        ("A' A", "A", "A", false),
        ("softmax(C A' C)", "A", "A", false),
        ("tanh(C A' C)", "A", "A", false),
        ("softmax(s C A' C)", "A", "s", false),
        ("layernorm(C + (A ∘ C) C' C)", "A", "A", false),
        ("(A ∘ softmax(A)) B", "B", "A", false),
        ("layernorm(A + softmax(A C') C)", "C", "A", false),
    ];
    let settings = Settings { memory: 1 << 30, per_sample: false };
    let mut bad = Mistakes::default();
    for (f, x, y, attained) in cases {
        for seed in 0..6 {
            let mut m = model(&format!("{head}F = {f}\n"));
            let q = syntax::query(&mut m, &format!("norm2(hessian(F, {x}, {y}))")).expect("a query");
            let mut c = Calculus::new(Symbols::Data);
            let bound = c.scalar(&mut m.graph, q.expr);
            let sizes: BTreeMap<String, usize> = [("m", 2), ("k", 4), ("n", 3)].map(|(n, s)| (n.to_owned(), s)).into();
            let drawn = data::random(&m, seed, &sizes).expect("random data");
            let given = data::bind(&m, &drawn).expect("data that fit");
            let found = pipeline::evaluate(&mut m, &[q], &given, &settings).expect("a norm")[0].values[0].data[0];
            let mut of_symbols = BTreeMap::new();
            for s in c.book.symbols(bound) {
                let Symbol::Norm(kind, e) = s else { continue };
                let text = c.book.symbol_text(&m.graph, &s);
                assert!(!text.contains("hessian"), "{f}: nothing is said of {text}");
                let expr = bound::expression(&mut m.graph, kind, e);
                let q = syntax::Query { text, expr, blocks: vec![] };
                let value = pipeline::evaluate(&mut m, &[q], &given, &settings).expect("a norm")[0].values[0].data[0];
                of_symbols.insert(s, value);
            }
            let of = |s: &Symbol| match s {
                Symbol::Size(d) => d.eval(&|n| sizes.get(n).copied()).map(|n| n as f64),
                s => of_symbols.get(s).copied(),
            };
            let value = c.book.value(bound, &of).expect("a number");
            let case = format!("{f} in {x} and {y}: norm {found}, bound {value}");
            bad.claim(found <= value * (1.0 + 1e-9) && (!attained || found >= value * (1.0 - 1e-9)), &case);
        }
    }
    bad.none();
}

/// A product of matrices of which one constant is too small: of its value, its Jacobian, its curvature.
#[test]
fn constants_that_are_too_small_are_seen() {
    let product = || Op {
        name: "planted",
        signature: "m×k, k×n -> m×n",
        meaning: Meaning::Contraction("i|k, k|j -> i|j"),
        vec_form: &["I(m) ⊗ B'", "A ⊗ I(n)"],
        curvature: &[(0, 1, "(D ⊗ I(k)) K(n, k)")],
        bound: "norm2: norm2(A) norm2(B)",
        ..Op::BLANK
    };
    let planted = [
        ("right", product()),
        ("norm2", Op { bound: "norm2: norm2(A) norm2(B) / 2", ..product() }),
        ("normF", Op { bound: "norm2: norm2(A) norm2(B); normF: norm2(A) norm2(B)", ..product() }),
        ("slope", Op { slope: &["norm2(B) / 2", "norm2(A)"], ..product() }),
        ("bend", Op { bend: &[(0, 1, "norm2(D) / 2")], ..product() }),
    ];
    for (what, op) in planted {
        let mut bad = Mistakes::default();
        broken(Box::leak(Box::new(op)), 6, Style::Tight, &mut bad);
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bad.none())).is_err();
        assert_eq!(seen, what != "right", "{what}");
    }
}

/// A row of data and a cotangent at which a bound is attained.
type Witness = Option<(&'static [f64], &'static [f64])>;

/// Rows of which a bound is attained: what of them, and where, if steps uphill do not find it.
const SHARP: [(&str, &str, Witness); 23] = [
    ("softmax", "slope 0", Some((&[0.0, 0.0, -40.0], &[1.0, 0.0, 0.0]))),
    // p = ((1 + 1/√3) / 2, (1 - 1/√3) / 2, 0): the odds are 2 + √3
    ("softmax", "bend 0 0", Some((&[1.316957896924817, 0.0, -40.0], &[1.0, -1.0, 0.0]))),
    ("softmax", "bend 0 0", Some((&[1.316957896924817, 0.0, -40.0], &[1.0, 0.0, 0.0]))),
    ("logsumexp", "bend 0 0", Some((&[0.0, 0.0, -40.0], &[1.0]))),
    ("layernorm", "slope 0", None),
    // d = u + √2 z with u = (1, -1, 0) / √2 and z = (1, 1, -2) / √6
    ("layernorm", "bend 0 0", Some((&[1.0, -1.0, 0.0], &[1.284457050376173, -0.129756511997165, -1.154700538379252]))),
    ("layernorm", "normrow", None),
    ("rmsnorm", "slope 0", None),
    ("rmsnorm", "bend 0 0", None),
    ("rowstd", "slope 0", None),
    ("rowstd", "bend 0 0", None),
    ("tanh", "slope 0", None),
    ("tanh", "bend 0 0", None),
    ("sigmoid", "slope 0", None),
    ("sigmoid", "bend 0 0", None),
    ("softplus", "bend 0 0", None),
    ("gelu", "slope 0", None),
    ("gelu", "bend 0 0", None),
    ("silu", "slope 0", None),
    ("silu", "bend 0 0", None),
    ("erf", "slope 0", None),
    ("erf", "bend 0 0", None),
    ("kron", "norm2", None),
];

/// Every constant of the table is attained to 1e-6 and passed by none.
#[test]
fn constants_are_attained() {
    let mut lines = vec![];
    for (name, what, witness) in SHARP {
        let op = hesse_compiler::ops::named(name).expect("a row");
        let mut call = Call::all(op).swap_remove(0);
        // one row, so that the steps are cheap
        let narrow = op.signature.starts_with("m×n -> m×");
        if narrow {
            call.sizes.insert("m".to_owned(), 1);
        }
        let row = |data: &[f64]| Matrix { rows: 1, cols: data.len(), data: data.to_vec() };
        let ratio = |call: &mut Call, cotangent: Option<&Matrix<f64>>, seed: u64| {
            let all = measured(call, cotangent, seed, Style::Tight);
            all.into_iter().find(|x| x.0 == what).map_or(0.0, |(_, found, bound)| found / bound)
        };
        let mut best = 0.0f64;
        if let Some((data, cotangent)) = witness {
            call.data[0].2 = row(data);
            best = ratio(&mut call, Some(&row(cotangent)), 0);
        }
        for seed in 0..8u64 {
            if best > 1.0 - 1e-7 {
                break;
            }
            redraw(&mut call, seed);
            if narrow {
                call.data.iter_mut().for_each(|(_, _, m)| *m = row(m.row(0)));
            }
            best = best.max(climbed(&mut call, &|call| ratio(call, None, seed), seed));
        }
        assert!(best <= 1.0 + 1e-9, "{name}: {what} is {best} times its bound");
        lines.push((name, what, best));
    }
    let loose: Vec<_> = lines.iter().filter(|l| l.2 < 1.0 - 1e-6).collect();
    assert!(loose.is_empty(), "not attained: {loose:?}");
}

/// The largest value that steps uphill from the data of a call reach.
fn climbed(call: &mut Call, value: &dyn Fn(&mut Call) -> f64, seed: u64) -> f64 {
    let (mut now, mut length) = (value(call), 1.0);
    for step in 0..400u64 {
        let before = call.data.clone();
        for (slot, _, m) in &mut call.data {
            for (k, x) in m.data.iter_mut().enumerate() {
                *x += length * uniform("step", seed ^ (step << 20) ^ (k << 8) as u64 ^ *slot as u64);
            }
        }
        let next = value(call);
        if next > now {
            now = next;
            length *= 2.0;
        } else {
            call.data = before;
            length *= 0.8;
            if length < 1e-7 {
                break;
            }
        }
    }
    now
}

/// What data refute has no proof.
#[test]
fn what_is_false_is_not_proved() {
    let dir = format!("{ROOT}/tests/thesis");
    let mut tried = 0;
    let mut files: Vec<_> = fs::read_dir(&dir).expect("the claims").map(|f| f.expect("readable").path()).collect();
    files.sort();
    for path in files.into_iter().filter(|p| p.extension().is_some_and(|x| x == "hesse")) {
        let text = fs::read_to_string(&path).expect("utf-8");
        let read = |used: &str, _: &str| {
            fs::read_to_string(format!("{dir}/{used}"))
                .map(|text| Source { name: used.to_owned(), text })
                .map_err(|e| e.to_string())
        };
        let source = Source { name: "claims".to_owned(), text: text.clone() };
        let Ok(mut model) = syntax::model(source, &read) else { panic!("{}", path.display()) };
        for claim in model.claims.clone() {
            let Ok(sides) = &claim.sides else { continue };
            let (small, large) = match sides.relation {
                Relation::AtMost | Relation::Below => (sides.lhs, sides.rhs),
                Relation::AtLeast | Relation::Above => (sides.rhs, sides.lhs),
                Relation::Equal => continue,
            };
            let at = text.find(&format!("claim \"{}\"", claim.id)).expect("the claim");
            let expected = text[..at].lines().rev().find_map(|l| l.strip_prefix("# expected: "));
            if expected == Some("BOUND VIOLATED") {
                tried += 1;
                assert!(bound::prove(&mut model, small, large).is_none(), "{} has a proof", claim.id);
            }
        }
    }
    assert!(tried > 15, "{tried}");
}

/// The formulas of some examples.
#[test]
fn formulas() {
    for name in ["attention", "mlp", "logistic", "layernorm"] {
        let mut page = String::new();
        let example = Example::read(name, Part::Whole, Symbols::Data);
        let (b, g) = (&example.bounds, &example.model.graph);
        let names = b.parts(&example.model);
        for (format, shown) in [(Format::Text, true), (Format::Latex, name == "attention"), (Format::Mathml, name == "logistic")]
        {
            for x in b.blocks.iter().filter(|_| shown) {
                let f = bound::printed(&b.calculus.book, g, x.reason.bound, &names, format);
                page.push_str(&format!("{} {}: {f}\n", x.row, x.col));
            }
        }
        for (f, n) in &names {
            page.push_str(&format!("{n} = {}\n", bound::printed(&b.calculus.book, g, *f, &names, Format::Text)));
        }
        page.push_str(&format!(
            "whole: {}\nassumed: {:?}\n",
            b.whole_text(&example.model, Format::Text),
            b.assumptions(&example.model, b.whole)
        ));
        page.push_str(&b.explain(&example.model, &b.blocks[0].reason, &names, Format::Text));
        insta::assert_snapshot!(format!("bounds_{name}"), page);
    }
}

/// What is said where there is no bound, and of assumptions that cannot be.
#[test]
fn what_is_missing() {
    let head = "dim m, n\ninput X: m × n\nparam W: n × n\ntarget Y: m × n\nconst M: 1\n";
    let cases = [
        ("nothing declared", "loss mse(X W, Y)"),
        ("the weights declared", "assume norm2(W) <= M\nloss mse(tanh(X W) W, Y)"),
        ("everything declared", "const B: 1\nassume normF(X) <= B, norm2(W) <= M, normF(Y) <= B\nloss mse(tanh(X W) W, Y)"),
        (
            "a variance without a floor",
            "const B: 1\nassume normF(X) <= B, norm2(W) <= M, normF(Y) <= B\nloss mse(layernorm(X W), Y)",
        ),
        ("attention on unbounded inputs", "assume norm2(W) <= M\nloss mse(softmax(X W X') X, Y)"),
        ("a logarithm near zero", "assume norm2(W) <= M, normF(X) <= M, positive(X), positive(W)\nloss sum(log(X W))"),
        ("a norm below zero", "assume norm2(W) <= -1\nloss mse(X W, Y)"),
        ("more than the most", "assume norm2(W) >= 3, norm2(W) <= 2\nloss mse(X W, Y)"),
        ("no loss", "F = X W"),
    ];
    let mut page = String::new();
    for (what, text) in cases {
        let mut m = model(&format!("{head}{text}\n"));
        page.push_str(&format!("{what}:\n"));
        match pipeline::bounds(&mut m, Part::Whole, Symbols::Declared) {
            Ok(b) => {
                let f = bound::printed(&b.calculus.book, &m.graph, b.whole, &BTreeMap::new(), Format::Text);
                page.push_str(&format!("  {f}\n  assumed: {}\n", b.assumptions(&m, b.whole).join("; ")));
                b.missing(&m).iter().for_each(|l| page.push_str(&format!("  {l}\n")));
            }
            Err(d) => page.push_str(&format!("{}\n", d.render(&m.sources, false))),
        }
    }
    insta::assert_snapshot!(page);
}
