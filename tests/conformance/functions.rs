//! Functions of rows, of entries and of whole matrices, against their values.

use super::*;

/// Every function of rows and of entries that has rows in `ops`, on short and long rows, against the rows themselves.
pub(super) fn of_rows<E: Engine>(engine: &E, tolerance: f64) {
    use hesse_compiler::{expr::Meaning, ops::ALL};
    let (mut steps, mut wanted, mut blank) = (vec![], vec![], vec![]);
    let shapes = [[5, 3], [3, 150], [2, 700]];
    let given: Vec<Vec<f64>> = (shapes.iter().enumerate())
        .map(|(k, [m, n])| (0..m * n).map(|i| 2.0 * uniform("rows", (k * 10_000 + i) as u64)).collect())
        .collect();
    let positive: Vec<f64> = given[0].iter().map(|x| x.abs() + 0.1).collect();
    let inputs: Vec<Vec<f64>> = given.iter().cloned().chain([positive.clone()]).collect();
    for op in ALL {
        match &op.meaning {
            Meaning::Rowwise(values) => {
                for (k, shape) in shapes.iter().enumerate() {
                    let matrix = hesse_compiler::matrix::Matrix { rows: shape[0], cols: shape[1], data: given[k].clone() };
                    let value = (values.real)(&[&matrix], &[]).expect("a value");
                    let target = inputs.len() + blank.len();
                    let (arguments, sizes) = (vec![(k, *shape)], vec![]);
                    steps.push(Action::Call { name: op.name, values, arguments, sizes, target, times: 1 });
                    blank.push(value.data.len());
                    wanted.push((op.name, value.data));
                }
            }
            Meaning::Entrywise { value, .. } => {
                let lists: &[&[Number]] = match op.signature.matches('#').count() {
                    0 => &[&[]],
                    _ => &[
                        &[Number::Ratio(-1, 2)],
                        &[Number::Ratio(1, 2)],
                        &[Number::Ratio(3, 1)],
                        &[Number::Ratio(-2, 1)],
                        &[Number::Ratio(4, 3)],
                    ],
                };
                for parameters in lists {
                    let target = inputs.len() + blank.len();
                    let mut data = vec![0.0; positive.len()];
                    (value.real)(&positive, parameters, &mut data);
                    let parameters = parameters.to_vec();
                    steps.push(Action::Map { name: op.name, values: value, parameters, argument: 3, target });
                    blank.push(data.len());
                    wanted.push((op.name, data));
                }
            }
            _ => {}
        }
    }
    assert!(wanted.len() > 40, "{} functions", wanted.len());
    let results: Vec<usize> = (0..blank.len()).map(|k| inputs.len() + k).collect();
    let found = run(engine, steps, &inputs, &blank, &results).expect("values");
    for ((name, wanted), found) in wanted.iter().zip(&found) {
        let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (w, f) in wanted.iter().zip(found) {
            assert!((w - f).abs() <= tolerance * scale, "{name}: {f} in place of {w}");
        }
    }
}

/// Functions of matrices, of one and of several at once, against their values; then singular ones.
pub(super) fn of_matrices<E: Engine>(engine: &E, tolerance: f64) {
    use hesse_compiler::{expr::Meaning, matrix::Matrix, ops};
    let square = [&ops::inv::INV, &ops::det::DET, &ops::logdet::LOGDET, &ops::adj::ADJ];
    let any = [&ops::normf::NORMF, &ops::unit::UNIT, &ops::max::MAX, &ops::argmax::ARGMAX, &ops::norm2::NORM2];
    let any = any.into_iter().chain([&ops::norm2_grad::NORM2_GRAD]);
    let (mut steps, mut given, mut blank, mut wanted): (Vec<Action>, Vec<Vec<f64>>, Vec<usize>, Vec<_>) = Default::default();
    let shapes = [([1, 1], 1), ([3, 3], 2), ([8, 8], 1), ([20, 20], 3), ([4, 7], 2), ([9, 2], 1), ([1, 5], 1), ([140, 3], 1)];
    for ([m, n], times) in shapes {
        let entry = |t: usize, i: usize, j: usize| {
            let x = uniform("matrix", ((n * 10 + t) * 100_000 + i * n + j) as u64) / (n as f64).sqrt();
            // columns in another order, so that pivots are looked for
            if (i + 1) % n == j { 2.0 + x } else { x }
        };
        given.push((0..times * m * n).map(|at| entry(at / (m * n), at / n % m, at % n)).collect());
    }
    for (k, ([m, n], times)) in shapes.into_iter().enumerate() {
        for op in square.into_iter().filter(|_| m == n).chain(any.clone()) {
            let Meaning::Function(values) = &op.meaning else { panic!("{} is a function of matrices", op.name) };
            let matrix = |t: usize| Matrix { rows: m, cols: n, data: given[k][t * m * n..(t + 1) * m * n].to_vec() };
            let value = |t| (values.real)(&[&matrix(t)], &[]);
            let Ok(data) = (0..times).map(value).collect::<Result<Vec<_>, _>>() else { continue };
            let data: Vec<f64> = data.into_iter().flat_map(|m| m.data).collect();
            let (arguments, target) = (vec![(k, [m, n])], given.len() + blank.len());
            steps.push(Action::Call { name: op.name, values, arguments, sizes: vec![], target, times });
            blank.push(data.len());
            wanted.push((op.name, data));
        }
    }
    assert!(wanted.len() > 55, "{} functions", wanted.len());
    let results: Vec<usize> = (0..blank.len()).map(|k| given.len() + k).collect();
    let found = run(engine, steps, &given, &blank, &results).expect("values");
    for ((name, wanted), found) in wanted.iter().zip(&found) {
        let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (w, f) in wanted.iter().zip(found) {
            assert!((w - f).abs() <= 100.0 * tolerance * scale, "{name}: {f} in place of {w}");
        }
    }
    singular(engine, tolerance);
}

