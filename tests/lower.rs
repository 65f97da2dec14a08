//! Lowering keeps the value: random formulas, lowered and run, equal their dense reference over a prime field, exactly.

use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Graph, Kind, Shape},
    index::Run,
    lower::lower,
    matrix::Matrix,
    ops::{build::Build, inv::INV, slice::SLICE},
    scalar::{Fp, Scalar},
};
use hesse_tests::random;

fn size(name: &str) -> Option<usize> {
    Some(match name {
        "a" => 2,
        "b" => 3,
        "c" => 4,
        _ => return None,
    })
}

struct Draw {
    state: u64,
}
impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.state += 1;
        (random("draw", self.state) % n as u64) as usize
    }
}

/// A random formula of that shape.
fn formula(g: &mut Graph, d: &mut Draw, rows: &Dim, cols: &Dim, depth: usize) -> Expr {
    let names = [Dim::symbol("a"), Dim::symbol("b"), Dim::symbol("c")];
    let any = |d: &mut Draw| names[d.below(3)].clone();
    let shape = Shape::new(rows.clone(), cols.clone());
    if depth == 0 {
        return match d.below(6) {
            0 if rows == cols => g.eye(rows),
            1 => g.ones(&shape),
            _ => g.declare(&format!("V{}{}{}", d.below(2), rows, cols), shape, Kind::Const),
        };
    }
    let next = depth - 1;
    match d.below(14) {
        0 | 1 => {
            let k = any(d);
            let x = formula(g, d, rows, &k, next);
            let y = formula(g, d, &k, cols, next);
            g.mul(x, y)
        }
        2 => {
            let x = formula(g, d, rows, cols, next);
            let y = formula(g, d, rows, cols, next);
            g.sum(&[x, y])
        }
        3 => {
            let x = formula(g, d, cols, rows, next);
            g.transpose(x)
        }
        4 => {
            let x = formula(g, d, rows, cols, next);
            let y = formula(g, d, rows, cols, next);
            g.hadamard(x, y)
        }
        5 => {
            let (k, s) = (any(d), Dim::constant(1));
            let x = formula(g, d, &k, &s, next);
            let y = formula(g, d, rows, cols, next);
            let xx = g.transpose(x);
            let q = g.mul(xx, x);
            g.scale(q, y)
        }
        6 | 7 => {
            // (A ⊗ B) M (C ⊗ D): fused rows and columns meet split ones
            let (p, q) = (any(d), any(d));
            let n = &p * &q;
            let x = formula(g, d, rows, &n, next.min(1));
            let y1 = formula(g, d, &p, &p, next);
            let y2 = formula(g, d, &q, &q, next);
            let y = g.kron(y1, y2);
            let z = formula(g, d, &n, cols, next.min(1));
            let xy = g.mul(x, y);
            g.mul(xy, z)
        }
        8 => {
            let (p, q) = (any(d), any(d));
            let n = &p * &q;
            let x = formula(g, d, rows, &n, next.min(1));
            let k = g.commutation(&p, &q);
            let z = formula(g, d, &n, cols, next.min(1));
            let kz = g.mul(k, z);
            g.mul(x, kz)
        }
        9 => {
            // X diag(vec_r(M)) Z
            let (p, q) = (any(d), any(d));
            let n = &p * &q;
            let m = formula(g, d, &p, &q, next);
            let v = g.vec_r(m);
            let dv = g.diag(v);
            let x = formula(g, d, rows, &n, next.min(1));
            let z = formula(g, d, &n, cols, next.min(1));
            let dz = g.mul(dv, z);
            g.mul(x, dz)
        }
        10 => {
            // mat_r(K vec_r(M)): unequal splits on purpose
            let m = formula(g, d, cols, rows, next);
            let v = g.vec_r(m);
            g.mat_r(v, &shape)
        }
        11 => {
            let two = Dim::constant(2);
            let (r, c) = (rows + &two, cols + &two);
            let x = formula(g, d, &r, &c, next.min(1));
            let args = [Dim::constant(1 + d.below(2) as i64), Dim::constant(1 + d.below(2) as i64)];
            let one = Dim::constant(1);
            let dims = [args[0].clone(), &(&args[0] + rows) - &one, args[1].clone(), &(&args[1] + cols) - &one];
            let mut all = vec![x];
            for k in &dims {
                all.push(g.dim(k));
            }
            g.apply(&SLICE, &all)
        }
        12 => {
            // E' M E with boxes of the identity: zeros around a smaller matrix
            let big_r = rows + &Dim::symbol("a");
            let one = Dim::constant(1);
            let eye = g.eye(&big_r);
            let first = if d.below(2) == 0 { one.clone() } else { &Dim::symbol("a") + &one };
            let last = &(&first + rows) - &one;
            let dims = [first, last, one, big_r.clone()];
            let mut all = vec![eye];
            for k in &dims {
                all.push(g.dim(k));
            }
            let e = g.apply(&SLICE, &all); // rows × big
            let m = formula(g, d, rows, cols, next);
            let et = g.transpose(e);
            let wide = g.mul(et, m); // big × cols
            let x = formula(g, d, rows, &big_r, 0);
            g.mul(x, wide)
        }
        _ if rows == cols => {
            let x = formula(g, d, rows, cols, next);
            let z = g.apply(&INV, &[x]);
            let y = formula(g, d, rows, cols, next);
            g.mul(z, y)
        }
        _ => formula(g, d, rows, cols, next),
    }
}

#[test]
fn lowered_formulas_keep_their_value() {
    let mut compared = 0;
    for seed in 0..1500u64 {
        let mut g = Graph::default();
        let mut d = Draw { state: seed * 1_000_003 };
        let names = [Dim::symbol("a"), Dim::symbol("b"), Dim::symbol("c")];
        let (r, c) = (names[d.below(3)].clone(), names[d.below(3)].clone());
        let depth = 1 + d.below(4);
        let e = formula(&mut g, &mut d, &r, &c, depth);
        let data = |name: &str| {
            let s = &g.variable(name)?.shape;
            let (rows, cols) = (s.rows.eval(&size)?, s.cols.eval(&size)?);
            Some(Matrix::from_fn(rows, cols, |i, j| Fp::int((random(name, seed * 977 + (i * 31 + j) as u64) >> 20) as i64)))
        };
        let Ok(want) = g.eval::<Fp>(e, &data, &size) else { continue };
        let program = lower(&g, &[e]);
        let got = Run { data: &data, size: &size, memory: 1 << 30 }.run(&program);
        assert_eq!(got.map(|o| o.values[0].clone()), Ok(want), "seed {seed}\n{program}");
        compared += 1;
    }
    assert!(compared > 1000, "only {compared} formulas were compared");
}
