//! Simplification: the forms that people write, each with its proof; proofs replay and broken ones do not; values are kept.

#[path = "simplify/draw.rs"]
mod draw;
#[path = "simplify/stacks.rs"]
mod stacks;

use draw::formulas;
use hesse_compiler::{
    expr::{Expr, Fact, Graph},
    index::Run,
    lower::lower,
    matrix::Matrix,
    pipeline,
    print::Format,
    simplify::{self, Extraction, Proof, Reason, Settings, Stop},
    syntax,
};
use hesse_tests::model;
use std::collections::BTreeMap;

fn settings() -> Settings {
    Settings { proofs: true, ..Settings::default() }
}

/// The formulas of queries in text, without the line of the convention.
fn derived(text: &str, queries: &[&str], explain: bool) -> String {
    let mut m = model(text);
    let asked: Vec<_> = queries.iter().map(|q| syntax::query(&mut m, q).expect("a query")).collect();
    let settings = Settings { proofs: explain, ..Settings::default() };
    let out = pipeline::formulas(&mut m, &asked, Format::Text, &settings).expect("formulas");
    out.split_once('\n').map(|x| x.1.to_owned()).expect("the convention stands in a line of its own")
}

/// What a person would have written: model, query, the line that is wanted.
const FORMS: &[(&str, &str, &str, &str)] = &[
    ("softmax_row", "dim n; param x: 1 × n\na = softmax(x)", "jacobian(a, x)", "diag(a') - a' a  # n×n"),
    ("softmax_column", "dim n; param v: n\na = softmax(v')'", "jacobian(a, v)", "diag(a) - a a'  # n×n"),
    ("softmax_primitives", "dim n; param v: n\na = exp(v) / sum(exp(v))", "jacobian(a, v)", "diag(a) - a a'  # n×n"),
    (
        "cross_entropy",
        "dim k; param z: 1 × k\ntarget y: 1 × k\nassume rowsum(y) == 1\np = softmax(z)'\nloss cross_entropy(z, y)",
        "hessian(loss)",
        "diag(p) - p p'  # k×k",
    ),
    (
        "attention_values",
        "dim L, dV, dK; input X: L × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV; target Y: L × dV\n\
         A = softmax(X Wq Wk' X' / sqrt(dK))\nF = A X Wv\nloss mse(F, Y)",
        "hessian(loss, Wv)",
        "2/(L dV) X' A' A X ⊗ I(dV)  # dV*dV×dV*dV",
    ),
    (
        "layernorm_row",
        "dim n; param x: 1 × n\ny = layernorm(x)\ns = rowstd(x)\nPi = I(n) - ones(n, n) / n",
        "jacobian(y, x)",
        "1/s Pi - 1/(s n) y' y  # n×n",
    ),
    (
        "logistic",
        "dim L, n; input X: L × n; input y: L; param w: n\nz = X w\nloss sum(softplus(z) - y ∘ z)",
        "hessian(loss)",
        "X' diag(sigmoid(z) ∘ (ones(L, 1) - sigmoid(z))) X  # n×n",
    ),
    (
        "factorization",
        "dim m, n, k; const V: m × k; param U: k × n; target Y: m × n\nloss dot(V U - Y, V U - Y) / 2",
        "hessian(loss)",
        "V' V ⊗ I(n)  # k*n×k*n",
    ),
    ("norm_cubed", "dim n; param x: n\nr = normF(x)\nu = unit(x)", "hessian(r^3, x, x)", "3 r u u' + 3 r I(n)  # n×n"),
    (
        "quadratic_log",
        "dim n; param x: n; const A: n × n\nassume symmetric(A)\nq = dot(x, A x)",
        "hessian(log(q), x)",
        "2/q A - 4/q^2 A x x' A  # n×n",
    ),
];

