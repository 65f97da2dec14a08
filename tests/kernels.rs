//! The kernels of a model, as a CUDA engineer reads them: golden files; the same bytes for both languages, every time.

use hesse_compiler::{
    emit::{
        Typical,
        c::{Dialect, Kernels, Precision, Task, prelude},
        table,
    },
    index::plan::{Action, Plan},
    pipeline::{self, Functions},
    syntax,
};
use hesse_tests::model;
use std::{collections::BTreeMap, fs};

fn kernels(example: &str, queries: &[&str], sizes: &[(&str, usize)]) -> Kernels {
    let text = fs::read_to_string(format!("{}/../examples/{example}.hesse", env!("CARGO_MANIFEST_DIR"))).expect("an example");
    let mut m = model(&text);
    let asked: Vec<_> = queries.iter().map(|q| syntax::query(&mut m, q).expect("a query")).collect();
    let program = pipeline::programs(&mut m, &asked).expect("a program");
    let sizes: BTreeMap<&str, usize> = sizes.iter().copied().collect();
    Kernels::new(&Plan::new(&program, &|name: &str| sizes.get(name).copied()).expect("a plan")).expect("kernels")
}

/// What is started, in order.
fn order(k: &Kernels) -> String {
    let line = |t: &Task| match t {
        Task::Zero(a) => format!("zero t{a}\n"),
        Task::Launch { kernel, arrays, products } => {
            let (k, library) = (&k.kernels[*kernel], if products.is_empty() { "" } else { ", or the library" });
            let arrays: Vec<String> = arrays.iter().map(|a| format!("t{a}")).collect();
            format!("{}<<<{}, {}>>>({}){library}\n", k.name, k.groups, k.threads, arrays.join(", "))
        }
        Task::Host(step) => format!("step {step} on the host\n"),
    };
    k.tasks.iter().map(line).collect()
}

#[test]
fn kernels_of_attention() {
    let k = kernels("attention", &["hessian(loss)"], &[("L", 49), ("dV", 16), ("dK", 16)]);
    insta::assert_snapshot!(format!("{}\n{}", k.text(), order(&k)));
}

#[test]
fn kernels_of_the_transformer_block() {
    let sizes = [("L", 32), ("dV", 16), ("dK", 8), ("dff", 64)];
    let k = kernels("transformer_gelu", &["hessian(loss, W1, W2)", "hessian(loss, Wq, g2)"], &sizes);
    insta::assert_snapshot!(format!("{}\n{}", k.text(), order(&k)));
}

/// What the derive macro writes into a program: at all sizes, with a condition, and a step that has no kernel.
#[test]
fn table_of_a_function() {
    let text = "dim m, n\nparam A: n × n\nparam B: 2*m × n\ntarget y: n\nloss det(A) + sum(tanh(B[2:3, :]) y)";
    let written = || {
        let mut m = model(text);
        let q = syntax::query(&mut m, "hessian(loss)").expect("a query");
        let f = Functions::new(&mut m, false).query("curvature", &q).expect("a function");
        table::tables(&[f], &Typical::default(), "::hesse").expect("a table")
    };
    let all = written();
    assert_eq!(all, written());
    let (head, table) = all.split_once("pub static").expect("a constant");
    for (dialect, precision) in [(Dialect::Cuda, Precision::Single), (Dialect::OpenCl, Precision::Double)] {
        assert!(head.contains(&format!("{:?}", prelude(dialect, precision))));
    }
    assert!(table.contains("Condition {") && table.contains("Task::Host(0)"), "{table}");
    insta::assert_snapshot!(table.replace("\\n", "\n").replace("}, ", "},\n        ").replace("), Task", "),\n        Task"));
}

#[test]
fn both_languages_have_the_same_bytes() {
    let make = || kernels("attention", &["grad(loss)", "hessian(loss, Wv)"], &[("L", 5), ("dV", 4), ("dK", 3)]);
    let k = make();
    assert!(!k.kernels.is_empty() && k.functions.contains("row_softmax"), "{}", k.text());
    for precision in [Precision::Single, Precision::Double] {
        let rest = |d: Dialect| k.source(d, precision).strip_prefix(&prelude(d, precision)).map(str::to_owned);
        assert!(rest(Dialect::Cuda).is_some() && rest(Dialect::Cuda) == rest(Dialect::OpenCl));
    }
    assert_eq!(k.source(Dialect::Cuda, Precision::Double), make().source(Dialect::Cuda, Precision::Double));
}

/// Launches of an evaluation, and how many of them a library may do.
fn launches(example: &str, query: &str, sizes: &[(&str, usize)]) -> [usize; 2] {
    let k = kernels(example, &[query], sizes);
    let libraries = k.tasks.iter().filter(|t| matches!(t, Task::Launch { products, .. } if !products.is_empty())).count();
    [k.tasks.iter().filter(|t| matches!(t, Task::Launch { .. })).count(), libraries]
}

/// Where the last group has fewer rows than it has room for, what is computed in the place of the others must not be told.
#[test]
fn rows_that_are_not_there_raise_no_flag() {
    for (rows, guarded) in [(3, true), (8, false)] {
        let text = kernels("layernorm", &["jacobian(Y, X)"], &[("L", rows), ("dV", 4)]).text();
        let flags: Vec<&str> = text.lines().filter(|l| l.contains("if (") && l.contains("undefined(x")).collect();
        assert!(!flags.is_empty());
        assert!(flags.iter().all(|l| l.contains("live && undefined(") == guarded), "{rows} rows\n{text}");
    }
}

#[test]
fn steps_over_the_same_rows_are_one_launch() {
    assert_eq!(launches("softmax", "jacobian(A, X)", &[("L", 8), ("n", 20)]), [1, 0]);
    assert!(launches("layernorm", "jacobian(Y, X)", &[("L", 8), ("dV", 20)])[0] <= 3);
    assert!(launches("attention", "hessian(loss)", &[("L", 49), ("dV", 16), ("dK", 16)])[0] <= 16);
}

/// The other side of the rule.
#[test]
fn large_products_stay_apart() {
    let [all, libraries] = launches("attention", "F", &[("L", 1024), ("dV", 1024), ("dK", 1024)]);
    assert!(libraries >= 4 && all <= libraries + 4, "{libraries} of {all} launches are large products");
}

/// Functions of matrices have kernels: nothing but looks for kinks is left to the host.
#[test]
fn functions_of_matrices_run_on_the_device() {
    let text = "dim m, n; param A: n × n; param B: m × n\nloss logdet(A' A + I(n)) + det(A) + norm2(B) + normF(A) + max(B)";
    let mut m = model(text);
    let asked = ["loss", "grad(loss, A)", "hessian(loss, B)", "adj(A)"].map(|q| syntax::query(&mut m, q).expect("a query"));
    let program = pipeline::programs(&mut m, &asked).expect("a program");
    let plan = Plan::new(&program, &|name: &str| Some(if name == "m" { 5 } else { 4 })).expect("a plan");
    let k = Kernels::new(&plan).expect("kernels");
    let names = k.kernels.iter().filter(|k| k.family == "matrix").map(|k| k.name.trim_end_matches(|c: char| c != '_'));
    let names: std::collections::BTreeSet<&str> = names.collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["adj_", "det_", "inv_", "logdet_", "norm2_", "norm2_grad_"]);
    let host = |t: &Task| matches!(t, Task::Host(s) if !matches!(plan.steps[*s].action, Action::Watch { .. }));
    assert!(!k.tasks.iter().any(host), "{}", order(&k));
}
