//! Hessians by the recursion against dual numbers over dual numbers, on random graphs with skips, products of a node with
//! itself and shared parameters; and the routes against each other.

use hesse_tests::{Case, case, distance, random_dag};

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