#[test]
fn forms_are_those_of_people() {
    for (name, text, query, wanted) in FORMS {
        let out = derived(text, &[query], true);
        let line = out.lines().find(|l| !l.starts_with('#')).unwrap_or_default();
        let formula = line.split_once(" = ").map_or(line, |x| x.1);
        assert_eq!(formula, *wanted, "{name}");
        insta::assert_snapshot!(format!("form_{name}"), out);
    }
}

/// An assumed equation is used, though random data do not keep it; then the proof is what is checked.
#[test]
fn assumptions_simplify() {
    let text = "dim n; param x: n; const A, B: n × n\nassume A B == I(n)\nf = dot(x, A B x)";
    assert_eq!(derived(text, &["hessian(f, x)"], false), "hessian(f, x) = 2 I(n)  # n×n\n");
}

/// The cheapest formula takes no more operations than the one that was derived.
#[test]
fn the_cheapest_is_no_dearer() {
    let sizes: BTreeMap<String, usize> = [("L", 16), ("dV", 8), ("dK", 4)].map(|(n, k)| (n.to_owned(), k)).into();
    let mut m = model(FORMS.iter().find(|f| f.0 == "attention_values").expect("a form").1);
    let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let blocks: Vec<Expr> = query.blocks.iter().map(|b| b.expr).collect();
    let before = pipeline::answer_all(&mut m.graph, &blocks).expect("formulas");
    let settings = Settings { extraction: Extraction::Cheapest(sizes.clone()), ..Settings::default() };
    let after = simplify::simplify(&mut m.graph, &before, &[], &settings).roots;
    let (dear, cheap) = (simplify::arithmetic(&m.graph, &before, &sizes), simplify::arithmetic(&m.graph, &after, &sizes));
    assert!(0 < cheap && cheap < dear, "{cheap} operations, {dear} before");
}

/// Theorem 18 (layer normalization as a product of matrices) and Lemma 21 (second derivatives of attention).
#[test]
fn theorems_have_their_forms() {
    let theorem18 = "dim L, k\ndim n = k + 2\nparam X: L × n\nM = X (I(n) - ones(n, n) / n)\ntau = M.^2 ones(n, 1)\n\
                     D = diag(tau.^(1/2)) / sqrt(n)\nP = inv(D)\nLN = P M";
    insta::assert_snapshot!("theorem_18", derived(theorem18, &["jacobian(M, X)", "jacobian(P, X)", "jacobian(LN, X)"], true));
    let attention = FORMS.iter().find(|f| f.0 == "attention_values").expect("a form").1;
    let blocks = ["hessian(F, Wv, Wv)", "hessian(F, Wq, Wq)", "hessian(F, Wv, Wq)", "hessian(F, Wq, Wk)"];
    insta::assert_snapshot!("lemma_21", derived(attention, &blocks, true));
}

/// The models of the examples.
fn examples() -> Vec<(String, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut out: Vec<(String, String)> = std::fs::read_dir(dir)
        .expect("the examples")
        .map(|e| e.expect("readable").path())
        .filter(|p| p.extension().is_some_and(|x| x == "hesse"))
        .map(|p| {
            let name = p.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&p).expect("utf-8"))
        })
        .collect();
    out.sort();
    out
}

/// Wrong proofs made of a right one: another end, a step left out, another reason, another place, another result.
fn broken(p: &Proof, k: usize) -> Vec<(&'static str, Vec<simplify::Step>)> {
    let mut out = vec![];
    let mut steps = p.steps.clone();
    steps.remove(k);
    out.push(("left out", steps));
    let mut steps = p.steps.clone();
    steps[k].reason = Reason::Law("adjugate-left", true);
    out.push(("another law", steps));
    let mut steps = p.steps.clone();
    steps[k].place.push(0);
    out.push(("another place", steps));
    let mut steps = p.steps.clone();
    steps[k].after = p.start;
    if p.steps[k].after != p.start {
        out.push(("another result", steps));
    }
    out
}

