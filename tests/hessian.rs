//! Hessians by the recursion against dual numbers over dual numbers, on random graphs with skips, products of a node with
//! itself and shared parameters; and the routes against each other.

use hesse_tests::{Case, case, distance, random};
use std::fmt::Write;

/// A random model: columns of sizes a and b, maps between them, nonlinearities, products, shared weights, skips.
fn random_dag(seed: u64) -> String {
    let mut state = seed.wrapping_mul(7919);
    let mut below = |n: u64| {
        state += 1;
        random("dag", state) % n
    };
    let mut text = String::from(
        "dim a, b, L\ninput x: a × 1\ninput X: L × a\nparam W: b × a\nparam V: a × b\nparam S: a × a\nparam u: b × 1\nparam s\nparam R: L × a\n",
    );
    // nodes by shape: columns of a, columns of b, L × a matrices
    let mut cols_a = vec!["x".to_owned()];
    let mut cols_b = vec!["u".to_owned()];
    let mut mats = vec!["X".to_owned(), "R".to_owned()];
    for k in 0..4 + below(8) {
        let pick = |v: &[String], r: u64| v[r as usize % v.len()].clone();
        let (r1, r2, kind) = (below(97), below(89), below(17));
        let (a, a2) = (pick(&cols_a, r1), pick(&cols_a, r2));
        let (b, b2) = (pick(&cols_b, r1), pick(&cols_b, r2));
        let (m, m2) = (pick(&mats, r1), pick(&mats, r2));
        let name = format!("n{k}");
        let (formula, shape) = match kind {
            0 => (format!("tanh(W {a})"), 'b'),
            1 => (format!("sigmoid(V {b})"), 'a'),
            2 => (format!("S {a} + {a2}"), 'a'),
            3 => (format!("{a} ∘ {a2}"), 'a'),
            4 => (format!("{b} .* {b}"), 'b'),
            5 => (format!("softmax({b}')'"), 'b'),
            6 => (format!("(u' {b}) {b2}"), 'b'),
            7 => (format!("sin({m}) S"), 'm'),
            8 => (format!("softmax({m} S {m2}') {m}"), 'm'),
            9 => (format!("layernorm({m} + 0.3 sin({m2}))"), 'm'),
            10 => (format!("{m}' {m2} {a}"), 'a'),
            11 => (format!("s {a} / (1 + dot({b}, {b}))"), 'a'),
            12 => (format!("hcat({m}[:, 2:a], {m2}[:, 1:1])"), 'm'),
            13 => (format!("{m} diag({a}) + ones(L, 1) {a2}'"), 'm'),
            14 => (format!("gelu({m}) - silu({m2})"), 'm'),
            15 => (format!("(I(a) + S S')^-1 {a}"), 'a'),
            _ => (format!("logsumexp({m})' {m2}"), 't'),
        };
        let formula = if shape == 't' { format!("({formula})'") } else { formula };
        writeln!(text, "{name} = {formula}").expect("a string");
        match shape {
            'b' => cols_b.push(name),
            'm' => mats.push(name),
            _ => cols_a.push(name),
        }
    }
    let last = |v: &[String]| v[v.len() - 1].clone();
    writeln!(
        text,
        "loss dot({0}, {0}) / 2 + logsumexp({1}') + sum({2} ∘ {2} ∘ {2}) / 6 + u' {1} + logdet(I(a) + V V') + normF({2} + 2 ones(L, a))",
        last(&cols_a),
        last(&cols_b),
        last(&mats)
    )
    .expect("a string");
    text
}

fn check(c: &mut Case, what: &str) {
    let want = c.oracle_hessian("loss");
    let got = c.value("hessian(loss)");
    let d = distance(&got, &want);
    assert!(d < 1e-9, "{what}: the Hessian is off by {d}");
    let dense = distance(&c.dense_hessian(), &want);
    assert!(dense < 1e-9, "{what}: the recursion over dense numbers is off by {dense}");
    let gradient = c.value("grad(loss)");
    for (x, y) in gradient.data.iter().zip(c.oracle_gradient("loss")) {
        assert!((x - y).abs() < 1e-9 * y.abs().max(1.0), "{what}: gradient {x} against {y}");
    }
}

