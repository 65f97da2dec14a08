//! Whole models are read as the language says: declarations, loops, layers, assumptions, claims, queries and derivatives.

use hesse_compiler::{
    diagnostic::Diagnostic,
    expr::{Expr, Fact, Graph, Kind, Node},
    syntax::{self, Model, Source},
};

const ATTENTION: &str = "\
# single-head self-attention, row-wise softmax, mean squared error
dim   L, dV, dK
input X: L × dV
param Wq, Wk: dV × dK
param Wv: dV × dV
target Y: L × dV

T = X Wq Wk' X' / sqrt(dK)
A = softmax(T)
F = A X Wv
loss mse(F, Y)
";

fn read(text: &str) -> Model {
    let source = Source { name: "test.hesse".into(), text: text.into() };
    let included = |path: &str, _: &str| match path {
        "layers.hesse" => Ok(Source { name: path.into(), text: "layer gram(X) = X X'\n".into() }),
        _ => Err("there is no such file".to_owned()),
    };
    syntax::model(source, &included).unwrap_or_else(|(sources, errors)| panic!("{}\nin\n{text}", render(&sources, &errors)))
}

fn render(sources: &[Source], errors: &[Diagnostic]) -> String {
    errors.iter().map(|d| d.render(sources, false)).collect::<Vec<_>>().join("\n")
}

fn ask(m: &mut Model, query: &str) -> Expr {
    match syntax::query(m, query) {
        Ok(q) => q.expr,
        Err(errors) => panic!("{}", render(&m.sources, &errors)),
    }
}

