//! Index forms as proofs: formulas that are equal have one form, formulas that are nearly equal have two, and formulas of one
//! form are equal numbers.

use hesse_tests::{Case, case, random};

const HEAD: &str = "dim m, n, p, k
const A, C: m × n
const B: n × p
const N, M, G: n × n
const S: n × n
const Pd, Pe: n × n
const Q: n × n
const x, y: n
const z: m
const r: 1 × n
const s, t: 1
const u: 1
const U: m × n
const nx: 1 × (k + 2)
assume invertible(N), invertible(M), symmetric(S), posdef(Pd), posdef(Pe), orthogonal(Q), u > 0, positive(U)
";

/// Formulas that are equal.
const EQUAL: &[(&str, &str)] = &[
    // products and transposes
    ("(A B)'", "B' A'"),
    ("A (B + B)", "2 A B"),
    ("(A + C) B", "C B + A B"),
    ("tr(A' C)", "dot(C, A)"),
    ("tr(N M G)", "tr(G N M)"),
    ("diag(x) B", "(x ones(1, p)) ∘ B"),
    ("x' S y", "y' S x"),
    ("S N + N' S", "(S N)' + S N"),
    // Kronecker products and vectors
    ("(A ⊗ B) (A' ⊗ B')", "A A' ⊗ B B'"),
    ("(A ⊗ B') vec_r(N)", "vec_r(A N B)"),
    ("K(n, m) (A ⊗ B)", "(B ⊗ A) K(p, n)"),
    ("vec_r(x y')", "x ⊗ y"),
    ("(I(m) ⊗ x') vec_r(A)", "A x"),
    // sizes
    ("ones(1, n) ones(n, 1)", "n"),
    ("tr(I(m) ⊗ I(n))", "m n"),
    ("sqrt(m n) / sqrt(n)", "sqrt(m)"),
    ("s / (k + 1) - s / k", "-s / (k (k + 1))"),
    ("1 / k - 1 / (k + 2)", "2 / (k (k + 2))"),
    ("sqrt(8)", "2 sqrt(2)"),
    ("sqrt(2) sqrt(3)", "sqrt(6)"),
    // powers
    ("A.^2", "A ∘ A"),
    ("A.^-1 ∘ A", "ones(m, n)"),
    ("A.^-1 ∘ A.^-2", "A.^-3"),
    ("(A ∘ C).^-1", "A.^-1 ∘ C.^-1"),
    ("U.^(1/2) ∘ U.^(1/2)", "U"),
    ("sqrt(u s^2)", "sqrt(u) sqrt(s^2)"),
    ("s^2 / sqrt(s^2)", "sqrt(s^2)"),
    ("(1 + s)^-1 s", "1 - (1 + s)^-1"),
    ("(1 + s)^-1 (2 + s)^-1", "(1 + s)^-1 - (2 + s)^-1"),
    ("(s^2 - t^2) / (s - t)", "s + t"),
    ("diag((x + y).^-1) diag(x + y)", "I(n)"),
    ("(2 s + 2 t)^-1", "(s + t)^-1 / 2"),
    ("A ./ (z ones(1, n))", "inv(diag(z)) A"),
    // functions of entries
    ("exp(A + C)", "exp(C) ∘ exp(A)"),
    ("exp(2 A)", "exp(A).^2"),
    ("exp(-A) ∘ exp(A)", "ones(m, n)"),
    ("sigmoid(s) (1 + exp(s))", "exp(s)"),
    ("sigmoid(-s) + sigmoid(s) + 0 exp(s)", "exp(-s) / (1 + exp(-s)) + sigmoid(s)"),
    ("tanh(A)'", "tanh(A')"),
    ("sin(x ones(1, m))", "sin(x) ones(1, m)"),
    ("grad(log(1 + exp(dot(x, y))), x)", "sigmoid(dot(y, x)) y"),
    // rows
    ("softmax(A) ones(n, 1)", "ones(m, 1)"),
    ("softmax(A + z ones(1, n))", "softmax(A)"),
    ("softmax(zeros(m, n))", "ones(m, n) / n"),
    ("layernorm(A) ones(n, 1)", "zeros(m, 1)"),
    ("layernorm(A).^2 ones(n, 1)", "n ones(m, 1)"),
    ("layernorm(3 A + z ones(1, n))", "layernorm(A)"),
    ("rowstd(-2 A)", "2 rowstd(A)"),
    ("diag(rowstd(A)) layernorm(A)", "A - A ones(n, n) / n"),
    ("layernorm(nx) layernorm(nx)'", "k + 2"),
    ("rmsnorm(A).^2 ones(n, 1)", "n ones(m, 1)"),
    // inverses
    ("inv(N) N", "I(n)"),
    ("inv(N M)", "inv(M) inv(N)"),
    ("inv(N')", "inv(N)'"),
    ("inv(A' A + I(n)) A' A", "I(n) - inv(I(n) + A' A)"),
    ("x' inv(Pd + Pe) Pd y", "x' y - x' inv(Pe + Pd) Pe y"),
    ("inv(A' A + u I(n))", "inv(A' A + u I(n))'"),
    ("inv(2 N) x", "inv(N) x / 2"),
    ("Q' Q N", "N Q Q'"),
    ("det(N') adj(N)", "det(N)^2 inv(N)"),
    // norms
    ("normF(A)^2", "tr(A A')"),
    ("normF(x) normF(x)", "dot(x, x)"),
    ("normF(x) unit(x)", "x"),
    ("dot(x, x) unit(x)", "normF(x) x"),
    ("x / normF(x) + unit(x)", "2 unit(x)"),
    ("norm2(A ⊗ B)", "norm2(B) norm2(A')"),
    ("norm2(x y')", "normF(x) normF(y)"),
    ("norm2(A ⊗ I(p))", "norm2(A)"),
    ("norm2(A' A)", "norm2(A)^2"),
    ("norm2(ones(m, n))", "sqrt(m n)"),
    ("normF(layernorm(A))", "sqrt(m n)"),
];

