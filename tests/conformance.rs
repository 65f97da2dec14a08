//! What every back end must do: products in any layout, maps and calls, against loops that cannot be wrong; and whole batches.

use hesse::dynamic::{Backend, Cpu, Dynamic};
use hesse_compiler::{
    data::{self, Bound},
    index::{
        DomainError, EntryValues, Executor, Functions, Reference, Setting,
        plan::{Operand, Plan, Product},
    },
    number::Number,
    ops::{log::LOG, softmax::SOFTMAX},
    pipeline, syntax,
};
use hesse_tests::{model, random, uniform};
use std::collections::BTreeMap;

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
    if p.first {
        out.fill(0.0);
    }
    let mut at = vec![0; p.extents.len()];
    for _ in 0..p.extents.iter().product::<usize>() {
        let place = |o: &Operand| o.offset + at.iter().zip(&o.strides).map(|(i, s)| i * s).sum::<usize>();
        out[place(&p.target)] += p.factors.iter().fold(p.coefficient.to_f64(), |t, f| t * arrays[f.array][place(f)]);
        for k in (0..at.len()).rev() {
            at[k] += 1;
            if at[k] < p.extents[k] {
                break;
            }
            at[k] = 0;
        }
    }
    out
}

/// The tests of a back end, to that relative tolerance.
fn conforms<B: Backend>(backend: &B, tolerance: f64) {
    let (mut products, mut written) = (0, 0);
    for seed in 0..600 {
        let (p, lengths) = draw(seed);
        let entries: Vec<Vec<f64>> =
            (0..3).map(|k| (0..lengths[k]).map(|i| uniform("entry", seed * 7919 + (k * 100_000 + i) as u64)).collect()).collect();
        let arrays: Vec<B::Array> = entries.iter().map(|e| backend.upload(e)).collect();
        let mut target = backend.upload(&entries[0]);
        let factors: Vec<&B::Array> = p.factors.iter().map(|f| &arrays[f.array]).collect();
        backend.product(&p, &factors, &mut target);
        let (wanted, found) = (naive(&p, &entries), backend.finish(target));
        let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (w, f) in wanted.iter().zip(&found) {
            assert!((w - f).abs() <= tolerance * scale, "{p}: {f} in place of {w}");
        }
        products += 1;
        written += usize::from(p.first);
    }
    assert!(products == 600 && written > 200);
    let halves = (0..200).map(draw_symmetric).chain((0..200).map(draw_exchange));
    for (p, [a, b]) in halves {
        let c = vec![0.5; p.extents.iter().zip(&p.target.strides).filter(|l| *l.1 != 0).map(|l| l.0).product()];
        let mut target = backend.upload(&c);
        backend.product(&p, &[&backend.upload(&a), &backend.upload(&b)], &mut target);
        let (wanted, found) = (naive(&p, &[c, a, b]), backend.finish(target));
        let scale = wanted.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        for (w, f) in wanted.iter().zip(&found) {
            assert!((w - f).abs() <= tolerance * scale, "symmetric {p}: {f} in place of {w}");
        }
    }
    let logs = &match &LOG.meaning {
        hesse_compiler::expr::Meaning::Entrywise { value, .. } => value,
        _ => panic!("a logarithm is entrywise"),
    };
    let found = backend.map("log", logs, &[], &backend.upload(&[1.0, 2.0, 4.0])).map(|a| backend.finish(a));
    let found = found.expect("logarithms of positive numbers");
    assert!((found[1] - 2f64.ln()).abs() < tolerance && (found[2] - 4f64.ln()).abs() < tolerance);
    let refused = backend.map("log", logs, &[], &backend.upload(&[1.0, -2.0])).err().expect("no logarithm");
    assert!(refused.message.contains("entry 2"), "{refused:?}");
    let hesse_compiler::expr::Meaning::Rowwise(rows) = &SOFTMAX.meaning else { panic!("softmax goes by rows") };
    let input = backend.upload(&[0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 0.0, 0.0]);
    let found = backend.call(rows, &[(&input, [2, 2])], &[], 2).map(|a| backend.finish(a)).expect("softmax has values");
    assert!(found.len() == 8 && found.iter().all(|x| (x - 0.5).abs() < tolerance), "{found:?}");
    backend.recycle(backend.blank(3));
    assert_eq!(backend.finish(backend.zeros(3)), [0.0; 3], "zeros are zeros even where there was something before");
}

