//! What every back end must do: products in any layout, maps and calls, against loops that cannot be wrong; and whole batches.

#[path = "conformance/batches.rs"]
mod batches;
#[path = "conformance/chains.rs"]
mod chains;
#[path = "conformance/functions.rs"]
mod functions;

use hesse::dynamic::{Backend, Cpu, Dynamic, Engine};
use hesse_compiler::{
    data::Bound,
    index::{
        DomainError, EntryValues, Executor, Failure, Functions, Reference, Setting,
        plan::{Action, Operand, Plan, Planned, Product},
    },
    number::Number,
    ops::{log::LOG, softmax::SOFTMAX},
    pipeline, syntax,
};
use hesse_tests::{batch_of, random, uniform};
use std::{borrow::Cow, ops::Range};

/// A random product: one to six letters, each in one to three of target and factors, in any order of axes, with gaps.
fn draw(seed: u64) -> (Product, [usize; 3]) {
    let mut state = 0;
    let mut below = |n: usize| {
        state += 1;
        (random("product", seed * 1000 + state) % n as u64) as usize
    };
    let letters = 1 + below(6);
    let extents: Vec<usize> = (0..letters).map(|_| [1, 2, 3, 5, 8, 17][below(6)]).collect();
    let roles: Vec<usize> = (0..letters).map(|_| 1 + below(7)).collect();
    let factors = below(3);
    let mut lengths = [1; 3];
    let mut operands = vec![];
    for (side, length) in lengths.iter_mut().enumerate() {
        let mut order: Vec<usize> = (0..letters).filter(|&l| roles[l] >> side & 1 == 1).collect();
        for k in (1..order.len()).rev() {
            order.swap(k, below(k + 1));
        }
        // a target that is written has no gaps
        let gap = if side == 0 { 0 } else { below(2) };
        let (mut strides, mut stride) = (vec![0; letters], 1);
        for l in order {
            strides[l] = if extents[l] == 1 { 0 } else { stride };
            stride = (stride + gap) * extents[l];
        }
        let offset = if side == 0 { 0 } else { below(3) };
        *length = stride + offset + 1 - usize::from(side == 0);
        operands.push(Operand { array: side, offset, strides });
    }
    let target = operands.remove(0);
    operands.truncate(factors);
    // all entries of the target are reached, so that it may be written as well as added to
    let first = below(2) == 0;
    let coefficient = Number::ratio(1 + below(5) as i128, 2);
    (Product { coefficient, extents, factors: operands, target, symmetric: None, exchange: vec![], first }, lengths)
}

/// A product whose first factor and target stay the same when two letters change places, and the entries of the factors.
fn draw_symmetric(seed: u64) -> (Product, [Vec<f64>; 2]) {
    let mut state = 0;
    let mut below = |n: usize| {
        state += 1;
        (random("symmetric", seed * 1000 + state) % n as u64) as usize
    };
    let n = 2 + below(9);
    // the two letters, two that are summed, two that the second factor alone has; one more of the first factor in some
    let extents = vec![n, n, 1 + below(5), 1 + below(9), 1 + below(4), 1 + below(7), if below(4) == 0 { 3 } else { 1 }];
    let mut strides = |letters: &[usize]| {
        let mut order = letters.to_vec();
        (1..order.len()).rev().for_each(|k| order.swap(k, below(k + 1)));
        let (mut strides, mut stride) = (vec![0; extents.len()], 1);
        for l in order {
            strides[l] = if extents[l] == 1 { 0 } else { stride };
            stride *= extents[l];
        }
        (strides, stride)
    };
    let [(c, _), (a, na), (b, nb)] = [&[0, 1, 4, 5, 6][..], &[0, 1, 2, 3, 6], &[2, 3, 4, 5]].map(&mut strides);
    let mut entries: Vec<f64> = (0..na).map(|i| uniform("first", seed * 7919 + i as u64)).collect();
    for k in 0..na {
        let (i, j) = (k / a[0] % n, k / a[1] % n);
        entries[k] = if i < j { entries[k + j * a[0] + i * a[1] - i * a[0] - j * a[1]] } else { entries[k] };
    }
    let other = (0..nb).map(|i| uniform("second", seed * 7919 + i as u64)).collect();
    let operand = |array, strides| Operand { array, offset: 0, strides };
    let (factors, first) = (vec![operand(1, a), operand(2, b)], below(2) == 0);
    let coefficient = Number::ratio(3, 2);
    let p = Product { coefficient, extents, factors, target: operand(0, c), symmetric: Some([0, 1]), exchange: vec![], first };
    (p, [entries, other])
}

