//! Bounds of norms: no row and no example breaks them on random data or under ascent, constants are attained, a constant that is
//! too small is seen, what is false has no proof.

#[path = "ops/draw.rs"]
#[allow(dead_code, reason = "the rows' own tests use all of it")]
mod draw;
#[path = "bound/norms.rs"]
mod norms;

use draw::{Call, Mistakes, given, rows};
use hesse_compiler::{
    bound::{self, Bounds, Calculus, Formula, Norm, Style, Symbol, Symbols},
    data,
    expr::{Kind, Meaning, Op},
    hessian::{self, Part},
    index::{Reference, Run},
    lower::lower,
    matrix::Matrix,
    pipeline::{self, Settings},
    print::Format,
    scalar::Interval,
    syntax::{self, Source, ast::Relation},
};
use hesse_tests::{model, random, uniform};
use norms::norm;
use std::{collections::BTreeMap, fs};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What rounding may add to a norm.
const ROUNDING: f64 = 1e-12;

/// The value of a bound of a row at the data of a call.
fn value(c: &Calculus, call: &mut Call, f: Formula, cotangent: &Matrix<f64>) -> Option<f64> {
    let mut values: BTreeMap<Symbol, f64> = BTreeMap::new();
    for s in c.book.symbols(f) {
        let v = match &s {
            Symbol::Norm(kind, e) => norm(*kind, &call.real(*e, Some(("cotangent", cotangent)))),
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
    let cotangent = cotangent.cloned().unwrap_or(drawn);
    let mut out = vec![];
    let bounds = c.norms(&mut call.g, y);
    for kind in Norm::ALL {
        if let Some(b) = value(&c, call, bounds[kind as usize], &cotangent) {
            out.push((kind.name().to_owned(), norm(kind, &value_of), b));
        }
    }
    if matches!(op.meaning, Meaning::Formula(_)) {
        return out;
    }
    let shape = call.g.shape(y).clone();
    let d = call.g.declare("cotangent", shape, Kind::Const);
    let slots: Vec<usize> = call.data.iter().map(|d| d.0).collect();
    for &a in &slots {
        let Ok((slope, _)) = c.slope(&mut call.g, y, a) else { continue };
        let Ok(j) = call.jacobian(a) else { continue };
        let j = call.real(j, None);
        if let Some(b) = value(&c, call, slope, &cotangent) {
            out.push((format!("slope {a}"), norm(Norm::Two, &j), b));
        }
        for &b in &slots {
            let (Ok(Some(s)), Ok(bend)) = (call.curvature(a, b), c.bend(&mut call.g, y, a, b, d)) else { continue };
            let s = call.real(s, Some(("cotangent", &cotangent)));
            let bound = match bend {
                Some((f, _)) => value(&c, call, f, &cotangent),
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
            facts.push(hesse_compiler::expr::Fact::Positive);
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

/// In the style of the thesis, too, no example is above its bounds.
#[test]
fn bounds_in_the_style_of_the_thesis_hold() {
    let (mut bad, mut seen) = (Mistakes::default(), 0);
    for name in ["attention", "layernorm", "logistic", "mlp", "transformer"] {
        let example = Example::styled(name, Part::Whole, Symbols::Data, Style::Thesis);
        for seed in 1..=20 {
            let (sizes, data) = example.draw(seed);
            let Some((slack, case)) = example.slack(&sizes, &data) else { continue };
            bad.claim(slack >= 1.0 - ROUNDING, &format!("slack {slack} at draw {seed} of {case}"));
            seen += 1;
        }
    }
    bad.none();
    assert!(seen > 60, "{seen}");
}

/// Products with vectors give the norms that dense blocks have.
#[test]
fn norms_need_no_dense_blocks() {
    let settings = Settings { memory: 1 << 30, per_sample: false };
    let mut seen = 0;
    for name in ["attention", "mlp", "transformer"] {
        let path = format!("{ROOT}/examples/{name}.hesse");
        let mut m = model(&fs::read_to_string(path).expect("an example"));
        let sizes = m.sizes.iter().enumerate().map(|(k, s)| (s.clone(), 3 + k % 3)).collect();
        let drawn = data::random(&m, 5, &sizes).expect("random data");
        let bound = data::bind(&m, &drawn).expect("data that fit");
        for part in [Part::Whole, Part::GaussNewton, Part::Functional] {
            let dense = pipeline::norms(&Reference, &mut m, part, &bound, &settings).expect("dense");
            let free = pipeline::norms_by_products(&Reference, &mut m, part, &bound, &settings).expect("products");
            let pairs = dense.blocks.iter().zip(&free.blocks).chain([(&dense.whole, &free.whole)]);
            for (k, (a, b)) in pairs.enumerate() {
                assert!((a - b).abs() <= 1e-9 * a.abs() + 1e-12, "{name}, {part:?}, {k}: {a} and {b}");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
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

/// Norms by intervals are not below the exact ones, and hardly above.
#[test]
fn norms_by_intervals_are_rounded_up() {
    let point = Interval::point;
    let sum = point(0.1) + point(0.2) - point(0.3);
    // what the three floats make exactly; in floats they make twice that
    let exact = 2.775_557_561_562_891_4e-17;
    assert!(sum.low <= exact && exact <= sum.high && sum.high < 3e-16, "{sum:?}");
    // a multiple of rank one, of lengths 5 and 13, for several sizes of its entries
    let exact = Matrix { rows: 2, cols: 3, data: vec![9.0, 12.0, 36.0, 12.0, 16.0, 48.0] };
    let all = [
        (Norm::Two, 65.0),
        (Norm::Frobenius, 65.0),
        (Norm::Row, 52.0),
        (Norm::Column, 60.0),
        (Norm::Infinity, 76.0),
        (Norm::One, 84.0),
        (Norm::Max, 48.0),
    ];
    for scale in [1.0, 2f64.powi(-400), 2f64.powi(400)] {
        for (norm, value) in all {
            let found = pipeline::at_most(norm, &exact.map_to(|x| point(scale * x)));
            assert!(found >= scale * value && found <= scale * value * (1.0 + 1e-12), "{norm:?} of scale {scale}: {found}");
        }
    }
    let wide = exact.map_to(|x| Interval { low: x - 1.0, high: x + 1.0 });
    for (norm, value) in all {
        let found = pipeline::at_most(norm, &wide);
        assert!(found >= value && found <= value + 6.0, "{norm:?}: {found}");
    }
    for seed in 0..40 {
        let (rows, cols) = (1 + seed % 7, 1 + seed % 5);
        let m = hesse_tests::draw("interval", seed as u64, rows, cols, &[]);
        for kind in Norm::ALL {
            let (found, near) = (pipeline::at_most(kind, &m.map_to(point)), norm(kind, &m));
            assert!(found >= near * (1.0 - 1e-14) && found <= near * (1.0 + 1e-11), "{kind:?} of {m:?}: {found}, {near}");
        }
    }
}

/// A printed bound is no smaller than the number, and at most one in its last digit larger.
#[test]
fn printed_numbers_are_rounded_up() {
    let cases = [
        (1.0, "1.000000e0"),
        (0.1, "1.000001e-1"),
        (123.456_75, "1.234568e2"),
        (9.999_999_9e9, "1.000000e10"),
        (0.0, "0.000000e0"),
    ];
    for (x, text) in cases {
        assert_eq!(bound::rounded_up(x), text);
    }
    for seed in 0..200 {
        let x = uniform("rounded", seed).exp() * 10f64.powi(seed as i32 % 40 - 20);
        let y: f64 = bound::rounded_up(x).parse().expect("a number");
        assert!(y >= x && y <= x * (1.0 + 1.1e-6), "{x} is printed as {y}");
    }
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
const SHARP: [(&str, &str, Witness); 22] = [
    ("softmax", "slope 0", Some((&[0.0, 0.0, -40.0], &[1.0, 0.0, 0.0]))),
    // p = ((1 + 1/√3) / 2, (1 - 1/√3) / 2, 0): the odds are 2 + √3
    ("softmax", "bend 0 0", Some((&[1.316957896924817, 0.0, -40.0], &[1.0, -1.0, 0.0]))),
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

/// An example with its bounds, and a program for all blocks and all symbols.
struct Example {
    name: String,
    bounds: Bounds,
    model: syntax::Model,
    program: hesse_compiler::index::Program,
    symbols: Vec<(Symbol, Norm)>,
}

impl Example {
    fn read(name: &str, part: Part, symbols: Symbols) -> Example {
        Example::styled(name, part, symbols, Style::Tight)
    }

    fn styled(name: &str, part: Part, symbols: Symbols, style: Style) -> Example {
        let text = fs::read_to_string(format!("{ROOT}/examples/{name}.hesse")).expect("an example");
        let mut model = model(&text);
        let bounds =
            pipeline::bounds_in_style(&mut model, part, symbols, style).unwrap_or_else(|d| panic!("{name}: {}", d.message));
        let leaf = |p: &String| model.graph.variable(p).expect("a parameter").expr;
        let leaves: Vec<_> = model.params.iter().map(leaf).collect();
        let pairs: Vec<_> =
            (0..leaves.len()).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| (leaves[i], leaves[j])).collect();
        let loss = model.loss.expect("a loss");
        let mut roots = hessian::blocks(&mut model.graph, loss, part, &pairs).expect("derivatives");
        let mut symbols: Vec<(Symbol, Norm)> = vec![];
        for f in bounds.blocks.iter().map(|b| b.reason.bound) {
            for s in bounds.calculus.book.symbols(f) {
                if let Symbol::Norm(n, e) = s
                    && !symbols.iter().any(|x| x.0 == Symbol::Norm(n, e))
                {
                    symbols.push((Symbol::Norm(n, e), n));
                    roots.push(e);
                }
            }
        }
        let roots = pipeline::answer_all(&mut model.graph, &roots).expect("derivatives");
        let roots: Vec<_> = roots.into_iter().map(|e| syntax::expand(&mut model.graph, e)).collect();
        let program = lower(&model.graph, &roots);
        Example { name: name.to_owned(), bounds, model, program, symbols }
    }

    fn draw(&self, seed: u64) -> (BTreeMap<String, usize>, BTreeMap<String, Matrix<f64>>) {
        let size = |s: &String| (s.clone(), 2 + (random(s, seed) % 2) as usize);
        let sizes: BTreeMap<String, usize> = self.model.sizes.iter().map(size).collect();
        let scale = [1.0, 0.3, 3.0][(seed % 3) as usize];
        let mut data = BTreeMap::new();
        for (name, v) in self.model.graph.variables() {
            let at = |d: &hesse_compiler::dim::Dim| d.eval(&|s| sizes.get(s).copied());
            let (Some(r), Some(c)) = (at(&v.shape.rows), at(&v.shape.cols)) else { continue };
            data.insert(
                name.to_owned(),
                Matrix::from_fn(r, c, |i, j| scale * uniform(name, seed ^ ((i * 1009 + j) as u64 * 7919))),
            );
        }
        (sizes, data)
    }

    /// The least slack of all blocks; nothing where the data are outside a domain.
    fn slack(&self, sizes: &BTreeMap<String, usize>, data: &BTreeMap<String, Matrix<f64>>) -> Option<(f64, String)> {
        self.least(sizes, data, 1e-300)
    }

    /// As [`Example::slack`], of blocks with a norm above that.
    fn least(&self, sizes: &BTreeMap<String, usize>, data: &BTreeMap<String, Matrix<f64>>, above: f64) -> Option<(f64, String)> {
        let run = Run { data: &|s| data.get(s).cloned(), size: &|s| sizes.get(s).copied(), memory: 1 << 30 };
        let values = run.run(&self.program).ok()?.values;
        if values.iter().any(|m| m.data.iter().any(|x| !x.is_finite())) {
            return None;
        }
        let blocks = self.bounds.blocks.len();
        let known: BTreeMap<&Symbol, f64> =
            self.symbols.iter().zip(&values[blocks..]).map(|((s, n), m)| (s, norm(*n, m) * (1.0 + ROUNDING))).collect();
        let of = |s: &Symbol| match s {
            Symbol::Size(d) => d.eval(&|n| sizes.get(n).copied()).map(|n| n as f64),
            Symbol::Pi => Some(std::f64::consts::PI.next_up()),
            s => known.get(s).copied(),
        };
        let mut least = (f64::INFINITY, String::new());
        for (b, m) in self.bounds.blocks.iter().zip(&values) {
            let bound = self.bounds.calculus.book.value(b.reason.bound, &of)?;
            let found = norm(Norm::Two, m);
            let slack = if found <= above { f64::INFINITY } else { bound / found };
            if slack < least.0 {
                least = (slack, format!("{}: ({}, {}): norm {found}, bound {bound}", self.name, b.row, b.col));
            }
        }
        Some(least)
    }
}

fn examples() -> Vec<String> {
    let files = fs::read_dir(format!("{ROOT}/examples")).expect("the examples");
    let name =
        |f: std::io::Result<fs::DirEntry>| Some(f.expect("readable").file_name().to_str()?.strip_suffix(".hesse")?.to_owned());
    let mut names: Vec<String> = files.filter_map(name).collect();
    names.sort();
    assert!(names.len() > 15, "{names:?}");
    names
}

/// Every bound of every example on a thousand draws.
#[test]
fn bounds_of_examples_hold() {
    let (mut bad, mut least) = (Mistakes::default(), BTreeMap::new());
    for name in examples() {
        let example = Example::read(&name, Part::Whole, Symbols::Data);
        let (mut seen, mut seed) = (0, 0);
        while seen < 1000 {
            seed += 1;
            assert!(seed < 4000, "{name} has values at {seen} draws of {seed} only");
            let (sizes, data) = example.draw(seed);
            let Some((slack, case)) = example.slack(&sizes, &data) else { continue };
            bad.claim(slack >= 1.0 - ROUNDING, &format!("slack {slack} at draw {seed} of {case}"));
            let l: &mut f64 = least.entry(name.clone()).or_insert(f64::INFINITY);
            *l = l.min(slack);
            seen += 1;
        }
    }
    bad.none();
    assert!(least.len() > 15);
}

/// Bounds in Jacobians and curvatures hold but for the rounding of what they are made of, which may cancel; and that of a block
/// without anything to lose is its norm.
#[test]
fn bounds_in_jacobians_hold() {
    let (mut bad, mut attained) = (Mistakes::default(), vec![]);
    for name in ["attention", "dag", "layernorm", "logistic", "mlp"] {
        let example = Example::read(name, Part::Whole, Symbols::Jacobians);
        let mut seen = 0;
        for seed in 1..30 {
            let (sizes, data) = example.draw(seed);
            let Some((slack, case)) = example.least(&sizes, &data, 1e-9) else { continue };
            bad.claim(slack >= 1.0 - 1e-6, &format!("slack {slack} at draw {seed} of {case}"));
            if name == "attention" {
                attained.push(slack);
            }
            seen += 1;
        }
        assert!(seen >= 10, "{name}: {seen} draws");
    }
    bad.none();
    // the Hessian in the value weights is a multiple of the square of a Jacobian
    assert!(attained.iter().all(|&s| s <= 1.0 + 1e-6), "{attained:?}");
}

/// Steps that make the slack smaller do not get below one.
#[test]
fn bounds_of_examples_hold_under_ascent() {
    let mut bad = Mistakes::default();
    for name in examples() {
        let example = Example::read(&name, Part::Whole, Symbols::Data);
        let mut steps = 0;
        for start in 0..3u64 {
            let (sizes, mut data) = example.draw(100 + start);
            let Some((mut now, _)) = example.slack(&sizes, &data) else { continue };
            let mut length = 0.5;
            for step in 0..100u64 {
                steps += 1;
                let mut next = data.clone();
                for (n, m) in &mut next {
                    for (k, x) in m.data.iter_mut().enumerate() {
                        *x += length * uniform(n, start ^ (step << 32) ^ (k << 8) as u64);
                    }
                }
                match example.slack(&sizes, &next) {
                    Some((slack, case)) if slack < now => {
                        bad.claim(slack >= 1.0 - ROUNDING, &format!("slack {slack} of {case}"));
                        (now, data) = (slack, next);
                        length *= 1.5;
                    }
                    _ => length *= 0.85,
                }
            }
        }
        assert!(steps >= 100, "{name}: {steps} steps");
    }
    bad.none();
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
