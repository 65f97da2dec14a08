//! No example is above its bounds: on random data, under ascent, in every style.

use super::{ROOT, ROUNDING, draw::Mistakes, norms::norm};
use hesse_compiler::{
    bound::{Bounds, Norm, Style, Symbol, Symbols},
    hessian::{self, Part},
    index::Run,
    lower::lower,
    matrix::Matrix,
    pipeline, syntax,
};
use hesse_tests::{model, random, uniform};
use std::{collections::BTreeMap, fs};

/// An example with its bounds, and a program for all blocks and all symbols.
pub(super) struct Example {
    name: String,
    pub(super) bounds: Bounds,
    pub(super) model: syntax::Model,
    program: hesse_compiler::index::Program,
    symbols: Vec<(Symbol, Norm)>,
}

impl Example {
    pub(super) fn read(name: &str, part: Part, symbols: Symbols) -> Example {
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
