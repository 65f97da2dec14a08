//! Wrong claims of every kind: what is said of each, as snapshots.

use hesse_tests::claims;

const HEAD: &str = "dim m, n, k\nconst A: m × n\nconst B: n × k\nconst S: n × n\nparam X: m × n\nconst s: 1\n";

/// Verdict, detail, and what is derived or drawn.
fn said(claim: &str) -> String {
    let text = format!("{HEAD}{claim}\n");
    match claims("claims.hesse", &text, &|_| None) {
        Err(diagnostics) => diagnostics,
        Ok(entries) => entries
            .iter()
            .map(|e| {
                let f = &e.finding;
                let mut lines = vec![format!("{}: {}: {}", f.id, f.verdict, f.detail)];
                lines.extend(f.derived.iter().map(|d| format!("derived: {d}")));
                lines.extend((!f.diagnostics.is_empty()).then(|| f.diagnostics.trim_end().to_owned()));
                lines.join("\n")
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

macro_rules! wrong {
    ($($name:ident: $claim:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::with_settings!({ description => $claim, omit_expression => true }, {
                insta::assert_snapshot!(said($claim));
            });
        })*
    };
}

wrong! {
    unparsable: "claim \"a\": A B + == B";
    without_relation: "claim \"a\": A B";
    with_three_sides: "claim \"a\": A == A == A";
    assignment_for_equality: "claim \"a\": A = A";
    unclosed_name: "claim \"a: A == A";
    ill_shaped_product: "claim \"a\": A A == A";
    ill_shaped_sum: "claim \"a\": A + B == A";
    ill_shaped_inverse: "claim \"a\": inv(A) == A'";
    sides_of_different_shapes: "claim \"a\": A B == A";
    jacobian_of_another_shape: "claim \"a\": jacobian(X B, X) == B' ⊗ I(n)";
    inequality_of_matrices: "claim \"a\": A <= A";
    false_equation: "claim \"a\": A' A == S";
    false_only_beside_the_diagonal: "claim \"a\": (S + S') / 2 == S";
    false_jacobian: "claim \"a\": jacobian(X', X) == K(m, n)";
    false_by_a_constant: "claim \"a\": sum(A ∘ A) == 1.00001 tr(A' A)";
    false_bound: "claim \"a\": normF(A) <= norm2(A)";
    false_bound_with_an_assumption: "assume norm2(A) <= s\nclaim \"a\": normF(A) <= 1.5 s";
    bound_the_other_way: "claim \"a\": norm2(A) >= normF(A)";
    unbound_name: "claim \"a\": A Bb == B";
    unbound_function: "claim \"a\": trace(S) == tr(S)";
    missing_size: "claim \"a\": A' == zeros(n, q)";
    sizes_confused: "claim \"a\": tr(I(m)) == n";
    division_by_zero: "claim \"a\": A / 0 == A";
    division_by_what_is_zero: "claim \"a\": s / (s - s) == s";
    never_defined: "assume s > 0\nclaim \"a\": log(-s) == s";
    no_data: "assume normF(A) <= -1\nclaim \"a\": norm2(A) <= 1";
    defined_by_itself: "assume s == s + 1\nclaim \"a\": s == s";
    derivative_that_is_not_zero: "claim \"a\": jacobian(norm2(X) X, X) == norm2(X) I(m*n)";
    sizes_that_do_not_exist: "claim \"a\": A[1:20, 1:20] == A[1:20, 1:20] + A[1:20, 1:20]";
    not_differentiable: "param Q: n × n\nclaim \"a\": jacobian(cofactor2(Q), Q) == zeros(n^4, n^2)";
    strictly_less_than_itself: "claim \"a\": normF(A) < normF(A')";
    too_large: "dim L = 4000000\nconst C: L × L\nclaim \"a\": norm2(C) <= normF(C)\nclaim \"b\": tr(C) == sum(C)";
    too_large_inside: "const v, w: 3000\nclaim \"a\": norm2((v w') ⊗ (w v')) <= normF(v)";
    nothing_fits: "dim h = n - 90\nconst C: h × m\nclaim \"a\": norm2(C) <= 2\nclaim \"b\": C == C + C";
    without_a_name: "claim A B == A B + A B";
    true_ones_beside_wrong_ones: "claim \"a\": (A B)' == B' A'\nclaim \"b\": (A B)' == A' B'\nclaim \"c\": tr(A B B' A') == normF(A B)^2";
}