/// Formulas that differ, though not by much.
const UNEQUAL: &[(&str, &str)] = &[
    ("N M", "M N"),
    ("(N M)'", "N' M'"),
    ("x' N y", "y' N x"),
    ("S N", "N S"),
    ("N + N'", "2 N"),
    ("diag(x) N", "N diag(x)"),
    ("tr(N M G)", "tr(M N G)"),
    ("N ⊗ M", "M ⊗ N"),
    ("K(m, n)", "K(n, m)"),
    ("vec_r(A)", "vec_r(A') + 0 vec_r(A)[1:m*n, 1:1]"),
    ("ones(1, n) ones(n, 1)", "m"),
    ("n^2", "n"),
    ("1 / (k + 1)", "1 / k + 1"),
    ("1 / k - 1 / (k + 2)", "1 / (k (k + 2))"),
    ("sqrt(n + 1)", "sqrt(n) + 1"),
    ("(k + 2)^50", "(k + 2)^51"),
    ("(s + t)^50", "(s + t)^51"),
    ("sqrt(s^2)", "s"),
    ("(s^2)^(1/2) t", "((s t)^2)^(1/2)"),
    ("sqrt(s^2 t^2)", "s t"),
    ("sqrt((s - 1)^2)", "s - 1"),
    ("((k - 2)^2)^(1/2)", "k - 2"),
    ("abs(s)", "s"),
    ("A.^-1", "A"),
    ("N.^2", "N N"),
    ("N.^-1", "inv(N)"),
    ("(s + t)^-1", "s^-1 + t^-1"),
    ("(A + C).^2", "A.^2 + C.^2"),
    ("(x + y).^-1", "x.^-1 + y.^-1"),
    ("(1 + s)^-1 s", "1 + (1 + s)^-1"),
    ("(s + 1)^-1 t", "1 - (s + 1)^-1"),
    ("exp(A + C)", "exp(A) + exp(C)"),
    ("exp(2 A)", "2 exp(A)"),
    ("exp(N M)", "exp(M N)"),
    ("exp(-s)", "-exp(s)"),
    ("sigmoid(-s)", "-sigmoid(s)"),
    ("tanh(-s)", "tanh(s)"),
    ("step(s)", "1 - step(-s)"),
    ("relu(s) - relu(-s)", "abs(s)"),
    ("sign(s)^2", "1"),
    ("softmax(2 A)", "softmax(A)"),
    ("softmax(A + ones(m, 1) r)", "softmax(A)"),
    ("softmax(A) ones(n, 1)", "n ones(m, 1)"),
    ("ones(1, m) softmax(A)", "ones(1, n)"),
    ("softmax(A).^2 ones(n, 1)", "ones(m, 1)"),
    ("layernorm(-A)", "layernorm(A)"),
    ("layernorm(A + ones(m, 1) r)", "layernorm(A)"),
    ("ones(1, m) layernorm(A)", "zeros(1, n)"),
    ("layernorm(A).^2 ones(n, 1)", "ones(m, 1)"),
    ("(layernorm(A) ∘ layernorm(C)) ones(n, 1)", "n ones(m, 1)"),
    ("layernorm(A)", "rmsnorm(A)"),
    ("diag(rowstd(A)) layernorm(A)", "A"),
    ("rowstd(A + C)", "rowstd(A) + rowstd(C)"),
    ("inv(N + M)", "inv(N) + inv(M)"),
    ("inv(N M)", "inv(N) inv(M)"),
    ("N M inv(N)", "M"),
    ("inv(N) N'", "I(n)"),
    ("inv(A' A + I(n)) A' A", "I(n) + inv(I(n) + A' A)"),
    ("inv(A' A + I(n)) C' C", "I(n) - inv(A' A + I(n))"),
    ("x' inv(N + M) N y", "x' y - x' inv(N + M) M' y"),
    ("inv(Pd) Pe", "inv(Pe) Pd"),
    ("inv(N)", "inv(N)'"),
    ("Q Q", "I(n)"),
    ("Q' N Q", "N"),
    ("det(N) det(M)", "det(N + M)"),
    ("adj(N) M", "det(M) inv(N) M"),
    ("normF(A)", "tr(A A')"),
    ("normF(x + y)", "normF(x) + normF(y)"),
    ("dot(unit(x), unit(x))", "1"),
    ("unit(x) normF(x)", "x normF(x)"),
    ("norm2(A)", "normF(A)"),
    ("norm2(N M)", "norm2(M N)"),
    ("norm2(N M)", "norm2(N) norm2(M)"),
    ("norm2(N + N')", "2 norm2(N)"),
    ("norm2(A ⊗ ones(p, p))", "norm2(A)"),
    ("max(x)", "max(-x)"),
];

