//! What the planner saves: what is alike is made once, known numbers are no steps, and what reads one large array stands together. Each
//! row is run, too, and gives what the interpreter gives.

use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    data::{self, Bound},
    index::{
        Executor, Reference,
        plan::{Action, Batch, Piece, Plan},
    },
    matrix::Matrix,
    pipeline, syntax,
};
use hesse_tests::{batch_of, distance, model};
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
    // alike but for one number: the sum is made once, its functions are not
    Row {
        text: "dim n; input A: n × n; param X: n × n\nP = tanh(A X)\nQ = tanh(2 (A X)')\nloss sum(P .* Q')",
        sizes: &[("n", 7)],
        query: "loss",
        counts: &[("tanh", 2), ("gemm", 1)],
    },
    Row {
        text: "dim n; input A, B: n × n; param X: n × n\nP = tanh((A X - 2 X B) / 3)\nQ = exp(X B - A X / 2)\nloss sum(P ∘ Q)",
        sizes: &[("n", 7)],
        query: "loss",
        counts: &[("tanh", 1), ("exp", 1), ("gemm", 2)],
    },
    // the change of the logits is a term of the curvature, and a part of another one
    Row {
        text: "dim n, B; input X: B × n; param W: n × n; input V, C: n × n\nloss sum(logsumexp(relu(X W) C)) / B",
        sizes: &[("n", 300), ("B", 6)],
        query: "hvp(loss, V)",
        counts: &[("gemm", 6), ("softmax", 1)],
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
    // `X W` by itself, though for each of them `A X` and `B X` would do as well
    Row {
        text: "dim n; input A, B, X: n × n; param W: n × n\nP = tanh(A X W)\nQ = exp(B X W)\nloss sum(P ∘ Q)",
        sizes: &[("n", 6)],
        query: "loss",
        counts: &[("gemm", 3)],
    },
    // and if one of them has it in a definition, and another transposed
    Row {
        text: "dim n; input A, B, C, X: n × n; param W: n × n\nK = C X\nP = tanh(A X W)\nQ = exp(W' X' B)\nR = tanh(K W)\n\
            loss sum(P ∘ Q ∘ R) + sum(sin(K))",
        sizes: &[("n", 8)],
        query: "loss",
        counts: &[("gemm", 5)],
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
fn both(text: &str, sizes: &BTreeMap<String, usize>, query: &str) -> [Vec<Matrix<f64>>; 2] {
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

/// A model, sizes at which an array is large, a query, and how many steps each pass over it has.
type Passes = (&'static str, &'static [(&'static str, usize)], &'static str, &'static [usize]);

const PASSES: &[Passes] = &[
    // X w, X v, what lies between, and X' t: all there is
    (LOGISTIC, &[("m", 531), ("n", 300)], "hvp(loss, v)", &[10]),
    (LOGISTIC, &[("m", 531), ("n", 300)], "grad(loss, w)", &[5]),
    // small ones are left as they are
    (LOGISTIC, &[("m", 31), ("n", 30)], "hvp(loss, v)", &[]),
    // rows longer than a part
    (LOGISTIC, &[("m", 5), ("n", 40_000)], "hvp(loss, v)", &[10]),
    // X w, what makes weights of it, and X' diag(d) X, which the last two steps are
    (LOGISTIC, &[("m", 531), ("n", 300)], "hessian(loss, w, w)", &[9]),
    (LOGISTIC, &[("m", 140), ("n", 1100)], "hessian(loss, w, w)", &[9]),
    // of weights that are given
    (
        "dim m, n; input X: m × n; input d: m; param w: n\nloss sum(d ∘ (X w) ∘ (X w))",
        &[("m", 1400), ("n", 100)],
        "hessian(loss)",
        &[],
    ),
    // or that need a sum as a whole
    ("dim m, n; input X: m × n; param w: n\nloss sum(logsumexp((X w)'))", &[("m", 1400), ("n", 100)], "hessian(loss, w, w)", &[]),
    // matrix products are done as a whole
    (
        "dim m, n, k; input X: m × n; param W: n × k; input V: n × k\nloss sum(tanh(X W) .* exp(X V)) + sum(exp(X X'))",
        &[("m", 401), ("n", 350), ("k", 3)],
        "loss",
        &[],
    ),
    // and a sum over all entries, which would be another one in parts
    ("dim m, n; input X: m × n; param w: n\nloss sum(exp(X w / n)) + sum(X .* X)", &[("m", 501), ("n", 300)], "loss", &[]),
    // a sum that is needed as a whole ends the pass
    ("dim m, n; input X: m × n; param w: n\nr = X w\nloss sum(r' X)", &[("m", 500), ("n", 300)], "loss", &[]),
    // columns: the slowest letter of the transpose is the same
    (
        "dim m, n; input X: m × n; param w: m; input v: n\nloss sum(exp(X' w / m) .* (X' (X v)))",
        &[("m", 700), ("n", 200)],
        "loss",
        &[2],
    ),
];

const LOGISTIC: &str =
    "dim m, n; input X: m × n; target y: m; param w: n; input v: n\nloss sum(softplus(-(y ∘ (X w)) / sqrt(n)))";

#[test]
fn steps_over_one_large_array_are_passes_that_cover_it() {
    for (text, sizes, query, lengths) in PASSES {
        let sizes = owned(sizes);
        let p = plan(text, &sizes, query);
        let found: Vec<usize> = p.passes.iter().map(|(begin, pass)| pass.end - begin).collect();
        assert_eq!(found, *lengths, "{query} of {text} at {sizes:?}:\n{p}");
        for (&begin, pass) in &p.passes {
            // a half product that closes a pass, and the step that it saves, have no pieces
            let end = pass.end - if pass.closing.is_some() { 2 } else { 0 };
            for (k, step) in p.steps.iter().enumerate().take(end).skip(begin) {
                let target = step.action.target();
                let parts: Vec<&Piece> = pass
                    .pieces
                    .iter()
                    .filter(|piece| match piece {
                        Piece::Product(part) => Some(part.target.array) == target && matches!(&step.action, Action::Product(_)),
                        Piece::Map { step, .. } => *step == k,
                    })
                    .collect();
                assert!(parts.len() > 1);
                let work: u128 = parts
                    .iter()
                    .map(|piece| match piece {
                        Piece::Product(part) => part.flops(),
                        Piece::Map { entries, .. } => entries.len() as u128,
                    })
                    .sum();
                // several products may have one target
                let all: u128 = p.steps[begin..end]
                    .iter()
                    .filter(|s| s.action.target() == target)
                    .map(|s| match &s.action {
                        Action::Product(whole) => whole.flops(),
                        _ => p.arrays[target.unwrap_or_default()] as u128,
                    })
                    .sum();
                assert_eq!(work, all, "{query} of {text}");
            }
        }
        let [found, wanted] = both(text, &sizes, query);
        assert!(distance(&found[0], &wanted[0]) < 1e-11, "{query} of {text} at {sizes:?}: {:e}", distance(&found[0], &wanted[0]));
    }
}

/// A model, sizes, a query, and how many large arrays are scaled in passing.
type Scaled = (&'static str, &'static [(&'static str, usize)], &'static str, usize);

const SCALED: &[Scaled] = &[
    (LOGISTIC, &[("m", 1400), ("n", 100)], "hessian(loss, w, w)", 1),
    (LOGISTIC, &[("m", 140), ("n", 100)], "hessian(loss, w, w)", 1),
    // small arrays, and few rows, are left as they are
    (LOGISTIC, &[("m", 70), ("n", 100)], "hessian(loss, w, w)", 0),
    (LOGISTIC, &[("m", 3000), ("n", 50)], "hessian(loss, w, w)", 0),
    // columns of the array are summed, by weights and numbers in front
    ("dim m, n; input X: m × n; param w: m; loss sum(softplus(X' w)) / 3", &[("m", 90), ("n", 1500)], "hessian(loss, w, w)", 1),
    // an array that is made, and is needed until then
    (
        "dim m, n; input X: m × n; param w: n; loss sum(tanh(exp(X / 9) w) / n)",
        &[("m", 1500), ("n", 90)],
        "hessian(loss, w, w)",
        1,
    ),
    // the sum goes over two letters, which are one
    (
        "dim m, n, k; input X: m × n; param W: n × k; loss sum(softplus(X W ones(k, 1) ones(1, n)))",
        &[("m", 1400), ("n", 100), ("k", 1)],
        "hessian(loss, W, W)",
        1,
    ),
    // two products read it
    (
        "dim m, n; input X: m × n; input d: m; param A: n × n; S = X' diag(d) X; T = X' diag(d) exp(X); loss sum(S .* A) + sum(T .* A)",
        &[("m", 1400), ("n", 100)],
        "loss",
        0,
    ),
    // rows are scaled, not what is summed
    (
        "dim m, n; input X: m × n; input d: n; param A: n × n; S = (X diag(d))' (X diag(d)); loss sum(S .* A)",
        &[("m", 1400), ("n", 100)],
        "loss",
        0,
    ),
    // a product with all its entries
    (
        "dim m, n; input X: m × n; input d: m; param A: n × n; S = X' diag(d) exp(X / 9); loss sum(S .* A)",
        &[("m", 1400), ("n", 100)],
        "loss",
        0,
    ),
];

#[test]
fn large_arrays_are_scaled_in_passing() {
    for (text, sizes, query, wanted) in SCALED {
        let sizes = owned(sizes);
        let p = plan(text, &sizes, query);
        assert_eq!(p.scaled.len(), *wanted, "{query} of {text} at {sizes:?}:\n{p}");
        let [found, wanted] = both(text, &sizes, query);
        assert!(distance(&found[0], &wanted[0]) < 1e-11, "{query} of {text} at {sizes:?}: {:e}", distance(&found[0], &wanted[0]));
    }
}

#[test]
fn large_arrays_of_a_batch_are_scaled_in_passing() {
    let (mut m, bound) = batch_of(LOGISTIC, 5, &[("m", 700), ("n", 70)]);
    let q = syntax::query(&mut m, "hessian(loss, w, w)").expect("a query");
    let program = pipeline::program(&mut m, &q).expect("a program");
    let batch = Batch { samples: 5, of: 5, inputs: bound.samples[0].keys().cloned().collect() };
    let plan = Plan::batched(&program, &|name| bound.sizes.get(name).copied(), &batch).expect("a plan");
    assert_eq!(plan.scaled.len(), 1, "{plan}");
    let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
    let mut value = |e: &dyn Executor| {
        let answers = pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
        answers[0].values[0].clone()
    };
    let [one, two, wanted] = [value(&Dynamic(Cpu::<f64>::new(1))), value(&Dynamic(Cpu::<f64>::new(2))), value(&Reference)];
    assert!(distance(&one, &wanted) < 1e-12, "{:e}", distance(&one, &wanted));
    assert_eq!(one, two);
    assert!(distance(&value(&Dynamic(Cpu::<f32>::new(1))), &wanted) < 1e-4);
}

#[test]
fn passes_and_scaling_do_not_change_a_bit_with_threads() {
    let rows = PASSES.iter().map(|row| (row.0, row.1, row.2)).chain(SCALED.iter().map(|row| (row.0, row.1, row.2)));
    for (text, sizes, query) in rows {
        let mut m = model(text);
        let q = syntax::query(&mut m, query).expect("a query");
        let bound = data::bind(&m, &data::random(&m, 7, &owned(sizes)).expect("random data")).expect("data that fit");
        let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
        // several threads take no passes, but scale
        let mut value = |threads: usize| {
            let cpu = Dynamic(Cpu::<f64>::new(threads));
            let answers = pipeline::evaluate_on(&cpu, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
            answers.into_iter().flat_map(|a| a.values).map(|v| v.data).collect::<Vec<_>>()
        };
        assert_eq!(value(1), value(2), "{query} of {text}");
    }
}

/// A model of which one value is outside a domain, a query, and whether its pass is closed by a half product.
const OUTSIDE: &[(&str, &str, bool)] = &[
    ("dim m, n; input X: m × n; param w: n; input v: n\nloss sum(log(X w) .* (X v))", "loss", false),
    ("dim m, n; input X: m × n; param w: n\nloss sum(log(X w) .* log(X w))", "hessian(loss, w, w)", true),
];

#[test]
fn a_pass_that_meets_a_value_outside_a_domain_says_which_entry() {
    OUTSIDE.iter().for_each(|row| meets_a_value_outside_a_domain(*row));
}

fn meets_a_value_outside_a_domain((text, query, closed): (&str, &str, bool)) {
    let sizes = owned(&[("m", 600), ("n", 256)]);
    let closings: Vec<bool> = plan(text, &sizes, query).passes.values().map(|pass| pass.closing.is_some()).collect();
    assert_eq!(closings, [closed]);
    let mut m = model(text);
    let q = syntax::query(&mut m, query).expect("a query");
    let mut random = data::random(&m, 7, &sizes).expect("random data");
    for (name, a) in &mut random.arrays {
        a.data.iter_mut().for_each(|x| *x = x.abs());
        if name == "X" {
            a.data[577 * 256..578 * 256].iter_mut().for_each(|x| *x = -*x);
        }
    }
    let bound = data::bind(&m, &random).expect("data that fit");
    let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
    let mut message = |e: &dyn Executor| {
        let answers = pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings);
        answers.err().map(|d| d.message).unwrap_or_default()
    };
    let [one, two, reference] =
        [message(&Dynamic(Cpu::<f64>::new(1))), message(&Dynamic(Cpu::<f64>::new(2))), message(&Reference)];
    assert!(one.contains("entry 578"), "{one}");
    assert_eq!(one, two);
    assert!(reference.contains("entry 578"), "{reference}");
}

/// A model, sizes, a query, how many of its results are symmetric and known to be, and data that make one of these infinite.
type Mirrored = (&'static str, &'static [(&'static str, usize)], &'static str, usize, &'static str);

const MIRRORED: &[Mirrored] = &[
    ("dim m, n; input X: m × n; param w: n\nloss sum(sin(X w))", &[("m", 90), ("n", 40)], "hessian(loss)", 1, "X"),
    // symmetric too, but by two letters of one factor, or by none
    (
        "dim m, n, k; input A: m × n; param X: n × k\nloss sum(sin(A X / n))",
        &[("m", 9), ("n", 7), ("k", 5)],
        "hessian(loss)",
        0,
        "A",
    ),
    (
        "dim m, n, k, l; input A: m × n; input B: k × l; param X: n × k\nloss sum(sin(A X B))",
        &[("m", 9), ("n", 7), ("k", 5), ("l", 8)],
        "hessian(loss)",
        0,
        "A",
    ),
    // a block off the diagonal is square, and not symmetric
    ("dim n; input A, B: n × n; param u, v: n\nloss sum(sin((A u) .* (B v) / n))", &[("n", 30)], "hessian(loss, u, v)", 0, "A"),
];

#[test]
fn results_that_are_known_to_be_symmetric_are_and_half_of_them_tells() {
    for (text, sizes, query, wanted, name) in MIRRORED {
        let sizes = owned(sizes);
        let plan = plan(text, &sizes, query);
        assert_eq!(plan.mirrored.len(), *wanted, "{query} of {text}\n{plan}");
        let mut m = model(text);
        let q = syntax::query(&mut m, query).expect("a query");
        let settings = pipeline::Settings { memory: 1 << 32, per_sample: false };
        let mut bound = data::bind(&m, &data::random(&m, 7, &sizes).expect("random data")).expect("data that fit");
        for threads in [1, 2] {
            let cpu = Dynamic(Cpu::<f64>::new(threads));
            let answers = pipeline::evaluate_on(&cpu, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
            let values: Vec<_> = answers.into_iter().flat_map(|a| a.values).collect();
            let symmetric = |v: &Matrix<f64>| (0..v.rows).all(|i| (0..i).all(|j| v.at(i, j) == v.at(j, i)));
            assert!(values.iter().filter(|v| v.rows == v.cols && symmetric(v)).count() >= *wanted, "{query} of {text}");
        }
        if let Some(x) = bound.shared.get_mut(*name) {
            x.data[3] = 1e200;
        }
        for threads in [1, 2] {
            let cpu = Dynamic(Cpu::<f64>::new(threads));
            let answers = pipeline::evaluate_on(&cpu, &mut m, std::slice::from_ref(&q), &bound, &settings);
            assert!(answers.is_err(), "{query} of {text} is finite");
        }
    }
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
