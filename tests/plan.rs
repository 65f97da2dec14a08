//! What the planner saves: what is alike is made once, known numbers are no steps, and what reads one large array stands together. Each
//! row is run, too, and gives what the interpreter gives.

use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    data::{self, Bound},
    index::{
        Executor, Reference,
        plan::{Action, Plan},
    },
    pipeline, syntax,
};
use hesse_tests::{distance, model};
use std::collections::BTreeMap;

/// A model, sizes, a query, and what its plan has of some kind: steps of that name or kind.
struct Row {
    text: &'static str,
    sizes: &'static [(&'static str, usize)],
    query: &'static str,
    counts: &'static [(&'static str, usize)],
}

const ROWS: &[Row] = &[
    // a matrix and its transpose, put together in another order
    Row {
        text: "dim m, n; input A: m × m; param X: m × n; input W: n × n; input Y: m × n\nP = exp(A X W - Y)\nQ = exp(W' X' A' - Y')\n\
            loss sum(P ∘ Q')",
        sizes: &[("m", 6), ("n", 5)],
        query: "loss",
        counts: &[("exp", 1), ("gemm", 2)],
    },
    // the same sum, its terms and factors in another order
    Row {
        text: "dim n; input A, B: n × n; param X: n × n\nP = tanh(A X + X B)\nQ = tanh(X B + A X)\nloss sum(P .* Q)",
        sizes: &[("n", 7)],
        query: "loss",
        counts: &[("tanh", 1), ("gemm", 2)],
    },
    // alike but for one number: not the same
    Row {
        text: "dim n; input A: n × n; param X: n × n\nP = tanh(A X)\nQ = tanh(2 (A X)')\nloss sum(P .* Q')",
        sizes: &[("n", 7)],
        query: "loss",
        counts: &[("tanh", 2)],
    },
    // of a symmetric product the transpose is the product, of another it is not
    Row {
        text: "dim n; input A: n × n; param X: n × n\nP = tanh(X' X)\nQ = tanh(A X)\nR = tanh((A X)')\nloss sum(P .* Q .* R)",
        sizes: &[("n", 7)],
        query: "loss",
        counts: &[("tanh", 2), ("gemm", 1), ("half gemm", 1)],
    },
    // sizes are known
    Row {
        text: "dim m, n; param X: m × n\nloss sum(X ∘ X) / (m sqrt(n))",
        sizes: &[("m", 6), ("n", 16)],
        query: "grad(loss, X)",
        counts: &[("power", 0), ("map", 0), ("fill", 0)],
    },
    // softmax of attention and what is derived from it, once
    Row {
        text: "dim L, dV, dK; input X: L × dV; param Wq, Wk: dV × dK; param Wv: dV × dV; input Dq, Dk: dV × dK; input Dv: dV × dV; target Y: L × dV\n\
            A = softmax(X Wq Wk' X' / sqrt(dK))\nloss mse(A X Wv, Y)",
        sizes: &[("L", 7), ("dV", 5), ("dK", 4)],
        query: "hvp(loss, Dq, Dk, Dv)",
        counts: &[("softmax", 1), ("fill", 0)],
    },
];

fn counts(plan: &Plan, word: &str) -> usize {
    let named = |a: &Action| match a {
        Action::Product(p) => p.kind() == word,
        Action::Map { name, .. } => *name == word || word == "map",
        Action::Call { name, .. } => *name == word,
        Action::Watch { .. } => false,
    };
    plan.steps.iter().filter(|s| named(&s.action)).count()
}

/// The value of a query by the planner and by the interpreter.
fn both(text: &str, sizes: &BTreeMap<String, usize>, query: &str) -> [Vec<hesse_compiler::matrix::Matrix<f64>>; 2] {
    let mut m = model(text);
    let q = syntax::query(&mut m, query).expect("a query");
    let random = data::random(&m, 7, sizes).expect("random data");
    let bound: Bound = data::bind(&m, &random).expect("data that fit");
    let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
    let mut value = |e: &dyn Executor| {
        let answers = pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
        answers.into_iter().flat_map(|a| a.values).collect()
    };
    [value(&Dynamic(Cpu::<f64>::new(1))), value(&Reference)]
}