/// A product that stays the same when one or two letters of the first factor change places with those of the second: both factors are
/// the same, but for a weight of what is summed; and the entries of the factors.
fn draw_exchange(seed: u64) -> (Product, [Vec<f64>; 2]) {
    let mut state = 0;
    let mut below = |n: usize| {
        state += 1;
        (random("exchange", seed * 1000 + state) % n as u64) as usize
    };
    let (m, n) = (1 + below(90), if below(2) == 0 { 1 } else { 1 + below(6) });
    // rows, columns, two that are summed, one of all
    let extents = vec![m, n, m, n, 1 + below(6), 1 + below(9), if below(4) == 0 { 3 } else { 1 }];
    let mut strides = |letters: &[usize]| {
        let mut order = letters.to_vec();
        (1..order.len()).rev().for_each(|k| order.swap(k, below(k + 1)));
        let (mut strides, mut stride) = (vec![0; extents.len()], 1);
        for l in order {
            strides[l] = if extents[l] == 1 { 0 } else { stride };
            stride *= extents[l];
        }
        (strides, stride)
    };
    let [(c, _), (a, na), (b, nb)] = [&[0, 1, 2, 3, 6][..], &[0, 1, 4, 5, 6], &[2, 3, 4, 5, 6]].map(&mut strides);
    let first: Vec<f64> = (0..na).map(|i| uniform("first", seed * 7919 + i as u64)).collect();
    let mut second = vec![0.0; nb];
    for k in 0..extents[0] * extents[1] * extents[4] * extents[5] * extents[6] {
        let mut rest = k;
        let mut next = |l: usize| {
            let at = rest % extents[l];
            rest /= extents[l];
            at
        };
        let at = [next(0), next(1), next(4), next(5), next(6)];
        let place = |o: &[usize], letters: [usize; 5]| at.iter().zip(letters).map(|(i, l)| i * o[l]).sum::<usize>();
        let weight = uniform("weight", (seed * 100 + at[2] as u64) * 100 + at[3] as u64);
        second[place(&b, [2, 3, 4, 5, 6])] = weight * first[place(&a, [0, 1, 4, 5, 6])];
    }
    let operand = |array, strides| Operand { array, offset: 0, strides };
    let (factors, written) = (vec![operand(1, a), operand(2, b)], below(2) == 0);
    let (coefficient, exchange) = (Number::ratio(3, 2), vec![[0, 2], [1, 3]]);
    (Product { coefficient, extents, factors, target: operand(0, c), symmetric: None, exchange, first: written }, [first, second])
}

/// The product by one loop over all letters.
fn naive(p: &Product, arrays: &[Vec<f64>]) -> Vec<f64> {
    let mut out = arrays[0].clone();
    // the first of its target leaves what it does not reach alone, as parts of it do
    for adds in [false, true].into_iter().skip(usize::from(!p.first)) {
        let mut at = vec![0; p.extents.len()];
        for _ in 0..p.extents.iter().product::<usize>() {
            let place = |o: &Operand| o.offset + at.iter().zip(&o.strides).map(|(i, s)| i * s).sum::<usize>();
            let target = &mut out[place(&p.target)];
            match adds {
                true => *target += p.factors.iter().fold(p.coefficient.to_f64(), |t, f| t * arrays[f.array][place(f)]),
                false => *target = 0.0,
            }
            for k in (0..at.len()).rev() {
                at[k] += 1;
                if at[k] < p.extents[k] {
                    break;
                }
                at[k] = 0;
            }
        }
    }
    out
}

/// Runs steps on arrays that are given; what the arrays of the results hold then.
fn run<E: Engine>(
    engine: &E,
    actions: Vec<Action>,
    given: &[Vec<f64>],
    blank: &[usize],
    results: &[usize],
) -> Result<Vec<Vec<f64>>, Failure> {
    let mut plan = Plan::default();
    for (k, entries) in given.iter().enumerate() {
        plan.inputs.push((k, k.to_string(), [1, entries.len()]));
        plan.arrays.push(entries.len());
    }
    plan.arrays.extend(blank);
    plan.words = plan.arrays.iter().map(|_| "an array".to_owned()).collect();
    plan.steps = actions.into_iter().map(|action| Planned { action, note: String::new(), last: vec![] }).collect();
    plan.outputs = results.iter().map(|&a| (a, [1, plan.arrays[a]])).collect();
    let ready = engine.ready(plan)?;
    let read = |name: &str, _: [usize; 2]| Ok(given[name.parse::<usize>().expect("a number")].as_slice().into());
    Ok(engine.run_ready(&ready, &read)?.values.into_iter().map(|m| m.data).collect())
}

