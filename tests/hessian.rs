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