/// Functions of matrices where they are singular, of zeros, and where the largest singular value is not simple.
fn singular<E: Engine>(engine: &E, tolerance: f64) {
    use hesse_compiler::{expr::Meaning, expr::Op, ops};
    let call = |op: &'static Op, matrix: &[f64], [m, n]: [usize; 2], width: usize| {
        let Meaning::Function(values) = &op.meaning else { panic!("{} is a function of matrices", op.name) };
        let action = Action::Call { name: op.name, values, arguments: vec![(0, [m, n])], sizes: vec![], target: 1, times: 1 };
        run(engine, vec![action], &[matrix.to_vec()], &[width], &[1]).map(|r| r[0].clone())
    };
    let (two, three) = ([1.0, 2.0, 2.0, 4.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let turned = [0.6, -0.8, 0.8, 0.6];
    type Row<'a> = (&'static Op, &'a [f64], [usize; 2], &'a [f64]);
    let rows: [Row; 9] = [
        (&ops::det::DET, &two, [2, 2], &[0.0]),
        (&ops::det::DET, &three, [3, 3], &[0.0]),
        (&ops::det::DET, &[0.0; 9], [3, 3], &[0.0]),
        (&ops::adj::ADJ, &two, [2, 2], &[4.0, -2.0, -2.0, 1.0]),
        (&ops::adj::ADJ, &three, [3, 3], &[-3.0, 6.0, -3.0, 6.0, -12.0, 6.0, -3.0, 6.0, -3.0]),
        (&ops::adj::ADJ, &[0.0], [1, 1], &[1.0]),
        (&ops::norm2::NORM2, &[0.0; 6], [2, 3], &[0.0]),
        (&ops::norm2_grad::NORM2_GRAD, &[0.0; 6], [2, 3], &[0.0; 6]),
        (&ops::norm2::NORM2, &turned, [2, 2], &[1.0]),
    ];
    for (op, matrix, shape, wanted) in rows {
        let found = call(op, matrix, shape, wanted.len()).expect("a value");
        let apart = wanted.iter().zip(&found).fold(0.0f64, |d, (w, f)| d.max((w - f).abs()));
        assert!(apart <= 100.0 * tolerance, "{} of {matrix:?}: {found:?}", op.name);
    }
    let refused: [(&'static Op, &[f64], usize, &str); 4] = [
        (&ops::inv::INV, &two, 2, "singular"),
        (&ops::logdet::LOGDET, &two, 2, "zero"),
        (&ops::logdet::LOGDET, &[0.0, 1.0, 1.0, 0.0], 2, "negative"),
        (&ops::logdet::LOGDET, &[-2.0], 1, "negative"),
    ];
    for (op, matrix, n, why) in refused {
        match call(op, matrix, [n, n], if op.name == "inv" { n * n } else { 1 }) {
            Err(Failure::Domain(e)) => assert!(e.message.contains(why), "{e:?}"),
            other => panic!("{} of {matrix:?} has no value: {other:?}", op.name),
        }
    }
}