/// Products in one plan, each with its own target and factors, against the loop over all letters.
fn products<E: Engine>(engine: &E, list: Vec<(Product, Vec<Vec<f64>>)>, tolerance: f64) {
    let (mut given, mut targets, mut actions, mut wanted) = (vec![], vec![], vec![], vec![]);
    for (p, entries) in list {
        wanted.push((p.to_string(), naive(&p, &entries)));
        let mut moved = p.clone();
        // targets are copied first: what is given stays as it is
        moved.target.array += given.len();
        moved.factors.iter_mut().for_each(|f| f.array += given.len());
        targets.push(given.len());
        given.extend(entries);
        actions.push(moved);
    }
    let copies: Vec<usize> = targets.iter().map(|&t| given[t].len()).collect();
    let first = given.len();
    let mut steps = vec![];
    for (k, mut p) in actions.into_iter().enumerate() {
        let whole = |array| Operand { array, offset: 0, strides: vec![1] };
        steps.push(Action::Product(Product {
            coefficient: Number::ONE,
            extents: vec![copies[k]],
            factors: vec![whole(targets[k])],
            target: whole(first + k),
            symmetric: None,
            exchange: vec![],
            first: true,
        }));
        p.target.array = first + k;
        steps.push(Action::Product(p));
    }
    let results: Vec<usize> = (0..copies.len()).map(|k| first + k).collect();
    let found = run(engine, steps, &given, &copies, &results).expect("products");
    assert_eq!(found.len(), wanted.len());
    for ((name, wanted), found) in wanted.iter().zip(&found) {
        let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (w, f) in wanted.iter().zip(found) {
            assert!((w - f).abs() <= tolerance * scale, "{name}: {f} in place of {w}");
        }
    }
}

/// Products that are large enough for tiles and for sums that threads share: sizes, strides, the pair that may change places.
fn large() -> Vec<(Product, Vec<Vec<f64>>)> {
    let product = |extents: &[usize], c: &[usize], a: &[usize], b: &[usize], pair: Option<[usize; 2]>, first: bool| {
        let length = |s: &[usize]| 1 + extents.iter().zip(s).map(|(n, s)| (n - 1) * s).sum::<usize>();
        let operand = |array, s: &[usize]| Operand { array, offset: 0, strides: s.to_vec() };
        let mut entries: Vec<Vec<f64>> = [c, a, b]
            .iter()
            .enumerate()
            .map(|(k, s)| (0..length(s)).map(|i| uniform("large", (k * 1_000_003 + i) as u64)).collect())
            .collect();
        if let Some([i, j]) = pair {
            // the same when the two letters change places
            for (side, s) in [c, a].iter().enumerate() {
                for at in 0..entries[side].len() {
                    let (x, y) = (at / s[i] % extents[i], at / s[j] % extents[j]);
                    if x < y {
                        entries[side][at] = entries[side][at + (y - x) * s[i] - (y - x) * s[j]];
                    }
                }
            }
        }
        let (factors, target) = (vec![operand(1, a), operand(2, b)], operand(0, c));
        let p = Product {
            coefficient: Number::ratio(3, 2),
            extents: extents.to_vec(),
            factors,
            target,
            symmetric: pair,
            exchange: vec![],
            first,
        };
        (p, entries)
    };
    // rows and columns of A D A' may change places; both factors are drawn alike
    let twins = |n: usize, k: usize, first: bool| {
        let (mut p, mut entries) = product(&[n, n, k], &[n, 1, 0], &[k, 0, 1], &[0, k, 1], None, first);
        p.exchange = vec![[0, 1]];
        entries[2] = (0..n * k).map(|i| entries[1][i] * uniform("weight", (i % k) as u64)).collect();
        entries[0].iter_mut().for_each(|x| *x = 0.5);
        (p, entries)
    };
    vec![
        twins(70, 33, true),
        twins(130, 20, false),
        twins(25, 14, false),
        // C = A B, C += A' B, C += A B' for each of two, rows of two letters
        product(&[70, 65, 33], &[65, 1, 0], &[33, 0, 1], &[0, 1, 65], None, true),
        product(&[70, 65, 33], &[65, 1, 0], &[1, 0, 70], &[0, 1, 65], None, false),
        product(&[2, 40, 33, 17], &[1320, 1, 40, 0], &[680, 17, 0, 1], &[561, 0, 17, 1], None, false),
        product(&[7, 9, 64, 20], &[576, 64, 1, 0], &[180, 20, 0, 1], &[0, 0, 1, 64], None, true),
        // one triangle: 12 and 13 letters that may change places
        product(&[12, 12, 40, 19], &[480, 40, 1, 0], &[228, 19, 0, 1], &[0, 0, 1, 40], Some([0, 1]), true),
        product(&[13, 13, 40, 19], &[520, 40, 1, 0], &[247, 19, 0, 1], &[0, 0, 1, 40], Some([0, 1]), false),
        // a long sum into few entries
        product(&[5, 3, 700], &[3, 1, 0], &[700, 0, 1], &[0, 700, 1], None, false),
    ]
}

