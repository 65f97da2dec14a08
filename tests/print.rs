//! Printed formulas: every target side by side, sharing, and graphs that are deep or wide.

use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Graph, Kind, Shape},
    number::Number,
    ops::build::Build,
    print::{Format, inline, printed, render},
};

/// Declares `name: rows × cols`.
fn declare(g: &mut Graph, name: &str, rows: &str, cols: &str) -> Expr {
    let size = |s: &str| s.parse().map_or_else(|_| Dim::symbol(s), Dim::constant);
    g.declare(name, Shape::new(size(rows), size(cols)), Kind::Param)
}

/// The Gauss-Newton block of the value weights of self-attention, and the scores.
fn attention(g: &mut Graph) -> Vec<(String, Expr)> {
    let x = declare(g, "X", "L", "dV");
    let (q, k) = (declare(g, "Wq", "dV", "dK"), declare(g, "Wk", "dV", "dK"));
    let size = |g: &mut Graph, n: &str| g.size(&Dim::symbol(n));
    let (l, dv, dk) = (size(g, "L"), size(g, "dV"), size(g, "dK"));
    let scale = g.power(dk, Number::ratio(-1, 2));
    let (xt, kt) = (g.transpose(x), g.transpose(k));
    let xq = g.mul(x, q);
    let xqk = g.mul(xq, kt);
    let scores = g.mul(xqk, xt);
    let t = g.scale(scale, scores);
    g.name(t, "T");
    let ax = g.mul(t, x);
    let axt = g.transpose(ax);
    let gram = g.mul(axt, ax);
    let eye = g.eye(&Dim::symbol("dV"));
    let block = g.kron(gram, eye);
    let (l, dv) = (g.power(l, Number::int(-1)), g.power(dv, Number::int(-1)));
    let two = g.constant(Number::int(2));
    let f = g.scale(l, dv);
    let f = g.scale(two, f);
    let block = g.scale(f, block);
    vec![("T".to_owned(), t), ("hessian(loss, Wv, Wv)".to_owned(), block)]
}

#[test]
fn attention_in_every_format() {
    let mut g = Graph::default();
    let roots = attention(&mut g);
    for (format, name) in Format::ALL {
        insta::assert_snapshot!(format!("attention_{name}"), render(&g, &roots, format));
    }
}

#[test]
fn one_formula_with_its_parts() {
    let mut g = Graph::default();
    let roots = attention(&mut g);
    let p = printed(&g, roots[1].1, Format::Text);
    assert!(p.parts.is_empty(), "short formulas have no parts: {:?}", p.parts);
    assert_eq!(p.shape, "dV*dV×dV*dV");
}

#[test]
fn deep_graphs_are_cut_into_parts() {
    let mut g = Graph::default();
    let a = declare(&mut g, "A", "n", "n");
    let b = declare(&mut g, "B", "n", "n");
    let mut e = a;
    for i in 0..10_000 {
        e = if i % 2 == 0 { g.mul(e, b) } else { g.sum(&[e, b]) };
    }
    let roots = [("Y".to_owned(), e)];
    for (format, name) in Format::ALL {
        let out = render(&g, &roots, format);
        assert!(out.len() < 4_000_000, "{name} is {} bytes", out.len());
    }
    let text = render(&g, &roots, Format::Text);
    assert!(text.lines().all(|l| l.chars().count() < 200), "a line is too long");
    assert!(inline(&g, e, Format::Text).len() < 1000);
}

#[test]
fn shared_graphs_do_not_explode() {
    let mut g = Graph::default();
    let mut e = declare(&mut g, "A", "n", "n");
    for _ in 0..100 {
        let t = g.transpose(e);
        let m = g.mul(e, t);
        let i = g.eye(&Dim::symbol("n"));
        e = g.sum(&[m, i]);
    }
    let out = render(&g, &[("Y".to_owned(), e)], Format::Hesse);
    assert!(out.len() < 20_000, "{} bytes", out.len());
    assert!(inline(&g, e, Format::Hesse).len() < 2000);
}

#[test]
fn part_names_do_not_clash() {
    let mut g = Graph::default();
    let s = declare(&mut g, "S1", "n", "n");
    let mut e = s;
    for _ in 0..8 {
        let m = g.mul(e, s);
        e = g.sum(&[m, s]);
    }
    let twice = g.hadamard(e, e);
    let f = g.vec_r(e);
    let out = render(&g, &[("Y".to_owned(), twice), ("Z".to_owned(), f)], Format::Hesse);
    assert!(out.contains("G1 = ") && !out.contains("\nS1 = "), "{out}");
}

#[test]
fn spellings() {
    let mut m = hesse_tests::model(
        "dim m, n, p_1\ninput A, B: m × n\nparam S: n × n\nparam x, gamma, beta2: n\nparam s, lambda\nparam Wq: n × p_1\nassume s > 0\n",
    );
    let formulas = [
        "A - B",
        "-A - 2 B",
        "1/2 A + B/3",
        "A / sqrt(n) - (s - 1)/(s + lambda) B",
        "(A + B) S^-1'",
        "S^-1 ⊗ (A' B) ⊗ I(m)",
        "(A ∘ B) S ./ (B S)",
        "A.^3 - B.^-2 + sqrt(A.^2)",
        "s^2 lambda^-1 S^2",
        "s^(3/2) x'",
        "x' S x / dot(x, x)^2",
        "A[:, 1:2]' B + A[1:2, :] - A[1, 2] B[2:3, :]",
        "softmax(A)' sigmoid(A) diag(gamma)",
        "K(m, n) vec_r(A) + ones(m*n, 1) 0.25",
        "norm2(A)^2 + normF(A) norm1(S) normmax(Wq Wq')",
        "logdet(S) - tr(S) + det(S) exp(-s)",
        "e(1, n) x' + E(n)' E(n)",
        "hcat(A, ones(m, 1)) [1:m, 2:n]",
        "2*pi*x - beta2",
    ];
    let mut out = String::new();
    for f in formulas {
        let q = hesse_compiler::syntax::query(&mut m, f).unwrap_or_else(|e| panic!("{f}: {e:?}"));
        out.push_str(&format!("{f}\n"));
        for format in [Format::Text, Format::Hesse, Format::Latex, Format::Mathml] {
            out.push_str(&format!("  {}\n", inline(&m.graph, q.expr, format)));
        }
    }
    insta::assert_snapshot!(out);
}
