//! Plans whose steps go over the same rows, drawn: on devices those are chained in one kernel.

use super::run;
use hesse::dynamic::{Cpu, Engine};
use hesse_compiler::{
    emit::c::Kernels,
    expr::Meaning,
    index::plan::{Action, Operand, Plan, Planned, Product},
    number::Number,
    ops::{layernorm::LAYERNORM, rowstd::ROWSTD, softmax::SOFTMAX, tanh::TANH},
};
use hesse_tests::{random, uniform};

/// An array over the rows and its own axes: how its strides lie.
#[derive(Clone)]
struct Rows {
    array: usize,
    /// Extents of its own axes.
    own: Vec<usize>,
    /// Stride of the rows and of the own axes.
    rows: usize,
    strides: Vec<usize>,
}

/// Steps, what is given, lengths of the arrays that are made.
pub(super) struct Drawn {
    steps: Vec<Action>,
    given: Vec<Vec<f64>>,
    made: Vec<usize>,
    results: Vec<usize>,
}

impl Drawn {
    fn plan(&self) -> Plan {
        let arrays: Vec<usize> = self.given.iter().map(Vec::len).chain(self.made.iter().copied()).collect();
        let step = |action: &Action| Planned { action: action.clone(), note: String::new(), last: vec![] };
        Plan {
            words: arrays.iter().map(|_| "an array".to_owned()).collect(),
            inputs: self.given.iter().enumerate().map(|(k, a)| (k, k.to_string(), [1, a.len()])).collect(),
            steps: self.steps.iter().map(step).collect(),
            outputs: self.results.iter().map(|&a| (a, [1, arrays[a]])).collect(),
            arrays,
            ..Plan::default()
        }
    }
}