#[test]
fn two_hundred_random_graphs() {
    for seed in 0..200 {
        let text = random_dag(seed);
        let mut c = case(&text, &[("a", 3), ("b", 2), ("L", 4)], seed);
        check(&mut c, &format!("seed {seed}\n{text}"));
    }
}

/// The textbook route, the recursion, and the products of the recursion agree.
#[test]
fn routes_agree() {
    let mut compared = 0;
    for seed in 200..230 {
        let text = random_dag(seed);
        let text =
            format!("{text}const dW: b × a\nconst dV: a × b\nconst dS: a × a\nconst du: b × 1\nconst ds\nconst dR: L × a\n");
        let mut c = case(&text, &[("a", 3), ("b", 2), ("L", 4)], seed);
        for (x, y) in [("W", "S"), ("S", "W"), ("V", "V"), ("R", "u"), ("s", "S")] {
            let by_recursion = c.value(&format!("hessian(loss, {x}, {y})"));
            let by_rules = c.value(&format!("jacobian(grad(loss, {x}), {y})"));
            let d = distance(&by_rules, &by_recursion);
            assert!(d < 1e-9, "seed {seed}, {x} {y}: the routes differ by {d}\n{text}");
            compared += 1;
        }
        let product = c.value("hvp(loss, dW, dV, dS, du, ds, dR)");
        let matrix = c.value("hessian(loss) vcat(vec_r(dW), vec_r(dV), vec_r(dS), du, ds, vec_r(dR))");
        assert!(distance(&product, &matrix) < 1e-9, "seed {seed}: hvp differs from the matrix\n{text}");
        let parts = c.value("hessian(loss) - gauss_newton(loss) - functional(loss)");
        assert!(parts.data.iter().all(|x| x.abs() < 1e-9), "seed {seed}: the parts do not add up\n{text}");
    }
    assert!(compared == 150);
}

/// The Gauss-Newton part is `J' A J` by its definition, also where the loss and the end of the network would become one
/// formula: a bias in the sum of the loss, a factor in its product.
#[test]
fn gauss_newton_ends_at_the_output() {
    let losses = [("mse(F, Y)", "2/(n c) I(n*c)"), ("cross_entropy(F, Y)", "hessian(cross_entropy(G, Y), G)")];
    for last in ["tanh(X W) V + ones(n, 1) b'", "s tanh(X W) V", "tanh(X W) V / 3 - X R", "(s V' tanh(X W)')'"] {
        for (loss, a) in losses {
            let text = format!(
                "dim n, d, h, c\ninput X: n × d\nparam W: d × h\nparam V: h × c\nparam b: c\nparam s\nparam R: d × c\n\
                 target Y: n × c\nconst G: n × c\nF = {last}\nloss {loss}"
            );
            let mut c = case(&text, &[("n", 3), ("d", 2), ("h", 4), ("c", 5)], 11);
            let output = c.value("F");
            c.data.shared.insert("G".into(), output);
            let (x, y) = ("jacobian(F, W)", "jacobian(F, V)");
            for (query, left, right) in [("W, W", x, x), ("W, V", x, y), ("V, V", y, y)] {
                let ours = c.value(&format!("gauss_newton(loss, {query})"));
                let defined = c.value(&format!("{left}' ({a}) {right}"));
                assert!(distance(&ours, &defined) < 1e-12, "{loss} of {last}: block {query}");
            }
            let bent = c.value("functional(loss, W, W)");
            assert!(bent.data.iter().any(|x| x.abs() > 1e-3), "{loss} of {last} has no functional part");
        }
    }
}