fn plan(text: &str, sizes: &BTreeMap<String, usize>, query: &str) -> Plan {
    let mut m = model(text);
    let q = syntax::query(&mut m, query).expect("a query");
    let program = pipeline::program(&mut m, &q).expect("a program");
    Plan::new(&program, &|name| sizes.get(name).copied()).expect("a plan")
}

fn owned(sizes: &[(&str, usize)]) -> BTreeMap<String, usize> {
    sizes.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect()
}

#[test]
fn what_is_alike_is_made_once_and_known_numbers_are_no_steps() {
    for row in ROWS {
        let sizes = owned(row.sizes);
        let plan = plan(row.text, &sizes, row.query);
        for (word, wanted) in row.counts {
            assert_eq!(counts(&plan, word), *wanted, "{word} in the plan of {}\n{}\n{plan}", row.query, row.text);
        }
        let [found, wanted] = both(row.text, &sizes, row.query);
        assert!(!found.is_empty() && found.len() == wanted.len());
        for (f, w) in found.iter().zip(&wanted) {
            assert!(distance(f, w) < 1e-11, "{}\n{}", row.text, row.query);
        }
    }
}

#[test]
fn products_of_one_large_array_stand_together_and_cover_it() {
    const LOGISTIC: &str = "dim m, n; input X: m × n; target y: m; param w: n; input v: n\nloss sum(softplus(-(y ∘ (X w))))";
    // rows that are no multiple of a part
    let sizes = owned(&[("m", 531), ("n", 300)]);
    let p = plan(LOGISTIC, &sizes, "hvp(loss, v)");
    assert_eq!(p.beside.len(), 1, "{p}");
    for (&begin, (end, parts)) in &p.beside {
        assert_eq!(end - begin, 2, "{p}");
        for s in &p.steps[begin..*end] {
            let Action::Product(whole) = &s.action else { panic!("a product is expected") };
            let own: Vec<_> = parts.iter().filter(|part| part.target.array == whole.target.array).collect();
            assert!(own.len() > 1);
            let flops: u128 = own.iter().map(|part| part.flops()).sum();
            assert_eq!(flops, whole.flops());
        }
    }
    let [found, wanted] = both(LOGISTIC, &sizes, "hvp(loss, v)");
    assert!(distance(&found[0], &wanted[0]) < 1e-11);
    // small ones are left as they are
    assert!(plan(LOGISTIC, &owned(&[("m", 31), ("n", 30)]), "hvp(loss, v)").beside.is_empty());
}

#[test]
fn an_entry_that_is_not_finite_is_found_in_a_result_that_is_mostly_zero() {
    const FACTORIZATION: &str = "dim n, k; const M: n × n; target T: n × n; param U: n × k; const V: n × k\n\
        R = M ∘ (T - U V')\nloss dot(R, R)";
    let sizes = owned(&[("n", 30), ("k", 2)]);
    let p = plan(FACTORIZATION, &sizes, "hessian(loss)");
    assert_eq!(p.written.len(), 1, "{p}");
    let mut m = model(FACTORIZATION);
    let q = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
    let bound = data::bind(&m, &data::random(&m, 7, &sizes).expect("random data")).expect("data that fit");
    let mut finite = |large: f64| {
        let mut bound = bound.clone();
        if let Some(v) = bound.shared.get_mut("V") {
            v.data[17] *= large;
        }
        let cpu = Dynamic(Cpu::<f64>::new(1));
        let answers = pipeline::evaluate_on(&cpu, &mut m, std::slice::from_ref(&q), &bound, &settings);
        answers.is_ok()
    };
    assert!(finite(1.0) && !finite(1e200));
}