/// Products of rows with tables, sums within rows, entrywise functions and functions of rows, blocks on a diagonal, sums over rows.
pub(super) fn draw(seed: u64) -> Drawn {
    let mut state = 0;
    let mut below = |n: usize| {
        state += 1;
        (random("chain", seed * 1000 + state) % n as u64) as usize
    };
    let r = [1, 3, 7, 20, 70][below(5)];
    let sizes: Vec<usize> = (0..2).map(|_| [1, 2, 5, 16, 40][below(5)]).collect();
    let (mut given, mut steps, mut made): (Vec<Vec<f64>>, Vec<Action>, Vec<usize>) = (vec![], vec![], vec![]);
    // two arrays by rows, one of which has its rows as columns, and the tables that take rows of one size to another
    let mut known: Vec<Rows> = vec![];
    for (k, &n) in sizes.iter().enumerate() {
        let (rows, strides) = if below(3) == 0 { (1, vec![r]) } else { (n, vec![1]) };
        known.push(Rows { array: k, own: vec![n], rows, strides });
        given.push((0..r * n).map(|i| uniform("rows", seed * 7919 + (k * 10_000 + i) as u64)).collect());
    }
    for k in 0..4 {
        let n = sizes[k / 2] * sizes[k % 2];
        given.push((0..n).map(|i| uniform("table", seed * 7919 + (k * 10_000 + i) as u64)).collect());
    }
    let first_made = given.len();
    let whole = |array: usize, own: &[usize]| {
        let n: usize = own.iter().product();
        let strides = (0..own.len()).map(|k| own[k + 1..].iter().product()).collect();
        Rows { array, own: own.to_vec(), rows: n, strides }
    };
    for _ in 0..3 + below(9) {
        let (array, from) = (first_made + made.len(), known[below(known.len())].clone());
        let n: usize = from.own.iter().product();
        let flat = from.rows == n && from.own.len() == 1;
        let operand = |array, strides: &[usize]| Operand { array, offset: 0, strides: strides.to_vec() };
        let product = |coefficient, extents: &[usize], factors: Vec<Operand>, target: Operand, first| {
            let (extents, symmetric, exchange) = (extents.to_vec(), None, vec![]);
            let mut p = Product { coefficient, extents, factors, target, symmetric, exchange, first };
            // a letter of one value moves nothing
            for o in p.factors.iter_mut().chain([&mut p.target]) {
                o.strides.iter_mut().zip(&p.extents).filter(|s| *s.1 == 1).for_each(|s| *s.0 = 0);
            }
            Action::Product(p)
        };
        let half = Number::ratio(1, 2);
        match below(9) {
            // rows times a table
            0 | 1 if from.own.len() == 1 => {
                let k = sizes.iter().position(|s| *s == n).unwrap_or(0);
                let (other, table) = (sizes[1], 2 + 2 * k + 1);
                let to = whole(array, &[other]);
                let factors = vec![operand(from.array, &[from.rows, 0, from.strides[0]]), operand(table, &[0, 1, other])];
                steps.push(product(half, &[r, other, n], factors, operand(array, &[other, 1, 0]), true));
                made.push(r * other);
                known.push(to);
            }
            // a sum within rows, and the rows times it
            2 => {
                let to = whole(array, &[]);
                let mut strides = vec![from.rows];
                strides.extend(&from.strides);
                let extents: Vec<usize> = std::iter::once(r).chain(from.own.iter().copied()).collect();
                let mut target = vec![0; extents.len()];
                target[0] = 1;
                let factors = vec![operand(from.array, &strides), operand(from.array, &strides)];
                steps.push(product(half, &extents, factors, operand(array, &target), true));
                made.push(r);
                known.push(to);
            }
            3 if from.own.len() == 1 => {
                let by = known.iter().rev().find(|k| k.own.is_empty()).cloned();
                let Some(by) = by else { continue };
                let to = whole(array, &from.own);
                let factors = vec![operand(by.array, &[by.rows, 0]), operand(from.array, &[from.rows, from.strides[0]])];
                steps.push(product(Number::ONE, &[r, n], factors, operand(array, &[n, 1]), true));
                made.push(r * n);
                known.push(to);
            }
            // something is added to what was made before
            4 if from.own.len() == 1 => {
                let other =
                    known.iter().rev().find(|k| k.array >= first_made && k.own == from.own && k.array != from.array).cloned();
                let Some(other) = other else { continue };
                let factors = vec![operand(from.array, &[from.rows, from.strides[0]])];
                steps.push(product(half, &[r, n], factors, operand(other.array, &[other.rows, other.strides[0]]), false));
            }
            5 => {
                let Meaning::Entrywise { value, .. } = &TANH.meaning else { panic!("tanh is entrywise") };
                steps.push(Action::Map { name: "tanh", values: value, parameters: vec![], argument: from.array, target: array });
                made.push(r * n);
                known.push(Rows { array, ..from });
            }
            6 if flat && n > 1 => {
                let op = [&SOFTMAX, &LAYERNORM, &ROWSTD][below(3)];
                let Meaning::Rowwise(values) = &op.meaning else { panic!("{} goes by rows", op.name) };
                let (arguments, sizes) = (vec![(from.array, [r, n])], vec![]);
                steps.push(Action::Call { name: op.name, values, arguments, sizes, target: array, times: 1 });
                let own = if op.name == "rowstd" { vec![] } else { vec![n] };
                made.push(r * own.iter().product::<usize>());
                known.push(whole(array, &own));
            }
            // blocks on the diagonal: zeros between them
            7 if from.own.len() == 1 && n * r < 400 => {
                let factors = vec![
                    operand(from.array, &[from.rows, from.strides[0], 0]),
                    operand(from.array, &[from.rows, 0, from.strides[0]]),
                ];
                steps.push(product(half, &[r, n, n], factors, operand(array, &[n * r * n + n, n * r, 1]), r * n == 1 || r == 1));
                made.push(r * n * r * n);
            }
            // a sum over the rows ends a chain
            8 if from.own.len() == 1 => {
                let factors = vec![operand(from.array, &[from.rows, from.strides[0]])];
                steps.push(product(half, &[r, n], factors, operand(array, &[0, 1]), true));
                made.push(n);
            }
            _ => {}
        }
    }
    let results = (0..made.len()).filter(|k| k % 3 == 0 || k + 1 == made.len()).map(|k| first_made + k).collect();
    Drawn { steps, given, made, results }
}

/// Drawn chains by an engine, against the processor.
pub(super) fn agree<E: Engine>(engine: &E, tolerance: f64, rounds: u64) {
    let mut chained = 0;
    for seed in 0..rounds {
        let d = draw(seed);
        let kernels = Kernels::new(&d.plan()).expect("kernels");
        chained += usize::from(kernels.kernels.iter().any(|k| k.family == "chain"));
        let wanted = run(&Cpu::<f64>::new(1), d.steps.clone(), &d.given, &d.made, &d.results);
        let found = run(engine, d.steps.clone(), &d.given, &d.made, &d.results);
        let (Ok(wanted), Ok(found)) = (&wanted, &found) else {
            assert!(wanted.is_err() && found.is_err(), "{seed}: only one of them has values");
            continue;
        };
        for (w, f) in wanted.iter().zip(found) {
            let scale = w.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            for (a, b) in w.iter().zip(f) {
                assert!((a - b).abs() <= tolerance * scale, "{seed}: {b} in place of {a}\n{}", d.plan());
            }
        }
    }
    assert!(chained as u64 * 2 > rounds, "{chained} of {rounds} plans have chains");
}