fn model(seed: u64) -> Case {
    case(HEAD, &[("m", 3), ("n", 4), ("p", 2), ("k", 3)], seed)
}

#[test]
fn equal_formulas_have_one_form() {
    assert!(EQUAL.len() >= 60);
    let bad: Vec<_> = EQUAL.iter().filter(|(a, b)| model(1).one_form(a, b) != Some(true)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn different_formulas_have_different_forms() {
    assert!(UNEQUAL.len() >= 60);
    let bad: Vec<_> = UNEQUAL.iter().filter(|(a, b)| model(1).one_form(a, b) != Some(false)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

/// A stream of choices.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 += 1;
        usize::try_from(random("canonical", self.0) % n as u64).expect("below n")
    }
}

/// Sizes of random formulas; of their variables nothing is known but that square ones have an inverse.
const SIZES: [&str; 3] = ["m", "n", "p"];
const PLAIN: &str = "dim m, n, p
const Amm, Bmm: m × m
const Amn, Bmn: m × n
const Amp, Bmp: m × p
const Anm, Bnm: n × m
const Ann, Bnn: n × n
const Anp, Bnp: n × p
const Apm, Bpm: p × m
const Apn, Bpn: p × n
const App, Bpp: p × p
assume invertible(Amm), invertible(Ann), invertible(App)
";

/// Parts with their shapes, in capitals where a part is a variable; a formula of r rows and c columns, the same in another writing, and something like it that is
/// wrong. Where all parts are r×r, so is the formula.
const LAWS: &[(&str, &str, &str, &str)] = &[
    ("a rc, b rc", "$a + $b", "$b + $a", "$b - $a"),
    ("a rk, b kc", "$a $b", "($b' $a')'", "2 ($b' $a')'"),
    ("a rr, b rr", "$a $b", "($b' $a')'", "$b $a"),
    ("a rr", "$a'", "($a + $a)' / 2", "$a"),
    ("a rk, b kc, d kc", "$a ($b + $d)", "$a $d + $a $b", "$a $d - $a $b"),
    ("a rc, b rc", "$a ∘ $b", "$b ∘ $a", "$b ∘ $b"),
    ("a rc", "$a.^2", "$a ∘ $a", "$a ∘ $a.^2"),
    ("a rr", "$a.^2", "$a ∘ $a", "$a $a"),
    ("a RC", "($a.^2).^(1/2) ∘ $a", "$a ∘ ($a ∘ $a).^(1/2)", "$a.^2"),
    ("a rc, b rc", "exp($a + $b)", "exp($b) ∘ exp($a)", "exp($b) + exp($a)"),
    ("a rc", "exp($a)", "(exp($a) ∘ exp($a)).^(1/2)", "exp($a).^2"),
    ("a rc", "tanh($a')'", "tanh($a)", "tanh(2 $a)"),
    ("a rc", "softmax($a)", "softmax(A$r$r ones($r, $c) + $a)", "softmax($a + ones($r, $r) A$r$c)"),
    ("a rc", "layernorm($a)", "layernorm(2 $a)", "layernorm(-$a)"),
    (
        "a RC",
        "layernorm($a)",
        "inv(diag((($a - $a ones($c, $c) / $c).^2 ones($c, 1)).^(1/2))) ($a - $a ones($c, $c) / $c) sqrt($c)",
        "inv(diag((($a - $a ones($c, $c) / $c).^2 ones($c, 1)).^(1/2))) $a sqrt($c)",
    ),
    ("a rc", "$a", "inv(A$r$r) (A$r$r $a)", "inv(A$r$r)' (A$r$r $a)"),
    ("a rk, b kc", "inv(A$r$r) $a $b", "inv(2 A$r$r) ($a $b + $a $b)", "inv(A$r$r + A$r$r) $a $b"),
    (
        "a rc",
        "$a",
        "inv(I($r) + B$r$c B$r$c') $a + inv(B$r$c B$r$c' + I($r)) B$r$c (B$r$c' $a)",
        "inv(I($r) + B$r$c B$r$c') $a - inv(B$r$c B$r$c' + I($r)) B$r$c (B$r$c' $a)",
    ),
    ("a rk, b kr, d rc", "tr($a $b) $d", "dot($b', $a) $d", "dot($b', $a) $d $r"),
    ("a RK, d rc", "normF($a)^2 $d", "dot($a, $a) $d", "normF($a) $d"),
    ("a RK, b RC", "norm2($a ⊗ $b) $b", "norm2($b') norm2($a) $b", "norm2($b') normF($a) $b"),
    ("a RK, d rc", "normF($a) unit($a) $a' $d", "$a $a' $d", "unit($a) $a' $d"),
    (
        "a rk, d rc",
        "exp(dot($a, $a)) (1 + exp(dot($a, $a)))^-1 $d",
        "$d - $d / (1 + exp(dot($a, $a)))",
        "$d + $d / (1 + exp(dot($a, $a)))",
    ),
    ("a rc", "B$r$r $a", "mat_r((B$r$r ⊗ I($c)) vec_r($a), $r, $c)", "mat_r((B$r$r' ⊗ I($c)) vec_r($a), $r, $c)"),
    ("a rc", "$a", "mat_r(K($r, $c) vec_r($a'), $r, $c)", "mat_r(vec_r($a'), $r, $c)"),
    ("a rc", "diag($a ones($c, 1)) $a", "($a ones($c, $c)) ∘ $a", "($a ones($c, $c)) ∘ ($a + $a)"),
];

/// A random formula with `rows` rows and `cols` columns in two writings; in the second, `slips` of 100 laws are the wrong ones.
fn pair(d: &mut Draw, rows: &str, cols: &str, depth: usize, slips: usize) -> (String, String) {
    if depth == 0 {
        let name = format!("{}{rows}{cols}", ["A", "B"][d.below(2)]);
        return (name.clone(), name);
    }
    let (parts, left, right, wrong) = loop {
        let law = LAWS[d.below(LAWS.len())];
        if rows == cols || !law.0.split(", ").all(|p| p.ends_with("rr")) {
            break law;
        }
    };
    let inner = SIZES[d.below(3)];
    let size = |c: char| match c.to_ascii_lowercase() {
        'r' => rows,
        'c' => cols,
        _ => inner,
    };
    let (mut one, mut two) = (left.to_owned(), if d.below(100) < slips { wrong } else { right }.to_owned());
    for (letter, n) in [("$r", rows), ("$c", cols)] {
        one = one.replace(letter, n);
        two = two.replace(letter, n);
    }
    for part in parts.split(", ") {
        let [name, _, r, c] = part.chars().collect::<Vec<_>>()[..] else { unreachable!("a part reads `a rc`") };
        let depth = if r.is_uppercase() || d.below(2) == 0 { 0 } else { depth - 1 };
        let (a, b) = pair(d, size(r), size(c), depth, slips);
        one = one.replace(&format!("${name}"), &format!("({a})"));
        two = two.replace(&format!("${name}"), &format!("({b})"));
    }
    (one, two)
}

fn plain(seed: u64) -> Case {
    case(PLAIN, &[("m", 2), ("n", 3), ("p", 4)], seed)
}

/// Whether two formulas are equal at random data; `None` where they have no value.
fn agree(a: &str, b: &str) -> Option<bool> {
    let mut same = None;
    for seed in [1, 2, 3] {
        let mut at = plain(seed);
        let (Ok(x), Ok(y)) = (at.try_value(a), at.try_value(b)) else { continue };
        if x.data.iter().chain(&y.data).any(|v| !v.is_finite()) {
            continue;
        }
        let scale = x.data.iter().chain(&y.data).fold(1e-3, |m: f64, v| m.max(v.abs()));
        let apart = x.data.iter().zip(&y.data).fold(0.0, |m: f64, (v, w)| m.max((v - w).abs())) / scale;
        same = Some(same.unwrap_or(true) && apart < 1e-7);
    }
    same
}

#[test]
fn two_writings_of_random_formulas_have_one_form() {
    let mut d = Draw(0);
    let (mut seen, mut bad) = (0, vec![]);
    for k in 0..240 {
        let (rows, cols) = (SIZES[d.below(3)], SIZES[d.below(3)]);
        let (a, b) = pair(&mut d, rows, cols, 1 + k % 2, 0);
        match plain(1).one_form(&a, &b) {
            Some(true) => seen += 1,
            Some(false) => bad.push(format!("{a}\n    {b}")),
            None => {}
        }
    }
    assert!(seen > 200, "only {seen} forms were small enough");
    assert!(bad.is_empty(), "{} of {seen}:\n{}", bad.len(), bad.join("\n"));
}

/// The worst defect would be a proof of something false.
#[test]
fn random_formulas_of_one_form_are_equal_numbers() {
    let mut d = Draw(1_000_000);
    let (mut equal, mut different) = (0, 0);
    while equal < 300 || different < 150 {
        let (rows, cols) = (SIZES[d.below(3)], SIZES[d.below(3)]);
        let depth = 1 + d.below(3);
        let (a, b) = pair(&mut d, rows, cols, depth, 20);
        if a == b {
            continue;
        }
        let form = plain(1).one_form(&a, &b);
        match agree(&a, &b) {
            Some(true) if form == Some(true) => equal += 1,
            Some(false) => {
                assert_ne!(form, Some(true), "one form, but different numbers:\n{a}\n{b}");
                different += 1;
            }
            _ => {}
        }
    }
}
