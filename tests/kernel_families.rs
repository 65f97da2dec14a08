//! Runs every family of kernels once, small, on the first OpenCL device: `clean`, or with one barrier removed: `tile`, `lanes`.
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
    ops::{gelu::GELU, layernorm::LAYERNORM, rowargmax::ROWARGMAX, softmax::SOFTMAX},
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

fn families() -> Vec<Plan> {
    let rows = |op: &'static hesse_compiler::expr::Op, m: usize, n: usize| {
        let Meaning::Rowwise(values) = &op.meaning else { panic!("{} goes by rows", op.name) };
        let action = Action::Call { name: op.name, values, arguments: vec![(0, [m, n])], sizes: vec![], target: 1, times: 1 };
        plan(action, &[m * n], m * n)
    };
    let Meaning::Entrywise { value, .. } = &GELU.meaning else { panic!("gelu is entrywise") };
    vec![
        product(&[5, 7, 3], &[7, 1, 0], &[3, 0, 1], &[0, 1, 7], None),
        product(&[5, 5, 4, 3], &[20, 4, 1, 0], &[15, 3, 0, 1], &[0, 0, 1, 4], Some([0, 1])),
        product(&[3, 2, 600], &[2, 1, 0], &[600, 0, 1], &[0, 600, 1], None),
        product(&[35, 33, 18], &[33, 1, 0], &[18, 0, 1], &[0, 1, 33], None),
        plan(Action::Map { name: "gelu", values: value, parameters: vec![], argument: 0, target: 1 }, &[37], 37),
        rows(&SOFTMAX, 3, 5),
        rows(&SOFTMAX, 3, 150),
        rows(&LAYERNORM, 2, 40),
        rows(&ROWARGMAX, 2, 40),
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
        let found = device.run_ready(&ready, &read).expect("values").values.remove(0);
        let cpu = Cpu::<f64>::new(1);
        let wanted = cpu.run_ready(&cpu.ready(plan).expect("ready"), &read).expect("values").values.remove(0);
        assert!(hesse_tests::distance(&wanted, &found) < 1e-12, "other values than the processor's");
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["entries", "map", "reduce", "rows", "tile"]);
}

/// A kernel of that family without the first barrier behind a place in its text.
fn broken(family: &str, behind: &str) {
    let of = |k: &Kernels| k.kernels.iter().any(|k| k.family == family);
    let plan = families().into_iter().rfind(|p| of(&Kernels::new(p).expect("kernels"))).expect("a plan of that family");
    let kernels = Kernels::new(&plan).expect("kernels");
    let source = kernels.source(Dialect::OpenCl, Precision::Double);
    let at = source.find(behind).expect("a place");
    let without = format!("{}{}", &source[..at], source[at..].replacen("BARRIER();", "", 1));
    assert!(without.len() < source.len(), "a barrier was removed");
    let api = OpenCl::new().expect("an OpenCL device");
    let kernel = Api::<f64>::compile(&api, &without, &[kernels.kernels[0].name.clone()]).expect("a kernel").remove(0);
    let Some(Task::Launch { arrays, .. }) = kernels.tasks.first() else { panic!("a kernel is started") };
    let mut memory: Vec<_> = arrays.iter().map(|&a| Api::<f64>::allocate(&api, plan.arrays[a]).expect("memory")).collect();
    for (m, &a) in memory.iter_mut().zip(arrays) {
        api.write(m, &entries("x", plan.arrays[a])).expect("copied");
    }
    if kernels.kernels[0].flagged {
        memory.push(Api::<f64>::allocate(&api, 1).expect("memory"));
    }
    let list: Vec<_> = memory.iter().collect();
    api.launch(&kernel, &list, kernels.kernels[0].groups, kernels.kernels[0].threads).expect("started");
    let mut out = vec![0.0; plan.arrays[arrays[arrays.len() - 1]]];
    api.read(&memory[arrays.len() - 1], &mut out).expect("copied");
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("clean") => clean(),
        Some("tile") => broken("tile", "KERNEL void"),
        Some("lanes") => broken("reduce", "DEVICE real lanes_sum"),
        other => panic!("clean, tile or lanes, not {other:?}"),
    }
}