#[test]
fn cpu_in_double_precision() {
    for threads in 1..=3 {
        conforms(&Cpu::<f64>::new(threads), 1e-13);
    }
}

#[test]
fn cpu_in_single_precision() {
    for threads in 1..=2 {
        conforms(&Cpu::<f32>::new(threads), 1e-4);
    }
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
    let (a, b) = (data(37 * 41 * 256, "a"), data(29 * 256, "b"));
    let run = |threads: usize| {
        let cpu = Cpu::<f64>::new(threads);
        let mut c = cpu.blank(37 * 41 * 29);
        cpu.product(&p, &[&a, &b], &mut c);
        c
    };
    let one = run(1);
    assert!(run(2) == one && run(3) == one, "the same bits, however many threads");
}

/// Products as one loop over all letters: with it the planner is tested, without the products of a real back end.
struct Naive(Cpu<f64>);

impl Backend for Naive {
    type Array = Vec<f64>;

    fn zeros(&self, n: usize) -> Vec<f64> {
        vec![0.0; n]
    }
    fn blank(&self, n: usize) -> Vec<f64> {
        vec![f64::NAN; n]
    }
    fn recycle(&self, _: Vec<f64>) {}
    fn upload(&self, entries: &[f64]) -> Vec<f64> {
        entries.to_vec()
    }
    fn download(&self, array: &Vec<f64>) -> Vec<f64> {
        array.clone()
    }
    fn product(&self, p: &Product, factors: &[&Vec<f64>], target: &mut Vec<f64>) {
        let mut all = vec![target.clone()];
        all.extend(factors.iter().map(|f| (*f).clone()));
        let mut p = p.clone();
        p.target.array = 0;
        p.factors.iter_mut().enumerate().for_each(|(k, f)| f.array = k + 1);
        *target = naive(&p, &all);
    }
    fn map(&self, name: &'static str, f: &EntryValues, p: &[Number], a: &Vec<f64>) -> Result<Vec<f64>, DomainError> {
        self.0.map(name, f, p, a)
    }
    fn call(
        &self,
        f: &Functions,
        arguments: &[(&Vec<f64>, [usize; 2])],
        sizes: &[usize],
        times: usize,
    ) -> Result<Vec<f64>, DomainError> {
        self.0.call(f, arguments, sizes, times)
    }
}

/// Models with what a batch can meet: sums over samples, results that do not vary, functions of matrices, means that are read again.
const MODELS: &[(&str, &str)] = &[
    (
        "dim n, k; input x: n; target y: k; param W: k × n; param V: k × k\nh = tanh(W x)\nloss mse(V h, y) + sum(W .* W) / 7",
        "hessian(loss)",
    ),
    (
        "dim L, d; input X: L × d; target Y: L × d; param Wq, Wk: d × d\nA = softmax(X Wq Wk' X')\nloss mse(A X, Y)",
        "hessian(loss, Wq, Wk)",
    ),
    ("dim n; input x: n; param A: n × n\nloss log(1 + x' A A' x)", "hvp(loss, A)"),
    ("dim n; input x: n; param A: n × n; target y: n\nloss mse(A x, y)", "grad(loss, A)"),
    ("dim n; input x: n; param A: n × n; target y: n\nloss mse(A x, y)", "A' A"),
    ("dim n; input x: n; param A: n × n; target y: n\nloss mse(A x, y)", "norm2(hessian(loss))"),
    ("dim n; input X: n × n; param A: n × n; target y: n\nloss log(det(A + X X' + 9 I(n)))", "hessian(loss, A, A)"),
    ("dim L, d; input X: L × d; param g: d; target Y: L × d\nloss mse(layernorm(X, g, g), Y)", "hessian(loss, g, g)"),
];