#[test]
fn proofs_replay_and_broken_ones_do_not() {
    let (mut proofs, mut steps, mut wrong) = (0, 0, 0);
    for (name, text) in examples() {
        let mut m = model(&text);
        let asked = [syntax::query(&mut m, "hessian(loss)").expect("a query")];
        let derived = pipeline::derive(&mut m, &asked, &settings()).expect("formulas");
        for (nth, r) in derived.reports.into_iter().enumerate() {
            assert_eq!(r.refused, None, "{name}");
            let mut p = r.proof.expect("proofs were asked for");
            if let Err(flaw) = p.replay() {
                panic!("{name}: the proof of {} does not replay: {flaw}", r.name);
            }
            proofs += 1;
            steps += p.steps.len();
            if p.steps.is_empty() || nth % 7 != 0 {
                continue;
            }
            let k = nth % p.steps.len();
            for (how, changed) in broken(&p, k) {
                let kept = std::mem::replace(&mut p.steps, changed);
                assert!(p.replay().is_err(), "{name}: a proof with a step of {} {how} passes", r.name);
                p.steps = kept;
                wrong += 1;
            }
        }
    }
    assert!(proofs > 300 && steps > 300 && wrong > 30, "{proofs} proofs, {steps} steps, {wrong} broken ones");
}

/// Values of formulas at data and sizes.
fn values(g: &Graph, roots: &[Expr], data: &BTreeMap<String, Matrix<f64>>, sizes: &BTreeMap<String, usize>) -> Vec<Matrix<f64>> {
    let run = Run { data: &|n: &str| data.get(n).cloned(), size: &|n: &str| sizes.get(n).copied(), memory: 1 << 30 };
    run.run(&lower(g, roots)).expect("values").values
}

fn distance(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let scale = a.data.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    a.data.iter().zip(&b.data).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs())) / scale
}

