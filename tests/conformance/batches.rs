//! Whole programs, batches among them, by plans: on loops that cannot be wrong, and on this processor.

use super::*;

/// Products as one loop over all letters: with it the planner is tested, without the products of a real back end.
struct Naive(Cpu<f64>);

impl Backend for Naive {
    type Array<'a> = Vec<f64>;

    fn zeros<'a>(&self, n: usize) -> Self::Array<'a> {
        vec![0.0; n]
    }
    fn blank<'a>(&self, n: usize) -> Self::Array<'a> {
        vec![f64::NAN; n]
    }
    fn recycle(&self, _: Vec<f64>) {}
    fn upload(&self, entries: Cow<[f64]>) -> Vec<f64> {
        entries.into_owned()
    }
    fn download(&self, array: &Vec<f64>) -> Vec<f64> {
        array.clone()
    }
    fn product<'a>(&self, p: &Product, factors: &[&Self::Array<'a>], target: &mut Self::Array<'a>) {
        let mut all = vec![target.clone()];
        all.extend(factors.iter().map(|f| (*f).clone()));
        let mut p = p.clone();
        p.target.array = 0;
        p.factors.iter_mut().enumerate().for_each(|(k, f)| f.array = k + 1);
        *target = naive(&p, &all);
    }
    fn map<'a>(
        &self,
        name: &'static str,
        f: &EntryValues,
        p: &[Number],
        a: &Self::Array<'a>,
        entries: Range<usize>,
        target: &mut Self::Array<'a>,
    ) -> Result<(), DomainError> {
        let mut whole = Cow::Owned(std::mem::take(target));
        let done = self.0.map(name, f, p, &Cow::Borrowed(a), entries, &mut whole);
        *target = whole.into_owned();
        done
    }
    fn call<'a>(
        &self,
        name: &'static str,
        f: &Functions,
        arguments: &[(&Self::Array<'a>, [usize; 2])],
        sizes: &[usize],
        times: usize,
    ) -> Result<Self::Array<'a>, DomainError> {
        let lent: Vec<Cow<[f64]>> = arguments.iter().map(|a| Cow::Borrowed(a.0.as_slice())).collect();
        let list: Vec<_> = lent.iter().zip(arguments).map(|(l, a)| (l, a.1)).collect();
        Ok(self.0.call(name, f, &list, sizes, times)?.into_owned())
    }
}

/// Models with what a batch can meet: sums over samples, results that do not vary, functions of matrices, means that are read again.
pub(super) const MODELS: &[(&str, &str)] = &[
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
    (include_str!("../../examples/attention.hesse"), "hessian(loss)"),
    (include_str!("../../examples/transformer.hesse"), "hessian(loss)"),
];

pub(super) fn batch(text: &str, samples: usize) -> (syntax::Model, Bound) {
    batch_of(text, samples, &[("n", 4), ("k", 3), ("L", 5), ("d", 3), ("dV", 6), ("dK", 2), ("dff", 7)])
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

/// A half product that closes a pass, where a back end has plain products alone.
#[test]
fn weights_that_are_to_come_are_there_when_all_of_them_are() {
    let text = "dim m, n; input X: m × n; target y: m; param w: n\nloss sum(softplus(-(y ∘ (X w)) / sqrt(n)))";
    let (mut m, bound) = batch_of(text, 1, &[("m", 1400), ("n", 100)]);
    let q = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let program = pipeline::program(&mut m, &q).expect("a program");
    let plan = Plan::new(&program, &|name| bound.sizes.get(name).copied()).expect("a plan");
    assert!(plan.passes.values().any(|pass| pass.closing.is_some()), "{plan}");
    let settings = pipeline::Settings { memory: 1 << 30, per_sample: false };
    let mut value = |e: &dyn Executor| {
        let answers = pipeline::evaluate_on(e, &mut m, std::slice::from_ref(&q), &bound, &settings).expect("values");
        answers[0].values[0].clone()
    };
    let [found, wanted] = [value(&Dynamic(Naive(Cpu::new(1)))), value(&Reference)];
    assert!(hesse_tests::distance(&found, &wanted) < 1e-12);
}