fn batch(text: &str, samples: usize) -> (syntax::Model, Bound) {
    let m = model(text);
    let sizes: BTreeMap<String, usize> = [("n", 4), ("k", 3), ("L", 5), ("d", 3)].map(|(n, s)| (n.to_owned(), s)).into();
    let used: BTreeMap<String, usize> = sizes.into_iter().filter(|(n, _)| m.sizes.iter().any(|s| s == n)).collect();
    let shared = data::random(&m, 1, &used).expect("random data");
    let mut bound = data::bind(&m, &shared).expect("data that fit");
    let inputs: Vec<String> = (m.graph.variables())
        .filter(|(_, v)| matches!(v.kind, hesse_compiler::expr::Kind::Input | hesse_compiler::expr::Kind::Target))
        .map(|(name, _)| name.to_owned())
        .collect();
    for k in 0..samples {
        let other = data::bind(&m, &data::random(&m, 100 + k as u64, &used).expect("random data")).expect("data that fit");
        bound.samples.push(inputs.iter().map(|n| (n.clone(), other.shared[n].clone())).collect());
    }
    inputs.iter().for_each(|n| {
        bound.shared.remove(n);
    });
    bound.batched = true;
    (m, bound)
}

#[test]
fn a_batch_at_once_is_the_mean_over_its_samples() {
    let mut compared = 0;
    for (text, query) in MODELS {
        for samples in [2, 5, 7] {
            let (mut m, bound) = batch(text, samples);
            let q = syntax::query(&mut m, query).unwrap_or_else(|d| panic!("{query}: {}", d[0].message));
            let settings = pipeline::Settings { memory: 1 << 30, per_sample: false };
            let slow = pipeline::evaluate(&mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
            let run = |e: &dyn Executor, m: &mut syntax::Model| {
                pipeline::evaluate_on(e, m, std::slice::from_ref(&q), &bound, &settings).expect("values")[0].values[0].clone()
            };
            let wanted = &slow[0].values[0];
            let apart = |m: &hesse_compiler::matrix::Matrix<f64>| hesse_tests::distance(wanted, m);
            let planned = apart(&run(&Dynamic(Naive(Cpu::new(1))), &mut m));
            assert!(planned < 1e-12, "{text}\n{query} of {samples}: the plan is {planned:e} off");
            let one = run(&Dynamic(Cpu::<f64>::new(1)), &mut m);
            assert!(apart(&one) < 1e-12, "{text}\n{query} of {samples}");
            for threads in [2, 3] {
                let more = run(&Dynamic(Cpu::<f64>::new(threads)), &mut m);
                assert_eq!(one, more, "the same bits by {threads} threads: {text}\n{query} of {samples}");
            }
            assert!(apart(&run(&Dynamic(Cpu::<f32>::new(2)), &mut m)) < 1e-4, "{text}\n{query} of {samples} in f32");
            compared += 1;
        }
    }
    assert_eq!(compared, 3 * MODELS.len());
}

#[test]
fn a_batch_that_does_not_fit_is_computed_in_parts() {
    let (mut m, bound) = batch(MODELS[1].0, 7);
    let q = syntax::query(&mut m, MODELS[1].1).expect("a query");
    let program = pipeline::program(&mut m, &q).expect("a program");
    let size = |name: &str| bound.sizes.get(name).copied();
    let varying: std::collections::BTreeSet<String> = bound.samples[0].keys().cloned().collect();
    let cpu = Dynamic(Cpu::<f64>::new(1));
    let with = |memory: u128| {
        let setting = Setting { size: &size, memory, samples: 7, varying: varying.clone() };
        cpu.prepare(&program, setting).map(|p| (p.mean(&bound.shared, &bound.samples).expect("values").values, p.plan()))
    };
    let one = Plan::new(&program, &size).expect("a plan").peak * 8;
    let (whole, plan) = with(1 << 30).expect("it fits");
    let (parts, other) = with(one * 3).expect("parts fit");
    assert_ne!(plan, other, "fewer samples at once");
    assert!(hesse_tests::distance(&whole[0], &parts[0]) < 1e-13);
    assert!(with(100).is_err(), "nothing fits in a hundred bytes");
    let setting = Setting { size: &size, memory: 1 << 30, samples: 7, varying };
    let slow = Reference.prepare(&program, setting).expect("ready").mean(&bound.shared, &bound.samples).expect("values");
    assert!(hesse_tests::distance(&whole[0], &slow.values[0]) < 1e-12);
}