/// The tests of an engine, to that relative tolerance, on so many drawn products of each kind.
fn conforms<E: Engine>(engine: &E, tolerance: f64, rounds: u64) {
    let mut written = 0;
    let drawn: Vec<_> = (0..3 * rounds)
        .map(|seed| {
            let (p, lengths) = draw(seed);
            written += usize::from(p.first);
            let entries = |k: usize| (0..lengths[k]).map(|i| uniform("entry", seed * 7919 + (k * 100_000 + i) as u64)).collect();
            (p, (0..3).map(entries).collect())
        })
        .collect();
    assert!(written as u64 > rounds);
    products(engine, drawn, tolerance);
    let half = |(p, [a, b]): (Product, [Vec<f64>; 2])| {
        let n: usize = p.extents.iter().zip(&p.target.strides).filter(|l| *l.1 != 0).map(|l| l.0).product();
        (p, vec![vec![0.5; n], a, b])
    };
    products(engine, (0..rounds).map(draw_symmetric).map(half).collect(), tolerance);
    products(engine, (0..rounds).map(draw_exchange).map(half).collect(), tolerance);
    products(engine, large(), tolerance);

    let logs = match &LOG.meaning {
        hesse_compiler::expr::Meaning::Entrywise { value, .. } => value,
        _ => panic!("a logarithm is entrywise"),
    };
    let map = || vec![Action::Map { name: "log", values: logs, parameters: vec![], argument: 0, target: 1 }];
    let found = run(engine, map(), &[vec![1.0, 2.0, 4.0]], &[3], &[1]).expect("logarithms of positive numbers");
    assert!((found[0][1] - 2f64.ln()).abs() < tolerance && (found[0][2] - 4f64.ln()).abs() < tolerance);
    match run(engine, map(), &[vec![1.0, -2.0]], &[2], &[1]) {
        Err(Failure::Domain(refused)) => assert!(refused.message.contains("entry 2"), "{refused:?}"),
        other => panic!("no logarithm: {other:?}"),
    }
    let hesse_compiler::expr::Meaning::Rowwise(rows) = &SOFTMAX.meaning else { panic!("softmax goes by rows") };
    let call = Action::Call { name: "softmax", values: rows, arguments: vec![(0, [2, 2])], sizes: vec![], target: 1, times: 2 };
    let found = run(engine, vec![call], &[vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 0.0, 0.0]], &[8], &[1]).expect("softmax has values");
    assert!(found[0].len() == 8 && found[0].iter().all(|x| (x - 0.5).abs() < tolerance), "{found:?}");
    let untouched = run(engine, vec![], &[vec![1.0]], &[3], &[1, 0]).expect("an array that nothing is added to");
    assert_eq!(untouched, [vec![0.0; 3], vec![1.0]], "an array that nothing was added to is zero");
    functions::of_rows(engine, tolerance);
    functions::of_matrices(engine, tolerance);
    chains::agree(engine, 10.0 * tolerance, rounds);
}

#[test]
fn cpu_in_double_precision() {
    for threads in 1..=3 {
        conforms(&Cpu::<f64>::new(threads), 1e-13, 200);
    }
}

#[test]
fn cpu_in_single_precision() {
    for threads in 1..=2 {
        conforms(&Cpu::<f32>::new(threads), 1e-4, 200);
    }
}

/// The same on an OpenCL device; where there is none, the tests fail and say so.
#[cfg(feature = "opencl")]
mod opencl {
    use super::{
        batches::{MODELS, batch},
        *,
    };
    use hesse::device::{Device, OpenCl};
    use hesse_tests::library::Library;
    use std::sync::atomic::Ordering;

