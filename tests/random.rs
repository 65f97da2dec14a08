//! Random typed formulas: printed in the language and read again they are the same expressions; LaTeX and MathML are balanced.

use hesse_compiler::{
    dim::Dim,
    expr::{Argument, Expr, Graph, Kind, Meaning, Shape, Type},
    number::Number,
    ops::{self, build::Build},
    print::{Format, inline, printed, render},
    syntax::{Scope, formula},
};

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("below n")
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let i = self.below(of.len());
        &of[i]
    }
}

/// A graph with matrices of unequal sizes, their scope, and the nodes made so far.
fn start(g: &mut Graph) -> (Scope, Vec<Expr>) {
    let mut scope = Scope::default();
    let size = |s: &str| s.parse().map_or_else(|_| Dim::symbol(s), Dim::constant);
    for n in ["m", "n", "p"] {
        scope.sizes.insert(n.to_owned(), size(n));
    }
    let names = [
        ("A", "m", "n"),
        ("B", "n", "p"),
        ("Wq", "m", "n"),
        ("S", "n", "n"),
        ("x", "n", "1"),
        ("y", "m", "1"),
        ("r", "1", "n"),
        ("s", "1", "1"),
        ("gamma1", "1", "1"),
    ];
    let mut pool = vec![];
    for (name, rows, cols) in names {
        let e = g.declare(name, Shape::new(size(rows), size(cols)), Kind::Param);
        scope.vars.insert(name.to_owned(), e);
        pool.push(e);
    }
    (scope, pool)
}

/// One more random node over those of the pool.
fn grow(g: &mut Graph, r: &mut Random, pool: &mut Vec<Expr>) {
    let op = *r.pick(ops::ALL);
    if matches!(op.meaning, Meaning::Derivative) {
        return;
    }
    let longer = &(&Dim::symbol("m") + &Dim::symbol("n")) - &Dim::constant(1);
    let sizes = [Dim::symbol("m"), Dim::symbol("n"), Dim::symbol("p"), longer, Dim::constant(1), Dim::constant(3)];
    let numbers = [
        Number::int(2),
        Number::int(-1),
        Number::int(3),
        Number::ratio(1, 2),
        Number::ratio(-1, 2),
        Number::ratio(-3, 5),
        Number::Float(0.123_456_789_012_345_68),
        Number::Float(-2.5e-7),
        Number::Float(12345.678901234567),
        Number::Float(std::f64::consts::PI),
    ];
    let mut args = vec![];
    if matches!(op.meaning, Meaning::Slice) {
        let x = *r.pick(pool);
        let s = g.shape(x).clone();
        let mut ends = vec![];
        for all in [&s.rows, &s.cols] {
            let one = Dim::constant(1);
            let two = Dim::constant(2);
            let ranges = [(one.clone(), all.clone()), (one.clone(), one.clone()), (all.clone(), all.clone()), (two, all.clone())];
            let choices = if all.is_one() { &ranges[..1] } else { &ranges[..] };
            let (a, b) = r.pick(choices).clone();
            ends.extend([a, b]);
        }
        args.push(x);
        args.extend(ends.iter().map(|d| g.dim(d)));
    } else if op.name == "mat_r" {
        // its signature cannot say that the sizes multiply to the length
        let v = *r.pick(pool);
        let n = g.shape(v).rows.clone();
        let one = Dim::constant(1);
        args.push(v);
        args.extend([&one, &n].map(|d| g.dim(d)));
    } else if op.name == "e" {
        // nor that the index is not more than the length
        let n = Dim::symbol("n");
        let i = r.pick(&[Dim::constant(1), Dim::constant(2), n.clone()]).clone();
        args.extend([&i, &n].map(|d| g.dim(d)));
    } else {
        let signature = op.parsed();
        for argument in &signature.arguments {
            args.push(match argument {
                Argument::Matrix(..) => *r.pick(pool),
                Argument::Size(_) => g.dim(r.pick(&sizes)),
                Argument::Number => g.number(*r.pick(&numbers)),
            });
        }
        if signature.open && r.below(2) == 0 {
            args.push(*r.pick(pool));
        }
    }
    // zero has no negative power, in the language or anywhere
    if args.iter().any(|&a| matches!(g.ty(a), Type::Matrix(_)) && g.is_zero(a)) {
        return;
    }
    if let Ok(e) = g.try_apply(op, &args)
        && !g.is_zero(e)
        && g.as_number(e).is_none()
        && parts(g, e) < 60
    {
        pool.push(e);
        if r.below(4) == 0 {
            let n = g.number(*r.pick(&numbers));
            let scaled = g.scale(n, e);
            pool.push(scaled);
        }
    }
}

