//! Every row, tested by being there: data are made from its signature, and what it says of itself is checked two ways.

#[path = "ops/draw.rs"]
mod draw;
#[path = "ops/facts.rs"]
mod facts;
#[path = "ops/kinks.rs"]
mod kinks;
#[path = "ops/shrink.rs"]
mod shrink;
#[path = "ops/values.rs"]
mod values;

use draw::{Call, MapInto, Mistakes, near, rows};
use hesse_compiler::{
    differentiate,
    expr::{Argument, Meaning},
    index::{Contraction, Run},
    lower,
    matrix::Matrix,
    scalar::Fp,
    syntax,
};
use std::collections::{BTreeMap, BTreeSet};

fn vec_r(m: &Matrix<f64>) -> Matrix<f64> {
    Matrix { rows: m.data.len(), cols: 1, data: m.data.clone() }
}

/// The shape that a signature gives is the shape of the value.
#[test]
fn values_have_the_shape_of_the_signature() {
    let mut seen = 0;
    for op in rows() {
        for mut call in Call::all(op) {
            assert!(call.is_itself(), "{} simplifies to something else", call.case);
            let y = call.y;
            let value = call.real(y, None);
            let shape = call.g.shape(y).clone();
            let size = |s: &str| call.sizes.get(s).copied();
            assert_eq!((shape.rows.eval(&size), shape.cols.eval(&size)), (Some(value.rows), Some(value.cols)), "{}", call.case);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

/// Dual numbers know nothing of the rows: their derivative is `J vec_r(dA)`.
#[test]
fn jacobians_are_those_of_dual_numbers() {
    let (mut seen, mut without, mut bad) = (0, BTreeSet::new(), Mistakes::default());
    for op in rows().filter(|op| !matches!(op.meaning, Meaning::Formula(_))) {
        for mut call in Call::all(op) {
            for slot in call.data.iter().map(|d| d.0).collect::<Vec<_>>() {
                let Ok(j) = call.jacobian(slot) else {
                    without.insert(op.name);
                    continue;
                };
                let d = call.direction(slot, 3);
                let y = call.y;
                let oracle = vec_r(&call.along(y, slot, &d));
                let ours = call.real(j, None).matmul(&vec_r(&d));
                bad.note(near(&ours, &oracle, &format!("J of {} in slot {slot}", call.case)));
                seen += 1;
            }
        }
    }
    bad.none();
    assert!(seen > 100, "{seen}");
    assert_eq!(without, BTreeSet::from(["cofactor2"]), "rows without a Jacobian");
}

/// Dual numbers over dual numbers: the mixed second derivative of `⟨D, Y⟩` is `u' S v`.
#[test]
fn curvatures_are_those_of_nested_dual_numbers() {
    let (mut seen, mut nonzero, mut without, mut bad) = (0, 0, BTreeSet::new(), Mistakes::default());
    for op in rows().filter(|op| !matches!(op.meaning, Meaning::Formula(_))) {
        for mut call in Call::all(op) {
            let slots: Vec<usize> = call.data.iter().map(|d| d.0).collect();
            for (&a, &b) in slots.iter().flat_map(|a| slots.iter().map(move |b| (a, b))) {
                let Ok(s) = call.curvature(a, b) else {
                    without.insert(op.name);
                    continue;
                };
                let (u, v) = (call.direction(a, 5), call.direction(b, 6));
                let second = call.along_two(a, &u, b, &v);
                let d = hesse_tests::draw("cotangent", 8, second.rows, second.cols, &[]);
                let oracle: f64 = second.data.iter().zip(&d.data).map(|(x, y)| x * y).sum();
                let ours = match s {
                    Some(s) => vec_r(&u).transpose().matmul(&call.real(s, Some(("cotangent", &d)))).matmul(&vec_r(&v)),
                    None => Matrix::scalar(0.0),
                };
                bad.note(near(&ours, &Matrix::scalar(oracle), &format!("S of {} in slots {a}, {b}", call.case)));
                seen += 1;
                nonzero += usize::from(oracle.abs() > 1e-6);
            }
        }
    }
    bad.none();
    assert!(seen > 120 && nonzero > 60, "{seen}, {nonzero}");
    assert_eq!(without, BTreeSet::from(["adj", "cofactor2"]), "rows without a curvature");
}

/// The Jacobian of a contraction is again a contraction: it equals the row's formula exactly, over a prime field.
#[test]
fn jacobians_of_contractions_are_exact() {
    let (mut seen, mut bad) = (0, Mistakes::default());
    for op in rows() {
        let Meaning::Contraction(text) = op.meaning else { continue };
        let contraction = Contraction::parse(text);
        for mut call in Call::all(op) {
            let exact = |m: &Matrix<f64>| m.map_into(|x| Fp::new((x * 1e6) as i128));
            let data: Vec<(String, Matrix<Fp>)> = call.data.iter().map(|(_, n, m)| (n.clone(), exact(m))).collect();
            // sizes of the letters: from the size arguments and from groups of one letter
            let mut letters: BTreeMap<char, usize> = BTreeMap::new();
            let sizes = op.parsed().arguments.into_iter().filter_map(|a| match a {
                Argument::Size(n) => Some(call.sizes[&n]),
                _ => None,
            });
            letters.extend(contraction.dims.iter().copied().zip(sizes));
            for (group, (_, m)) in contraction.inputs.iter().zip(&data) {
                for (side, extent) in group.iter().zip([m.rows, m.cols]) {
                    if side.chars().count() == 1 {
                        letters.extend(side.chars().map(|l| (l, extent)));
                    }
                }
            }
            for slot in 0..data.len() {
                let j = contraction.jacobian(slot);
                let others: Vec<&Matrix<Fp>> = data.iter().enumerate().filter(|(k, _)| *k != slot).map(|(_, d)| &d.1).collect();
                let dims: Vec<usize> = j.dims.iter().map(|l| letters[l]).collect();
                let by_contraction = j.eval(&others, &dims);
                let formula = call.jacobian(slot).expect("a multilinear operation has a Jacobian");
                let find = |s: &str| data.iter().find(|d| d.0 == s).map(|d| d.1.clone());
                let by_formula = call.eval::<Fp>(formula, &find).expect("a value over the prime field");
                bad.claim(by_formula == by_contraction, &format!("J of {} in slot {slot}", call.case));
                seen += 1;
            }
        }
    }
    bad.none();
    assert!(seen > 30, "{seen}");
}

/// `J` is itself differentiable, so that any order works: its derivative is that of dual numbers through its formula.
#[test]
fn jacobians_can_be_differentiated() {
    let (mut seen, mut without, mut bad) = (0, BTreeSet::new(), Mistakes::default());
    for op in rows().filter(|op| !matches!(op.meaning, Meaning::Formula(_))) {
        let mut call = Call::all(op).swap_remove(0);
        for slot in call.data.iter().map(|d| d.0).collect::<Vec<_>>() {
            let Ok(j) = call.jacobian(slot) else { continue };
            let name = call.data.iter().find(|d| d.0 == slot).expect("a slot").1.clone();
            let x = call.g.variable(&name).expect("declared").expr;
            let Ok(second) = differentiate::jacobian(&mut call.g, j, x) else {
                without.insert(op.name);
                continue;
            };
            let d = call.direction(slot, 9);
            let oracle = vec_r(&call.along(j, slot, &d));
            let ours = call.real(second, None).matmul(&vec_r(&d));
            bad.note(near(&ours, &oracle, &format!("derivative of J of {} in slot {slot}", call.case)));
            seen += 1;
        }
    }
    bad.none();
    assert!(seen > 40, "{seen}");
    assert_eq!(without, BTreeSet::from(["adj"]), "rows of which only the first derivative is known");
}

/// Lowered to an index program, values and derivatives of every row are what they are densely.
#[test]
fn rows_can_be_lowered() {
    let (mut seen, mut bad) = (0, Mistakes::default());
    for op in rows() {
        for mut call in Call::all(op) {
            let mut roots = vec![("value", call.y)];
            for (slot, ..) in call.data.clone() {
                roots.extend(call.jacobian(slot).ok().map(|j| ("J", j)));
                roots.extend(call.curvature(slot, slot).ok().flatten().map(|s| ("S", s)));
            }
            let y = call.y;
            let value = call.real(y, None);
            let cotangent = hesse_tests::draw("cotangent", 11, value.rows, value.cols, &[]);
            for (what, e) in roots {
                let e = syntax::expand(&mut call.g, e);
                let dense = call.real(e, Some(("cotangent", &cotangent)));
                let program = lower::lower(&call.g, &[e]);
                let data = |s: &str| match s {
                    "cotangent" => Some(cotangent.clone()),
                    s => call.data.iter().find(|d| d.1 == s).map(|d| d.2.clone()),
                };
                let run = Run { data: &data, size: &|s| call.sizes.get(s).copied(), memory: 1 << 30 };
                match run.run(&program) {
                    Ok(outcome) => bad.note(near(&outcome.values[0], &dense, &format!("{what} of {}", call.case))),
                    Err(e) => bad.claim(false, &format!("{what} of {}: {e:?}", call.case)),
                }
                seen += 1;
            }
        }
    }
    bad.none();
    assert!(seen > 300, "{seen}");
}