    #[test]
    fn in_double_precision() {
        conforms(&Device::<f64, _>::new(OpenCl::new().expect("an OpenCL device")), 1e-12, 20);
    }

    #[test]
    fn in_single_precision() {
        conforms(&Device::<f32, _>::new(OpenCl::new().expect("an OpenCL device")), 1e-4, 10);
    }

    /// Steps that do not depend on each other run at the same time; the results are those of one after the other, bit by bit.
    #[test]
    fn steps_at_the_same_time_give_the_bits_of_steps_in_order() {
        let opened = || Device::<f64, _>::new(OpenCl::new().expect("an OpenCL device"));
        let devices = [Dynamic(opened()), Dynamic(opened().in_order())];
        for (text, query) in MODELS {
            let (mut m, bound) = batch(text, 5);
            let q = syntax::query(&mut m, query).expect("a query");
            let settings = pipeline::Settings { memory: 1 << 30, per_sample: false };
            let [apart, ordered] = devices.each_ref().map(|e| {
                // often enough for an order to differ
                (0..5)
                    .map(|_| {
                        pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values")[0].values
                            [0]
                        .clone()
                    })
                    .collect::<Vec<_>>()
            });
            assert_eq!(apart, ordered, "{text}\n{query}");
        }
    }

    /// A query of a model on a device and on the processor.
    fn same_as_the_processor(device: &dyn Executor, query: &str, text: &str, (mut m, bound): (syntax::Model, Bound)) {
        let q = syntax::query(&mut m, query).expect("a query");
        let settings = pipeline::Settings { memory: 1 << 30, per_sample: false };
        let mut value = |e: &dyn Executor| {
            pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values")[0].values[0].clone()
        };
        let (wanted, found) = (value(&Dynamic(Cpu::<f64>::new(1))), value(device));
        assert!(hesse_tests::distance(&wanted, &found) < 1e-12, "{text}\n{query}");
    }

    /// Large products go to the driver's library, where it has one: rows, columns and batches of all orders, and windows that overlap,
    /// which no library takes.
    #[test]
    fn large_products_by_a_library() {
        let layer = "dim L, d, k; input X: L × d; target Y: L × k; param W: k × d; param A: L × L\nloss mse(tanh(A X W'), Y)";
        let conv = "input X: 1 × 80; param W: 34 × 1 × 36; param A: 34 × 34\nF = A conv1d(X, W)\nloss sum(F ∘ F)";
        let attention = include_str!("../examples/attention.hesse");
        let gram = "dim L, d; input X: L × d; param A: d × d\nloss sum((X' X A) ∘ (A X' X)) / d";
        let table = [
            (layer, "A X", 1),
            (layer, "X' A'", 1),
            (layer, "A' Y", 1),
            (layer, "A Y", 1),
            (layer, "W X'", 1),
            (layer, "grad(loss, A)", 3),
            (layer, "hvp(loss, W, A)", 1),
            (gram, "grad(loss, A)", 3),
            (gram, "X A", 1),
            (gram, "X' X A", 2),
            (attention, "hvp(loss, Wq, Wk, Wv)", 2),
            (conv, "grad(loss, W)", 1),
        ];
        let mut all = 0;
        for (text, query, samples) in table {
            let (library, products) = Library::new();
            let device = Dynamic(Device::<f64, _>::new(library));
            let sizes = [("L", 130), ("d", 120), ("k", 110), ("dV", 70), ("dK", 66)];
            same_as_the_processor(&device, query, text, batch_of(text, samples, &sizes));
            all += products.load(Ordering::Relaxed);
        }
        assert!(all >= 7, "{all} products");
    }

    #[test]
    fn a_batch_at_once_is_the_mean_over_its_samples() {
        let device = Dynamic(Device::<f64, _>::new(OpenCl::new().expect("an OpenCL device")));
        for (text, query) in MODELS.iter().take(3) {
            same_as_the_processor(&device, query, text, batch(text, 5));
        }
    }
}

