//! Runs every family of kernels once, small, on the first OpenCL device: `clean`, or with one barrier removed: `tile`, `lanes`,
//! `matrix`, `chain`.
//!
//! `device.rs` runs it under Oclgrind, which tells of races and of places outside of arrays.

use hesse::{
    device::{Api, Device, OpenCl},
    dynamic::{Cpu, Engine},
};
use hesse_compiler::{
    emit::c::{Dialect, Kernels, Precision, Task},
    expr::Meaning,
    index::plan::{Action, Operand, Plan, Planned, Product},
    number::Number,
    ops::{
        adj::ADJ, det::DET, gelu::GELU, inv::INV, layernorm::LAYERNORM, logdet::LOGDET, norm2::NORM2, norm2_grad::NORM2_GRAD,
        rowargmax::ROWARGMAX, softmax::SOFTMAX,
    },
};
use hesse_tests::uniform;

/// A plan of one step on so many entries each, the last of which are written.
fn plan(action: Action, given: &[usize], result: usize) -> Plan {
    let mut plan = Plan { arrays: [given, &[result]].concat(), ..Plan::default() };
    plan.words = plan.arrays.iter().map(|_| "an array".to_owned()).collect();
    plan.inputs = given.iter().enumerate().map(|(k, &n)| (k, k.to_string(), [1, n])).collect();
    plan.steps.push(Planned { action, note: String::new(), last: vec![] });
    plan.outputs.push((given.len(), [1, result]));
    plan
}

fn product(extents: &[usize], c: &[usize], a: &[usize], b: &[usize], symmetric: Option<[usize; 2]>) -> Plan {
    let length = |s: &[usize]| 1 + extents.iter().zip(s).map(|(n, s)| (n - 1) * s).sum::<usize>();
    let operand = |array, s: &[usize]| Operand { array, offset: 0, strides: s.to_vec() };
    let (factors, target) = (vec![operand(0, a), operand(1, b)], operand(2, c));
    let p = Product {
        coefficient: Number::ratio(3, 2),
        extents: extents.to_vec(),
        factors,
        target,
        symmetric,
        exchange: vec![],
        first: true,
    };
    plan(Action::Product(p), &[length(a), length(b)], length(c))
}

/// `(A ∘ (V - rowsum(A ∘ V))) U` for `A = softmax(X W)`: products, a function of rows and sums within them, in one kernel.
fn chain([m, k, n]: [usize; 3]) -> Plan {
    let operand = |array, s: &[usize]| Operand { array, offset: 0, strides: s.to_vec() };
    let product = |coefficient: i64, extents: &[usize], factors: Vec<Operand>, target: Operand, first: bool| {
        let (extents, symmetric, exchange) = (extents.to_vec(), None, vec![]);
        Action::Product(Product { coefficient: Number::int(coefficient), extents, factors, target, symmetric, exchange, first })
    };
    let Meaning::Rowwise(values) = &SOFTMAX.meaning else { panic!("softmax goes by rows") };
    let by_rows = |array| operand(array, &[n, 1]);
    let steps = vec![
        product(1, &[m, n, k], vec![operand(0, &[k, 0, 1]), operand(1, &[0, 1, n])], operand(4, &[n, 1, 0]), true),
        Action::Call { name: "softmax", values, arguments: vec![(4, [m, n])], sizes: vec![], target: 5, times: 1 },
        product(1, &[m, n], vec![by_rows(5), by_rows(2)], operand(6, &[1, 0]), true),
        product(1, &[m, n], vec![by_rows(2)], by_rows(7), true),
        product(-1, &[m, n], vec![operand(6, &[1, 0])], by_rows(7), false),
        product(2, &[m, n], vec![by_rows(5), by_rows(7)], by_rows(8), true),
        product(1, &[m, n, n], vec![operand(8, &[n, 0, 1]), operand(3, &[0, 1, n])], operand(9, &[n, 1, 0]), true),
    ];
    let arrays = vec![m * k, k * n, m * n, n * n, m * n, m * n, m, m * n, m * n, m * n];
    let words = arrays.iter().map(|_| "an array".to_owned()).collect();
    let inputs = (0..4).map(|a| (a, a.to_string(), [1, arrays[a]])).collect();
    let steps = steps.into_iter().map(|action| Planned { action, note: String::new(), last: vec![] }).collect();
    Plan { outputs: vec![(9, [m, n])], arrays, words, inputs, steps, ..Plan::default() }
}