#[test]
fn examples_keep_their_values() {
    let mut seen = 0;
    for (name, text) in examples() {
        let small = ["attention", "logistic", "softmax", "layernorm", "factorization", "rnn"].contains(&name.as_str());
        for extraction in [Extraction::Readable, Extraction::Cheapest(BTreeMap::new())].into_iter().take(1 + usize::from(small)) {
            let mut m = model(&text);
            let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
            let blocks: Vec<Expr> = query.blocks.iter().map(|b| b.expr).collect();
            let before = pipeline::answer_all(&mut m.graph, &blocks).expect("formulas");
            let settings = Settings { extraction, ..Settings::default() };
            let after = simplify::simplify(&mut m.graph, &before, &[], &settings).roots;
            let mut plain = |all: Vec<Expr>| -> Vec<Expr> { all.into_iter().map(|e| syntax::expand(&mut m.graph, e)).collect() };
            let (before, after) = (plain(before), plain(after));
            // unequal sizes, small
            let sizes: BTreeMap<String, usize> =
                m.sizes.iter().zip([5, 4, 3, 6, 2, 7, 5, 4]).map(|(n, k)| (n.clone(), k)).collect();
            let size = |n: &str| sizes.get(n).copied();
            let mut data = BTreeMap::new();
            for (v, x) in m.graph.variables() {
                let (Some(r), Some(c)) = (x.shape.rows.eval(&size), x.shape.cols.eval(&size)) else { continue };
                let known = |f: &Fact| m.graph.facts(x.expr).has(*f);
                let facts: Vec<Fact> = Fact::ALL.iter().map(|f| f.0).filter(known).collect();
                let value = hesse_tests::draw(v, 5, r, c, &facts);
                data.insert(v.to_owned(), value);
            }
            let (l, r) = (values(&m.graph, &before, &data, &sizes), values(&m.graph, &after, &data, &sizes));
            for (k, (a, b)) in l.iter().zip(&r).enumerate() {
                let off = distance(a, b);
                assert!(off < 1e-12, "{name}: block {k} is off by {off:e}");
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "only {seen} blocks were compared");
}

/// Random formulas of every operation: simplified in three ways they keep their values.
#[test]
fn random_formulas_keep_their_values() {
    let (mut compared, mut changed) = (0, 0);
    let mut stops: BTreeMap<Stop, usize> = BTreeMap::new();
    for seed in 0..60 {
        let (mut g, roots, data, sizes) = formulas(seed);
        for e in roots {
            let by_count: Extraction = Extraction::Least(std::rc::Rc::new(|_: &Graph, _| 1));
            let extraction = [Extraction::Readable, Extraction::Cheapest(sizes.clone()), by_count][compared % 3].clone();
            let limits = simplify::Limits { nodes: 400, iterations: 4 };
            let done = simplify::simplify(&mut g, &[e], &[], &Settings { extraction, limits, proofs: true });
            for mut r in done.reports {
                *stops.entry(r.stop).or_default() += 1;
                if let Err(flaw) = r.proof.as_mut().expect("asked for").replay() {
                    panic!("seed {seed}: {flaw}");
                }
            }
            let both = values(&g, &[e, done.roots[0]], &data, &sizes);
            let off = distance(&both[0], &both[1]);
            assert!(off < 1e-12, "seed {seed}: {} is off by {off:e}", hesse_compiler::print::inline(&g, e, Format::Text));
            compared += 1;
            changed += usize::from(done.roots[0] != e);
        }
    }
    assert!(compared >= 500 && changed >= 80, "{compared} formulas, {changed} of them changed");
    assert!(stops.len() > 1, "every search stopped alike: {stops:?}");
}

/// Blocks of the Hessian of a network, nodes of the e-graphs that were searched for all of them, and proofs that needed no search:
/// those of other parts in new names. They replay.
fn growth(text: &str) -> (usize, usize, usize) {
    let mut m = model(text);
    let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let blocks = stacks::upper(&m, &query);
    let derived = pipeline::answer_all(&mut m.graph, &blocks).expect("formulas");
    let (mut nodes, mut again) = (0, 0);
    for r in simplify::simplify(&mut m.graph, &derived, &[], &settings()).reports {
        assert_eq!(r.refused, None);
        let mut p = r.proof.expect("proofs were asked for");
        if let (true, Err(flaw)) = (r.again, p.replay()) {
            panic!("the proof of {} in new names does not replay: {flaw}", r.name);
        }
        nodes += if r.again { 0 } else { r.nodes };
        again += usize::from(r.again && !p.steps.is_empty());
    }
    (blocks.len(), nodes, again)
}

/// Layers are alike: the deeper a network, the fewer nodes are searched for each block of its Hessian; from some depth on, none.
#[test]
fn the_work_for_a_block_does_not_grow_with_depth() {
    let stacks = |of: fn(usize) -> String, depths: &[usize]| depths.iter().map(|&n| growth(&of(n))).collect::<Vec<_>>();
    for (all, what) in
        [(stacks(stacks::mlp, &[1, 2, 4, 8, 16]), "dense"), (stacks(stacks::transformer, &[1, 2, 3, 4]), "transformer")]
    {
        for pair in all.windows(2) {
            let [(few, small, _), (many, large, again)] = [pair[0], pair[1]];
            assert!(large * few <= small * many, "{what}: {large} nodes for {many} blocks, {small} for {few}: {all:?}");
            assert!(few < 4 || again > 0, "{what}: nothing is found again: {all:?}");
        }
        let [.., (_, before, _), (_, last, _)] = all[..] else { unreachable!("there are some") };
        assert_eq!(before, last, "{what}: the last layers are like those before them");
    }
}

/// The same input gives the same text.
#[test]
fn simplification_is_deterministic() {
    let attention = FORMS.iter().find(|f| f.0 == "attention_values").expect("a form").1;
    let once = || derived(attention, &["hessian(loss)", "hessian(F, Wq, Wk)"], true);
    assert_eq!(once(), once());
}