fn refused(m: &mut Model, query: &str) -> String {
    match syntax::query(m, query) {
        Ok(_) => panic!("`{query}` is accepted"),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
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

/// Both queries are the same node.
fn same(m: &mut Model, a: &str, b: &str) {
    let (x, y) = (ask(m, a), ask(m, b));
    assert_eq!(tree(&m.graph, x), tree(&m.graph, y), "`{a}` and `{b}`");
}

fn names(m: &Model) -> Vec<&str> {
    m.nodes.iter().map(|n| n.0.as_str()).collect()
}

#[test]
fn the_model_of_the_manual() {
    let mut m = read(ATTENTION);
    assert_eq!(m.sizes, ["L", "dV", "dK"]);
    assert_eq!(m.params, ["Wq", "Wk", "Wv"]);
    assert_eq!(names(&m), ["T", "A", "F", "loss"]);
    let kinds: Vec<(String, Kind)> = m.graph.variables().map(|(n, v)| (format!("{n}: {}", v.shape), v.kind)).collect();
    assert_eq!(kinds[0], ("X: L×dV".to_owned(), Kind::Input));
    assert_eq!(kinds[1], ("Wq: dV×dK".to_owned(), Kind::Param));
    assert_eq!(kinds[4], ("Y: L×dV".to_owned(), Kind::Target));
    let loss = m.loss.expect("it has one");
    assert_eq!(ask(&mut m, "loss"), loss);
    let h = ask(&mut m, "hessian(loss, Wq, Wv)");
    assert_eq!(m.graph.shape(h).to_string(), "dK*dV×dV*dV");
    same(&mut m, "jacobian(F, A) - (I(L) ⊗ Wv' X')", "jacobian(F, A) - kron(I(L), Wv' X')");
}

#[test]
fn derivatives_of_all_parameters() {
    let mut m = read(ATTENTION);
    let q = syntax::query(&mut m, "hessian(loss)").expect("it is right");
    let blocks: Vec<String> = q.blocks.iter().map(|b| format!("{},{}", b.row, b.col)).collect();
    assert_eq!(blocks, ["Wq,Wq", "Wq,Wk", "Wq,Wv", "Wk,Wq", "Wk,Wk", "Wk,Wv", "Wv,Wq", "Wv,Wk", "Wv,Wv"]);
    assert_eq!(m.graph.shape(q.expr).to_string(), "2*dK*dV + dV*dV×2*dK*dV + dV*dV");
    assert_eq!(syntax::query(&mut m, "gauss_newton(loss)").expect("right").blocks.len(), 9);
    assert!(syntax::query(&mut m, "norm2(hessian(loss))").expect("right").blocks.is_empty());
    let g = ask(&mut m, "grad(loss)");
    assert_eq!(m.graph.shape(g).to_string(), "2*dK*dV + dV*dV×1");
    let h = ask(&mut m, "hvp(loss, Wq, Wk, Wv)");
    assert_eq!(m.graph.shape(h).to_string(), "2*dK*dV + dV*dV×1");
    same(&mut m, "hessian(loss, Wq)", "hessian(loss, Wq, Wq)");
    same(&mut m, "functional(loss, Wq)", "functional(loss, Wq, Wq)");
    assert!(refused(&mut m, "hvp(loss, Wq)").contains("takes 4 arguments"));
    assert!(refused(&mut m, "hessian(F)").contains("is of a scalar"));
}

/// A named node in a derivative is held fixed, though the graph may have dissolved it.
#[test]
fn nodes_as_variables() {
    let mut m = read(ATTENTION);
    let j = ask(&mut m, "jacobian(A, T)");
    assert_eq!(tree(&m.graph, j), "jacobian(softmax(T), T)");
    assert_eq!(m.held.keys().collect::<Vec<_>>(), ["T"]);
    assert!(matches!(m.graph.node(m.held["T"]), Node::Apply(..)));
    let f = ask(&mut m, "jacobian(F, A)");
    assert_eq!(tree(&m.graph, f), "jacobian(mul(mul(A, X), Wv), A)");
    let own = ask(&mut m, "jacobian(F, F)");
    assert_eq!(tree(&m.graph, own), "jacobian(F, F)");
    let both = ask(&mut m, "hessian(loss, T, Wv)");
    assert_eq!(tree(&m.graph, both), "hessian(mse(mul(mul(softmax(T), X), Wv), Y), T, Wv)");
    let nested = ask(&mut m, "jacobian(grad(loss, F), A)");
    let nested = tree(&m.graph, nested);
    assert!(nested.starts_with("jacobian(grad(mse(F, Y), F), A)"), "{nested}");
    // the query before leaves no trace in the next
    let plain = ask(&mut m, "jacobian(F, Wv)");
    assert!(!tree(&m.graph, plain).contains("softmax(T)"));
}

#[test]
fn a_node_that_is_data_is_the_data() {
    let mut m = read("dim n\ninput X: n\nZ = X\nf = Z' Z\n");
    same(&mut m, "grad(f, Z)", "grad(f, X)");
    assert!(m.held.is_empty());
}

#[test]
fn differentials_declare_their_increments() {
    let mut m = read("dim n, p\nparam X: n × n\nparam Z: p\nconst A: n × n\nF = A X^-1\n");
    let d = ask(&mut m, "d(F)");
    assert_eq!(tree(&m.graph, d), "d(mul(A, inv(X)), X, dX)");
    same(&mut m, "d(F)", "d(F, X)");
    let a = ask(&mut m, "d(A X, A)");
    assert_eq!(tree(&m.graph, a), "d(mul(A, X), A, dA)");
    let zero = ask(&mut m, "d(A)");
    assert_eq!(tree(&m.graph, zero), "zeros(n, n)");
    let mut m = read("dim n\nparam X: n × n\n");
    ask(&mut m, "X^-1 dX X^-1 + d(X^-1)");
    let m = read("dim n\nparam X: n × n\nclaim \"inverse\": -(X^-1 dX X^-1) == d(X^-1)\n");
    assert!(m.claims[0].sides.is_ok());
}

#[test]
fn loops_and_indexed_names() {
    let mut m = read(
        "dim n\ninput x: n\nh[0] = x\nfor p in 1..3 {\n  param W[p]: n × n, b[p]: n\n  h[p] = tanh(W[p] h[p - 1] + b[p])\n}\n\
         y = h[3]\nloss y' y\n",
    );
    assert_eq!(m.params, ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]);
    assert_eq!(names(&m), ["h[0]", "h[1]", "h[2]", "h[3]", "y", "loss"]);
    same(&mut m, "h[1]", "tanh(W[1] x + b[1])");
    same(&mut m, "W[2][1, :]", "W[1 + 1][1:1, :]");
    let j = ask(&mut m, "jacobian(h[3], h[2])");
    let expected = tree(&m.graph, j);
    assert!(expected.ends_with("mul(W[3], h[2]))), h[2])") || expected.ends_with("b[3])), h[2])"), "{expected}");
    let shared = read("dim n\ninput x: n\nh[0] = x\nfor p in 1..3 { param W: n × n; h[p] = tanh(W h[p-1]) }\nloss sum(h[3])\n");
    assert_eq!(shared.params, ["W"]);
    let nested = read("dim n\nfor p in 1..2 { for q in p..2 { param W[p, q]: n × n } }\n");
    assert_eq!(nested.params, ["W[1, 1]", "W[1, 2]", "W[2, 2]"]);
    assert!(read("for p in 3..1 { dim n[p] }").sizes.is_empty());
}

#[test]
fn layers_and_included_files() {
    let mut m = read(
        "use \"layers.hesse\"\nuse \"layers.hesse\"\nuse \"std.hesse\"\ndim L, d, k\ninput X: L × d\nparam W: d × k\nparam b: k\n\
         layer head(X, n) {\n  Y = X[:, 1:n]\n  for p in 1..2 { Z[p] = Y + Y }\n  gram(Y) + Z[2] Z[1]'\n}\n\
         G = gram(X)\nH = head(X, 2)\nN = linear(X, W, b)\nS = self_attention(X, W, W, W)\n",
    );
    same(&mut m, "G", "X X'");
    same(&mut m, "H", "X[:, 1:2] X[:, 1:2]' + (2 X[:, 1:2]) (2 X[:, 1:2])'");
    same(&mut m, "N", "X W + ones(L, 1) b'");
    same(&mut m, "S", "softmax(X W (X W)' / sqrt(k)) (X W)");
    same(&mut m, "linear(X', ones(L, k), b)", "X' ones(L, k) + ones(d, 1) b'");
}

#[test]
fn sizes_are_polynomials() {
    let mut m = read(
        "dim L, dK; dim h = 2*dK, w = h (L + 1)\ninput X: (L - 1) x h\ninput y: h\ninput s\ninput k: 2 h × w/2\nF = X y / (h s)\n",
    );
    assert_eq!(m.sizes, ["L", "dK"]);
    assert_eq!(m.derived["h"].to_string(), "2*dK");
    assert_eq!(m.derived["w"].to_string(), "2*L*dK + 2*dK");
    let shape = |n: &str| m.graph.variable(n).expect("declared").shape.to_string();
    assert_eq!(shape("X"), "L - 1×2*dK");
    assert_eq!(shape("k"), "4*dK×L*dK + dK");
    same(&mut m, "ones(rows(X) + 1, h)", "ones(L, 2 dK)");
    same(&mut m, "h/2", "dK");
    same(&mut m, "X[:, h]", "X[:, 2*dK:2*dK]");
}

#[test]
fn assumptions_are_known_before_any_node() {
    let m = read(
        "dim n\ninput A, B, C: n × n\nparam x\nparam W: n × n\nconst M\nG = A'\nassume symmetric(A), posdef(B); assume x > 0\n\
         assume norm2(W) <= M\nassume invertible(A + C)\nassume nonnegative(W)\n",
    );
    assert_eq!(m.assumptions.len(), 6);
    let fact = |n: &str, f: Fact| m.graph.facts(m.graph.variable(n).expect("declared").expr).has(f);
    assert!(fact("A", Fact::Symmetric) && fact("B", Fact::Invertible) && fact("x", Fact::Positive));
    assert!(fact("W", Fact::NonNegative) && !fact("C", Fact::Symmetric));
    assert_eq!(m.named("G"), m.named("A"), "the transpose of a symmetric matrix is itself");
    assert_eq!(m.assumptions[3].text, "norm2(W) <= M");
}

#[test]
fn claims_keep_their_mistakes() {
    let m = read(
        "dim m, n\ninput A, B: m × n\nclaim \"good\": (A + B)' == A' + B'\nclaim \"bad\": A B == B A\nclaim norm2(A) ≤ normF(A)\n\
         claim \"zero\": A - A == 0\nclaim \"shapes\": A == A'\nclaim \"order\": A <= B\n",
    );
    let ok: Vec<(&str, bool)> = m.claims.iter().map(|c| (c.id.as_str(), c.sides.is_ok())).collect();
    assert_eq!(ok, [("good", true), ("bad", false), ("", true), ("zero", true), ("shapes", false), ("order", false)]);
    let errors = m.claims[1].sides.clone().expect_err("it is ill-shaped");
    assert!(errors[0].render(&m.sources, false).contains("test.hesse:4:14"));
    assert_eq!(errors.len(), 2, "both sides");
    assert_eq!(m.claims[0].text, "(A + B)' == A' + B'");
}

#[test]
fn names_of_functions_may_be_used() {
    let mut m = read(
        "dim d, e\ninput K, I: d × e\nparam T: d × d\nQ = T (K + I)\nV = K(K' T)\nW = e(1, 2)\nd2 = d(K)\nx = sum(K) / d e\n",
    );
    same(&mut m, "V", "K * (K' T)");
    same(&mut m, "T^T", "T'");
    let product = ask(&mut m, "d (K)");
    assert_eq!(m.graph.shape(product).to_string(), "d×e");
    assert!(refused(&mut m, "I(3)").contains("can be a call or a product"));
}

#[test]
fn spellings_of_statements() {
    let m = read("dim n;input X:n x n;F=X X # product\r\nloss = sum(F)\r\ninput α₁, β: n; input γ\n");
    assert_eq!(names(&m), ["F", "loss"]);
    let shapes: Vec<String> = m.graph.variables().map(|(n, v)| format!("{n}: {}", v.shape)).collect();
    assert_eq!(shapes, ["X: n×n", "α₁: n×1", "β: n×1", "γ: 1×1"]);
    let m = read("dim n\ninput X: n × n\nF = hcat(\n  X, # first\n\n  X)\nfor p in 1..2\n{\n  G[p] = X\n}\n");
    assert_eq!(names(&m), ["F", "G[1]", "G[2]"]);
}

#[test]
fn queries_are_diagnosed() {
    let mut m = read("dim n\ninput X: n × n\n");
    assert!(refused(&mut m, "X Y").contains("nothing is called `Y`"));
    assert!(refused(&mut m, "").contains("nothing here to read"));
    assert!(refused(&mut m, "X +").contains("expected an expression"));
    assert!(refused(&mut m, "(X").contains("not closed"));
    assert!(refused(&mut m, "X)").contains("closes nothing"));
    assert!(refused(&mut m, &"(".repeat(100_000)).contains("nested deeper"));
    let errors = syntax::query(&mut m, "X Y").expect_err("unknown");
    assert_eq!(
        errors[0].render(&m.sources, false),
        "error[E012]: nothing is called `Y`\n  --> query:1:3\n1 | X Y\n  |   ^ not declared\n"
    );
}
