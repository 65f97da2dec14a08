//! Formulas are read as the language says: precedence, calls, slices, powers; text in, text out.

use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Graph, Kind, Node, Shape},
    ops,
    syntax::{Scope, formula, row},
};

/// A scope with matrices of unequal sizes.
fn scope(g: &mut Graph) -> Scope {
    let mut scope = Scope::default();
    for n in ["m", "n", "p", "q"] {
        scope.sizes.insert(n.to_owned(), Dim::symbol(n));
    }
    for (name, rows, cols) in
        [("A", "m", "n"), ("B", "n", "p"), ("C", "p", "q"), ("S", "n", "n"), ("E", "m", "n"), ("s", "1", "1"), ("t", "1", "1")]
    {
        let dim = |d: &str| d.parse().map_or_else(|_| Dim::symbol(d), Dim::constant);
        let e = g.declare(name, Shape::new(dim(rows), dim(cols)), Kind::Const);
        scope.vars.insert(name.to_owned(), e);
    }
    scope
}

/// The formula as nested calls, without any spelling of rows.
fn tree(g: &Graph, e: Expr) -> String {
    match g.node(e) {
        Node::Var(v) => v.clone(),
        Node::Number(n) => n.to_string(),
        Node::Dim(d) => d.to_string(),
        Node::Apply(op, args) => {
            let args: Vec<String> = args.iter().map(|&a| tree(g, a)).collect();
            format!("{}({})", op.0.name, args.join(", "))
        }
    }
}

fn read(text: &str) -> String {
    let mut g = Graph::default();
    let scope = scope(&mut g);
    let e = formula(&mut g, text, &scope);
    tree(&g, e)
}

#[test]
fn spellings_of_one_formula_agree() {
    for (a, b) in [
        ("A B C", "(A B) C"),
        ("A * B", "A B"),
        ("A · B", "A B"),
        ("A(B + B)", "A (B + B)"),
        ("A B ⊗ C", "(A B) ⊗ C"),
        ("A B ⊗ C C'", "(A B) ⊗ (C C')"),
        ("A ⊗ B + A ⊗ B", "(A ⊗ B) + (A ⊗ B)"),
        ("kron(A, B, C)", "A ⊗ B ⊗ C"),
        ("-A B", "-(A B)"),
        ("-A ⊗ B", "-(A ⊗ B)"),
        ("A - -A", "A + A"),
        ("A * -B", "-(A B)"),
        ("A''", "A"),
        ("A^T", "A'"),
        ("Aᵀ", "A'"),
        ("(A B)'", "B' A'"),
        ("S^-1'", "(S^-1)'"),
        ("S⁻¹", "inv(S)"),
        ("S^3", "S S S"),
        ("S²", "S S"),
        ("S^-2", "S^-1 S^-1"),
        ("S^0", "I(n)"),
        ("A ∘ E", "A .* E"),
        ("A ./ E", "A ∘ E.^-1"),
        ("A / s", "s^-1 A"),
        ("s / t", "s t^-1"),
        ("s A", "A s"),
        ("s ∘ A", "s A"),
        ("sqrt(s)", "s^(1/2)"),
        ("2 A / m", "(2/m) A"),
        ("2/(m n)", "2 / m / n"),
        ("A[:, :]", "A"),
        ("A[1:m, 1:n]", "A"),
        ("A[2, :]", "A[2:2, 1:n]"),
        ("A[:, 2:]", "A[1:m, 2:n]"),
        ("A[:3, 2]", "A[1:3, 2:2]"),
        ("I(rows(A)) ⊗ B", "I(m) ⊗ B"),
        ("0.5 A", "A / 2"),
        ("1e-1 A", "A / 10"),
        ("ones(m)", "ones(m, 1)"),
        ("A # a comment", "A"),
        ("A\n + \r\n\tE", "A + E"),
        ("A − E", "A - E"),
    ] {
        assert_eq!(read(a), read(b), "`{a}` and `{b}`");
    }
}

/// Formulas that must not be read as the same thing.
#[test]
fn different_formulas_differ() {
    for (a, b) in [
        ("A ⊗ B", "B ⊗ A"),
        ("A ⊗ (B + B)", "A ⊗ B"),
        ("2 A.^2", "(2 A).^2"),
        ("-s^2", "(-s)^2"),
        ("s / t s", "s / (t s)"),
        ("A[1, :]", "A[2, :]"),
    ] {
        assert_ne!(read(a), read(b), "`{a}` and `{b}`");
    }
}

#[test]
fn trees_of_formulas() {
    for (text, expected) in [
        ("A B", "mul(A, B)"),
        ("A + E", "add(A, E)"),
        ("A - E", "add(A, scale(-1, E))"),
        ("A[2:m, n]", "slice(A, 2, m, n, n)"),
        ("2/(m n)", "scale(2, scale(power(size(m), -1), power(size(n), -1)))"),
        ("I(m*n)", "I(m*n)"),
        ("K(p, n + 1)", "K(p, n + 1)"),
    ] {
        assert_eq!(read(text), expected, "`{text}`");
    }
}

#[test]
fn rows_see_their_arguments() {
    let mut g = Graph::default();
    let scope = scope(&mut g);
    let (a, b, s) = (scope.vars["A"], scope.vars["B"], scope.vars["s"]);
    let j = row(&mut g, &ops::mul::MUL, &[a, b], "I(m) ⊗ B'", None, None);
    assert_eq!(tree(&g, j), "kron(I(m), transpose(B))");
    let p = g.number(hesse_compiler::number::Number::int(3));
    let y = g.apply(&ops::power::POWER, &[a, p]);
    let first = row(&mut g, &ops::power::POWER, &[a, p], "B A.^(B - 1)", Some(y), None);
    assert_eq!(tree(&g, first), "scale(3, power(A, 2))");
    let second = row(&mut g, &ops::scale::SCALE, &[s, a], "vec_r(D)'", None, Some(a));
    assert_eq!(tree(&g, second), "transpose(vec_r(A))");
}