fn families() -> Vec<Plan> {
    let rows = |op: &'static hesse_compiler::expr::Op, m: usize, n: usize| {
        let Meaning::Rowwise(values) = &op.meaning else { panic!("{} goes by rows", op.name) };
        let action = Action::Call { name: op.name, values, arguments: vec![(0, [m, n])], sizes: vec![], target: 1, times: 1 };
        plan(action, &[m * n], m * n)
    };
    let Meaning::Entrywise { value, .. } = &GELU.meaning else { panic!("gelu is entrywise") };
    let matrix = |op: &'static hesse_compiler::expr::Op, [m, n]: [usize; 2], width: usize| {
        let Meaning::Function(values) = &op.meaning else { panic!("{} is a function of matrices", op.name) };
        let action = Action::Call { name: op.name, values, arguments: vec![(0, [m, n])], sizes: vec![], target: 1, times: 2 };
        plan(action, &[2 * m * n], 2 * width)
    };
    vec![
        matrix(&DET, [4, 4], 1),
        matrix(&ADJ, [4, 4], 16),
        matrix(&NORM2, [2, 5], 1),
        matrix(&NORM2_GRAD, [5, 3], 15),
        matrix(&LOGDET, [1, 1], 1),
        matrix(&LOGDET, [3, 3], 1),
        matrix(&INV, [5, 5], 25),
        product(&[5, 7, 3], &[7, 1, 0], &[3, 0, 1], &[0, 1, 7], None),
        product(&[5, 5, 4, 3], &[20, 4, 1, 0], &[15, 3, 0, 1], &[0, 0, 1, 4], Some([0, 1])),
        product(&[3, 2, 600], &[2, 1, 0], &[600, 0, 1], &[0, 600, 1], None),
        product(&[35, 33, 18], &[33, 1, 0], &[18, 0, 1], &[0, 1, 33], None),
        plan(Action::Map { name: "gelu", values: value, parameters: vec![], argument: 0, target: 1 }, &[37], 37),
        rows(&SOFTMAX, 3, 5),
        rows(&SOFTMAX, 3, 150),
        rows(&LAYERNORM, 2, 40),
        rows(&ROWARGMAX, 2, 40),
        chain([3, 10, 12]),
        chain([5, 4, 100]),
    ]
}

fn entries(name: &str, n: usize) -> Vec<f64> {
    (0..n).map(|i| uniform(name, i as u64)).collect()
}

/// Every family by the engine, against the processor.
fn clean() {
    let device = Device::<f64, _>::new(OpenCl::new().expect("an OpenCL device"));
    let mut seen = std::collections::BTreeSet::new();
    for plan in families() {
        seen.extend(Kernels::new(&plan).expect("kernels").kernels.iter().map(|k| k.family));
        let read = |name: &str, shape: [usize; 2]| Ok(entries(name, shape[0] * shape[1]).into());
        let ready = device.ready(plan.clone()).expect("kernels that compile");
        let found = device.run_ready(&ready, &read).map(|mut o| o.values.remove(0));
        let cpu = Cpu::<f64>::new(1);
        let wanted = cpu.run_ready(&cpu.ready(plan).expect("ready"), &read).map(|mut o| o.values.remove(0));
        match (&wanted, &found) {
            (Ok(w), Ok(f)) => assert!(hesse_tests::distance(w, f) < 1e-12, "other values than the processor's"),
            // a matrix of negative determinant
            (Err(w), Err(f)) => assert_eq!(format!("{w:?}"), format!("{f:?}")),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["chain", "entries", "map", "matrix", "reduce", "rows", "tile"]);
}

/// A kernel of that family without the first barrier behind a place in its text.
fn broken(family: &str, behind: &str, barrier: &str) {
    let of = |k: &Kernels| k.kernels.iter().any(|k| k.family == family);
    let plan = families().into_iter().rfind(|p| of(&Kernels::new(p).expect("kernels"))).expect("a plan of that family");
    let kernels = Kernels::new(&plan).expect("kernels");
    let source = kernels.source(Dialect::OpenCl, Precision::Double);
    let at = source.find(behind).expect("a place");
    let without = format!("{}{}", &source[..at], source[at..].replacen(barrier, "", 1));
    assert!(without.len() < source.len(), "a barrier is removed from\n{}", &source[at..]);
    let api = OpenCl::new().expect("an OpenCL device");
    let kernel = Api::<f64>::compile(&api, &without, &[kernels.kernels[0].name.as_str()]).expect("a kernel").remove(0);
    let Some(Task::Launch { arrays, .. }) = kernels.tasks.first() else { panic!("a kernel is started") };
    let lengths = kernels.lengths(&plan);
    let mut memory: Vec<_> = arrays.iter().map(|&a| Api::<f64>::allocate(&api, lengths[a]).expect("memory")).collect();
    for (m, &a) in memory.iter_mut().zip(arrays) {
        api.write(m, &entries("x", lengths[a])).expect("copied");
    }
    if kernels.kernels[0].flagged {
        memory.push(Api::<f64>::allocate(&api, 1).expect("memory"));
    }
    let list: Vec<_> = memory.iter().collect();
    api.launch(&kernel, &list, &[], [kernels.kernels[0].groups, kernels.kernels[0].threads]).expect("started");
    let mut out = vec![0.0; lengths[arrays[arrays.len() - 1]]];
    api.read(&memory[arrays.len() - 1], &mut out).expect("copied");
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("clean") => clean(),
        Some("tile") => broken("tile", "KERNEL void", "BARRIER();"),
        Some("lanes") => broken("reduce", "DEVICE real lanes_sum", "BARRIER();"),
        Some("matrix") => broken("matrix", "column[i] =", "BARRIER_ALL();"),
        Some("chain") => broken("chain", "] = 2 S", "BARRIER();"),
        other => panic!("clean, tile, lanes, matrix or chain, not {other:?}"),
    }
}
