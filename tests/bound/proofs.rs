//! Proofs of inequalities: what is true by a rule of the calculus has one, and with a constant that is a little too small, or a
//! term left out, it has none.

use hesse_compiler::{bound, syntax::ast::Relation};
use hesse_tests::model;

/// Declarations, and inequalities with whether they have a proof.
type Case = (&'static str, &'static [(&'static str, bool)]);

const CASES: [Case; 11] = [
    (
        "dim m, n, p, q\nconst A: m × p\nconst B: m × q\nconst C: n × p\nconst D: n × q\n\
         M = vcat(hcat(A, B), hcat(C, D))\nN = vcat(hcat(norm2(A), norm2(B)), hcat(norm2(C), norm2(D)))\n\
         O = vcat(hcat(norm2(A), norm2(B)), hcat(norm2(A), norm2(D)))",
        &[
            ("norm2(M) <= norm2(N)", true),
            ("norm2(M) <= norm2(O)", false),
            ("norm2(M) <= 99/100 norm2(N)", false),
            ("norm2(M) <= normF(N)", true),
            ("norm2(M) <= 2 normmax(N)", true),
            ("norm2(M) <= 199/100 normmax(N)", false),
            ("norm2(M) <= sqrt((m + n) (p + q)) normmax(N)", true),
            ("norm2(M) <= sqrt(m + n) normmax(N)", false),
        ],
    ),
    (
        "dim m, n\nconst A, B: m × n",
        &[
            ("norm2(A) <= max(vcat(norm2(A), norm2(B)))", true),
            ("norm2(A) + norm2(B) <= 2 max(vcat(norm2(A), norm2(B)))", true),
            ("norm2(A) + norm2(B) <= max(vcat(norm2(A), norm2(B)))", false),
            ("norm2(vcat(A, B)) <= sqrt(norm2(A)^2 + norm2(B)^2)", true),
            ("norm2(vcat(A, B)) <= norm2(A) + norm2(B)", true),
            // a root of a sum is less than the sum of the roots
            ("norm2(A) + norm2(B) <= sqrt(norm2(A)^2 + norm2(B)^2)", false),
        ],
    ),
    // what data are assumed to be equal to
    (
        "dim m\nconst A: m × 2\nconst x, y: 2\nassume x == 3 (e(1, 2) - e(2, 2))",
        &[
            ("normF(x) <= 3 sqrt(2)", true),
            ("normF(x) <= 424/100", false),
            ("normF(A x) <= 3 normF(x) norm2(A) / 3", true),
            ("normF(A x) <= 3 sqrt(2) norm2(A)", true),
            ("normF(A x) <= 42/10 norm2(A)", false),
            ("norm2(hcat(e(1, 3), e(2, 3)) A') <= norm2(A)", true),
            ("norm2(hcat(e(1, 3), e(2, 3)) A') <= 99/100 norm2(A)", false),
        ],
    ),
    // equations in a circle say nothing, and are no end
    ("const x, y: 3\nassume x == y, y == x", &[("normF(x) <= normF(y)", true), ("normF(x) <= 1", false)]),
    // a matrix of rank one of bounds has the norm of its trace
    (
        "dim m, n, k\nconst A: n × m\nconst B: n × k\nconst t: 1 × n\np = softmax(t)'\nS = diag(p) - p p'\n\
         M = vcat(hcat(A' S A, A' S B), hcat(B' S A, B' S B))",
        &[
            ("norm2(M) <= (norm2(A)^2 + norm2(B)^2) / 2", true),
            ("norm2(M) <= 49/100 (norm2(A)^2 + norm2(B)^2)", false),
            ("norm2(M) <= norm2(A)^2", false),
        ],
    ),
    // derivatives by way of a node that is named
    (
        "dim m, n\nconst A: m × n\nparam W: n × n\nS = tanh(A W)\nZ = softmax(S)\nV = S + relu(S A') A\nJV = jacobian(V, S)\n\
         K = I(m*n) + (I(m) ⊗ A') diag(vec_r(step(S A'))) (I(m) ⊗ A)",
        &[
            ("norm2(jacobian(Z, W)) <= norm2(jacobian(Z, S)) norm2(jacobian(S, W))", true),
            ("norm2(jacobian(Z, W)) <= 99/100 norm2(jacobian(Z, S)) norm2(jacobian(S, W))", false),
            ("norm2(jacobian(Z, W)) <= norm2(jacobian(Z, S))", false),
            (
                "norm2(hessian(Z, W, W)) <= \
                 norm2(jacobian(Z, S)) norm2(hessian(S, W, W)) + norm2(hessian(Z, S, S)) norm2(jacobian(S, W))^2",
                true,
            ),
            ("norm2(hessian(Z, W, W)) <= norm2(jacobian(Z, S)) norm2(hessian(S, W, W))", false),
            ("norm2(hessian(Z, W, W)) <= norm2(hessian(Z, S, S)) norm2(jacobian(S, W))^2", false),
            ("norm2(jacobian(V, W)) <= norm2(JV) norm2(jacobian(S, W))", true),
            ("norm2(jacobian(V, W)) <= norm2(K) norm2(jacobian(S, W))", true),
            ("norm2(jacobian(V, W)) <= norm2(K - I(m*n)) norm2(jacobian(S, W))", false),
            ("norm2(hessian(V, W, W)) <= norm2(K) norm2(hessian(S, W, W))", true),
            ("norm2(hessian(V, W, W)) <= 99/100 norm2(K) norm2(hessian(S, W, W))", false),
        ],
    ),
    // rows and columns of Jacobians
    (
        "dim m, n, k\nconst A: m × n\nparam P: n × k\nparam Q: k × n",
        &[
            ("norm2(hessian(A P Q, P, Q)) <= normF(A)", true),
            ("norm2(hessian(A P Q, P, Q)) <= 99/100 normF(A)", false),
            ("norm2(hessian(A P Q, P, Q)) <= norm2(A)", false),
            ("norm2(hessian(softmax(A P Q), P, P)) <= max(rowsum(A.^2).^(1/2)) norm2(A) norm2(Q)^2 / 3", true),
            ("norm2(hessian(softmax(A P Q), P, P)) <= max(rowsum(A.^2).^(1/2))^2 norm2(Q)^2 / 3", false),
        ],
    ),
    // a probability has a sharper curvature than any combination of them
    (
        "dim n\nparam t: 1 × n\na = softmax(t)",
        &[("norm2(hessian(a[1, 1], t)) <= 1 / (3 sqrt(3))", true), ("norm2(hessian(a[1, 1], t)) <= 192/1000", false)],
    ),
    // stacks of second derivatives, by rows and against a residual
    (
        "dim m, k\ndim n = k + 2\nconst X: m × n\nparam T: m × m\nA = softmax(T)\nparam x: 1 × n\nconst r: 1 × n\n\
         y = layernorm(x)\ns = rowstd(x)",
        &[
            ("norm2((I(m) ⊗ X' ⊗ X' ⊗ X') hessian(A, T, T)) <= max(rowsum(X.^2).^(1/2)) norm2(X)^2 / 3", true),
            ("norm2((I(m) ⊗ X' ⊗ X' ⊗ X') hessian(A, T, T)) <= max(rowsum(X.^2).^(1/2))^2 norm2(X) / 3", false),
            ("norm2((r ⊗ I(n)) hessian(y, x, x)) <= 2 normF(r) / (sqrt(3 n) s^2)", true),
            ("norm2((r ⊗ I(n)) hessian(y, x, x)) <= 199/100 normF(r) / (sqrt(3 n) s^2)", false),
            ("norm2((r ⊗ I(n)) hessian(y, x, x)) <= 2 normF(r) / (sqrt(3 n) s)", false),
        ],
    ),
    // sums of multiples of what is named
    (
        "dim m, n\nconst A, B, C: m × n",
        &[
            ("norm2(A - (B + C) / 2) <= 3/2 norm2(A - (A + B + C) / 3)", true),
            ("norm2(A - (B + C) / 2) <= 149/100 norm2(A - (A + B + C) / 3)", false),
            ("norm2(A - (B + C) / 2) <= 3/2 norm2(A - (A + B + 2 C) / 3)", false),
            ("norm2(2 A - 2 B + C) <= 2 norm2(A - B) + norm2(C)", true),
            ("norm2(2 A - 2 B + C) <= norm2(A - B) + norm2(C)", false),
            ("norm2(A' - B') <= norm2(A - B)", true),
        ],
    ),
    // and of products with common factors
    (
        "dim n\nconst A, B, X, Y: n × n\nconst v: n",
        &[
            ("norm2(A X B - A Y B) <= norm2(A) norm2(X - Y) norm2(B)", true),
            ("norm2(A X B - A Y B) <= norm2(A) norm2(X - Y)", false),
            ("norm2(A X B - B Y B) <= norm2(A) norm2(X - Y) norm2(B)", false),
            ("abs(v' X v - v' Y v) <= normF(v)^2 norm2(X - Y)", true),
        ],
    ),
];

#[test]
fn what_is_true_by_a_rule_is_proved_and_no_more() {
    let mut wrong = vec![];
    for (head, claims) in CASES {
        let lines: Vec<String> = claims.iter().map(|c| format!("claim {}", c.0)).collect();
        let mut m = model(&format!("{head}\n{}\n", lines.join("\n")));
        assert_eq!(m.claims.len(), claims.len(), "{head}");
        for (claim, (text, proved)) in m.claims.clone().into_iter().zip(claims) {
            let sides = claim.sides.unwrap_or_else(|e| panic!("{text}: {}", e[0].message));
            assert_eq!(sides.relation, Relation::AtMost, "{text}");
            if bound::prove(&mut m, sides.lhs, sides.rhs).is_some() != *proved {
                wrong.push(*text);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