fn parts(g: &Graph, e: Expr) -> usize {
    g.reachable(&[e]).len()
}

/// Whether every bracket that opens in the text closes, in order.
fn balanced(s: &str) -> bool {
    let mut stack = vec![];
    for c in s.chars() {
        match c {
            '(' | '[' | '{' => stack.push(c),
            ')' | ']' | '}' => {
                let open = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if stack.pop() != Some(open) {
                    return false;
                }
            }
            _ => {}
        }
    }
    stack.is_empty()
}

/// Whether the elements of a MathML text nest, and it has no stray sign.
fn nests(s: &str) -> bool {
    let mut stack = vec![];
    let mut rest = s;
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else { return false };
        let tag = &rest[at + 1..at + end];
        match tag.strip_prefix('/') {
            Some(name) if stack.pop() != Some(name) => return false,
            Some(_) => {}
            None => stack.push(tag.split(' ').next().unwrap_or_default()),
        }
        rest = &rest[at + end + 1..];
    }
    stack.is_empty() && !rest.contains('>')
}

#[test]
fn printing_then_reading_is_the_identity() {
    let (mut compared, mut seen) = (0, std::collections::BTreeSet::new());
    for seed in 0..400 {
        let mut g = Graph::default();
        let mut r = Random(seed);
        let (scope, mut pool) = start(&mut g);
        for _ in 0..150 {
            grow(&mut g, &mut r, &mut pool);
        }
        for &e in &pool[9..] {
            let mut scope = scope.clone();
            let p = printed(&g, e, Format::Hesse);
            for (name, text) in &p.parts {
                let part = formula(&mut g, text, &scope);
                scope.vars.insert(name.clone(), part);
            }
            let back = formula(&mut g, &p.formula, &scope);
            assert_eq!(
                back,
                e,
                "seed {seed}: `{}` with {:?} reads back as `{}`, of {:?} {:?}",
                p.formula,
                p.parts,
                printed(&g, back, Format::Hesse).formula,
                g.node(e),
                g.node(back)
            );
            compared += 1;
            for x in g.reachable(&[e]) {
                if let hesse_compiler::expr::Node::Apply(op, _) = g.node(x) {
                    seen.insert(op.0.name);
                }
            }
        }
    }
    assert!(compared > 5_000, "only {compared} formulas were compared");
    assert!(seen.len() > 60, "only these operations occurred: {seen:?}");
}

#[test]
fn displays_are_balanced() {
    for seed in 0..100 {
        let mut g = Graph::default();
        let mut r = Random(seed);
        let (_, mut pool) = start(&mut g);
        for _ in 0..100 {
            grow(&mut g, &mut r, &mut pool);
        }
        let roots: Vec<(String, Expr)> = pool[9..].iter().map(|&e| ("Y".to_owned(), e)).collect();
        let latex = render(&g, &roots, Format::Latex);
        assert!(balanced(&latex), "seed {seed}: {latex}");
        let mathml = render(&g, &roots, Format::Mathml);
        assert!(nests(&mathml), "seed {seed}: {mathml}");
        for &e in &pool {
            assert!(balanced(&inline(&g, e, Format::Latex)) && balanced(&inline(&g, e, Format::Text)));
            assert!(nests(&inline(&g, e, Format::Mathml)));
        }
        assert_eq!(latex, render(&g, &roots, Format::Latex), "the same graph prints the same");
    }
}