/// A product that is the first of its target may be done in parts, each of which leaves the rest alone.
#[test]
fn parts_of_a_product_leave_the_rest_alone() {
    let cpu = Cpu::<f64>::new(1);
    let mut parted = 0;
    for seed in 0..3000 {
        let (p, lengths) = draw(seed);
        let entries =
            |k: usize| (0..lengths[k]).map(|i| uniform("entry", seed * 7919 + (k * 100_000 + i) as u64)).collect::<Vec<f64>>();
        let arrays: Vec<Vec<f64>> = (0..3).map(entries).collect();
        let wanted = naive(&p, &arrays);
        let factors: Vec<Cow<[f64]>> = p.factors.iter().map(|f| Cow::from(&arrays[f.array])).collect();
        for l in (0..p.extents.len()).filter(|&l| p.first && p.extents[l] > 1 && p.target.strides[l] != 0) {
            let mut target = Cow::from(vec![f64::NAN; lengths[0]]);
            let half = p.extents[l] / 2;
            // the last part first: the other order is what a whole target gives
            for (begin, end) in [(half, p.extents[l]), (0, half)] {
                let mut part = p.clone();
                part.extents[l] = end - begin;
                part.factors.iter_mut().chain([&mut part.target]).for_each(|o| o.offset += begin * o.strides[l]);
                cpu.product(&part, &factors.iter().collect::<Vec<_>>(), &mut target);
            }
            let apart =
                wanted.iter().zip(&*target).fold(0.0f64, |m, (a, b)| if b.is_nan() { f64::NAN } else { m.max((a - b).abs()) });
            assert!(apart < 1e-10, "{apart:e} apart in parts along {l}: {p}");
            parted += 1;
        }
    }
    assert!(parted > 1000, "{parted}");
}

#[test]
fn large_products_are_shared_among_threads_without_a_change() {
    let extents = vec![37, 41, 29, 256];
    let target = Operand { array: 0, offset: 0, strides: vec![41 * 29, 29, 1, 0] };
    let factors = vec![
        Operand { array: 1, offset: 0, strides: vec![41 * 256, 256, 0, 1] },
        Operand { array: 2, offset: 0, strides: vec![0, 0, 256, 1] },
    ];
    let p = Product { coefficient: Number::ONE, extents, factors, target, symmetric: None, exchange: vec![], first: true };
    let data = |n: usize, name: &str| (0..n).map(|i| uniform(name, i as u64)).collect::<Vec<f64>>();
    let (a, b) = (Cow::from(data(37 * 41 * 256, "a")), Cow::from(data(29 * 256, "b")));
    let run = |threads: usize| {
        let cpu = Cpu::<f64>::new(threads);
        let mut c = cpu.blank(37 * 41 * 29);
        cpu.product(&p, &[&a, &b], &mut c);
        c
    };
    let one = run(1);
    assert!(run(2) == one && run(3) == one, "the same bits, however many threads");
}

/// Few rows and many of a factor whose rows are pages apart, near or far away, by rows and by columns of the target: each thread has other
/// rows than one alone.
#[test]
fn products_with_far_factors_are_shared_among_threads_without_a_change() {
    for [m, k, n] in [[2, 1100, 2000], [6, 700, 1100], [31, 1000, 600], [400, 300, 560], [530, 512, 512], [300, 200, 520]] {
        for by_rows in [true, false] {
            let operand = |array, strides: [usize; 3]| Operand { array, offset: 0, strides: strides.into() };
            let target = operand(0, if by_rows { [n, 0, 1] } else { [1, 0, m] });
            let (extents, factors) = (vec![m, k, n], vec![operand(1, [k, 1, 0]), operand(2, [0, n, 1])]);
            let p =
                Product { coefficient: Number::ONE, extents, factors, target, symmetric: None, exchange: vec![], first: true };
            let data = |n: usize, name: &str| (0..n).map(|i| uniform(name, i as u64)).collect::<Vec<f64>>();
            let (a, b) = (Cow::from(data(m * k, "a")), Cow::from(data(k * n, "b")));
            let run = |threads: usize| {
                let cpu = Cpu::<f64>::new(threads);
                let mut c = cpu.blank(m * n);
                cpu.product(&p, &[&a, &b], &mut c);
                c
            };
            let one = run(1);
            for (i, j) in [(0, 0), (m - 1, n - 1), (m / 2, n / 3)] {
                let wanted: f64 = (0..k).map(|q| a[i * k + q] * b[q * n + j]).sum();
                let got = one[if by_rows { i * n + j } else { j * m + i }];
                assert!((got - wanted).abs() < 1e-11, "{got}, not {wanted}");
            }
            assert!(run(2) == one && run(3) == one, "{m}×{k}×{n}: the same bits, however many threads");
        }
    }
}
