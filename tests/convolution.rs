//! Convolutions and pooling against naive loops that know nothing of matrices; and that no matrix of a convolution is stored.

use hesse_compiler::{dim::Dim, matrix::Matrix, pipeline, syntax};
use hesse_tests::{Case, case, distance};

/// An array, row-major.
struct Array<'a> {
    axes: Vec<usize>,
    data: &'a [f64],
}

impl Array<'_> {
    fn at(&self, index: &[usize]) -> f64 {
        self.data[index.iter().zip(&self.axes).fold(0, |at, (i, n)| at * n + i)]
    }
}

fn array<'a>(case: &'a Case, name: &str, axes: &[usize]) -> Array<'a> {
    let m = &case.data.shared[name];
    assert_eq!(axes.iter().product::<usize>(), m.data.len());
    Array { axes: axes.to_vec(), data: &m.data }
}

/// `out[o, i, j] = Σ x[c, h i + t, h j + u] w[o, c, t, u]`, one entry after the other.
fn convolved(x: &Array, w: &Array, h: usize) -> Vec<f64> {
    let [outs, ins, k, l] = w.axes[..] else { panic!("a kernel") };
    let (p, q) = ((x.axes[1] - k) / h + 1, (x.axes[2] - l) / h + 1);
    let mut out = vec![];
    for (o, i, j) in (0..outs).flat_map(|o| (0..p).flat_map(move |i| (0..q).map(move |j| (o, i, j)))) {
        let mut sum = 0.0;
        for c in 0..ins {
            for t in 0..k {
                for u in 0..l {
                    sum += x.at(&[c, h * i + t, h * j + u]) * w.at(&[o, c, t, u]);
                }
            }
        }
        out.push(sum);
    }
    out
}

fn same(ours: &Matrix<f64>, naive: &[f64], what: &str) {
    assert_eq!(ours.data.len(), naive.len(), "{what}");
    let naive = Matrix { data: naive.to_vec(), ..*ours };
    assert!(distance(ours, &naive) < 1e-12, "{what}: {ours:?} and {naive:?}");
}

/// Sizes that all differ, windows that overlap, meet, and leave gaps, and kernels of one row, column or entry.
const IMAGES: [[usize; 7]; 6] = [
    [2, 3, 4, 5, 2, 3, 1],
    [3, 2, 5, 3, 3, 2, 2],
    [1, 2, 3, 4, 2, 2, 2],
    [2, 1, 3, 2, 1, 2, 3],
    [2, 3, 1, 4, 3, 1, 1],
    [3, 2, 4, 5, 1, 1, 2],
];

fn model(h: usize) -> String {
    format!(
        "dim C, Co, p, q, k, l
         dim m = {h}*(p - 1) + k, n = {h}*(q - 1) + l
         input X: C × m × n
         param W: Co × C × k × l
         target Y: Co × p × q
         F = conv2d(X, W, {h})
         loss sum(sin(F) ∘ Y)"
    )
}

fn image([c, o, p, q, k, l, h]: [usize; 7]) -> (Case, Vec<usize>, Vec<usize>) {
    let sizes = [("C", c), ("Co", o), ("p", p), ("q", q), ("k", k), ("l", l)];
    (case(&model(h), &sizes, 5), vec![c, h * (p - 1) + k, h * (q - 1) + l], vec![o, c, k, l])
}

#[test]
fn convolutions_are_those_of_loops() {
    for sizes in IMAGES {
        let (mut case, x, w) = image(sizes);
        let naive = convolved(&array(&case, "X", &x), &array(&case, "W", &w), sizes[6]);
        same(&case.value("F"), &naive, &format!("{sizes:?}"));
    }
}

#[test]
fn convolutions_of_sequences_are_those_of_loops() {
    for [c, o, p, k, h] in [[2, 3, 4, 2, 1], [3, 2, 4, 3, 2], [1, 2, 3, 2, 2], [2, 1, 1, 4, 1], [2, 3, 4, 1, 3]] {
        let text =
            format!("dim C, Co, p, k\ndim n = {h}*(p - 1) + k\ninput X: C × n\nparam W: Co × C × k\nF = conv1d(X, W, {h})");
        let mut case = hesse_tests::case(&text, &[("C", c), ("Co", o), ("p", p), ("k", k)], 3);
        let n = h * (p - 1) + k;
        let naive = convolved(&array(&case, "X", &[c, 1, n]), &array(&case, "W", &[o, c, 1, k]), h);
        same(&case.value("F"), &naive, &format!("{:?}", (c, o, p, k, h)));
    }
}

/// With f = Σ y sin(F): the gradient in W is Σ y cos(F) X at the window, that in X spreads it, the Hessian in W is -Σ y sin(F) X X.
#[test]
fn derivatives_of_convolutions_are_those_of_loops() {
    for sizes in IMAGES {
        let (mut case, xs, ws) = image(sizes);
        let [c, o, p, q, k, l, h] = sizes;
        let (mut in_w, mut in_x) = (vec![0.0; ws.iter().product()], vec![0.0; xs.iter().product()]);
        let mut hessian = vec![0.0; in_w.len() * in_w.len()];
        {
            let (x, w, y) = (array(&case, "X", &xs), array(&case, "W", &ws), array(&case, "Y", &[o, p, q]));
            let f = convolved(&x, &w, h);
            let inner = |a: usize, t: usize, u: usize| (a * k + t) * l + u;
            for (b, i, j) in (0..o).flat_map(|b| (0..p).flat_map(move |i| (0..q).map(move |j| (b, i, j)))) {
                let (weight, at) = (y.at(&[b, i, j]), f[(b * p + i) * q + j]);
                let window: Vec<(usize, usize, usize)> =
                    (0..c).flat_map(|a| (0..k).flat_map(move |t| (0..l).map(move |u| (a, t, u)))).collect();
                for &(a, t, u) in &window {
                    let one = b * c * k * l + inner(a, t, u);
                    in_w[one] += weight * at.cos() * x.at(&[a, h * i + t, h * j + u]);
                    in_x[(a * xs[1] + h * i + t) * xs[2] + h * j + u] += weight * at.cos() * w.at(&[b, a, t, u]);
                    for &(a2, t2, u2) in &window {
                        let two = b * c * k * l + inner(a2, t2, u2);
                        let entries = x.at(&[a, h * i + t, h * j + u]) * x.at(&[a2, h * i + t2, h * j + u2]);
                        hessian[one * ws.iter().product::<usize>() + two] -= weight * at.sin() * entries;
                    }
                }
            }
        }
        same(&case.value("grad(loss, W)"), &in_w, &format!("in W, {sizes:?}"));
        same(&case.value("grad(loss, X)"), &in_x, &format!("in X, {sizes:?}"));
        same(&case.value("hessian(loss, W, W)"), &hessian, &format!("twice in W, {sizes:?}"));
        let mixed = case.value("hessian(loss, W, X)");
        let turned = case.value("hessian(loss, X, W)").transpose();
        assert!(distance(&mixed, &turned) < 1e-12, "{sizes:?}");
    }
}

#[test]
fn pooling_is_that_of_loops() {
    for [c, p, q, k] in [[2, 3, 2, 2], [3, 1, 2, 3], [1, 2, 3, 1]] {
        let text =
            format!("dim C, p, q\ninput X: C × {k}*p × {k}*q\nA = avgpool2d(X, {k})\nM = maxpool2d(X, {k})\nR = flatten(X)");
        let mut case = hesse_tests::case(&text, &[("C", c), ("p", p), ("q", q)], 8);
        let (mut mean, mut largest) = (vec![], vec![]);
        {
            let x = array(&case, "X", &[c, k * p, k * q]);
            for (a, i, j) in (0..c).flat_map(|a| (0..p).flat_map(move |i| (0..q).map(move |j| (a, i, j)))) {
                let square = (0..k).flat_map(|t| (0..k).map(move |u| (t, u))).map(|(t, u)| x.at(&[a, k * i + t, k * j + u]));
                mean.push(square.clone().sum::<f64>() / (k * k) as f64);
                largest.push(square.fold(f64::NEG_INFINITY, f64::max));
            }
        }
        let flat = case.data.shared["X"].data.clone();
        same(&case.value("A"), &mean, "the mean");
        same(&case.value("M"), &largest, "the largest");
        same(&case.value("R"), &flat, "flat");
    }
}

/// What pools, and what is normalized over a batch, has the Hessian of dual numbers over dual numbers.
#[test]
fn hessians_of_pooling_and_batch_normalization() {
    let text = "dim C, p, q
        input X: C × 2*p × 2*q
        param B: C × C × 1 × 1
        P = maxpool2d(conv2d(X, B), 2)
        N = batchnorm(avgpool2d(sin(conv2d(X, B)), 2)')
        loss sum(P.^3) + sum(N.^3)";
    let mut case = case(text, &[("C", 3), ("p", 2), ("q", 2)], 4);
    let (ours, oracle) = (case.value("hessian(loss)"), case.oracle_hessian("loss"));
    assert!(distance(&ours, &oracle) < 1e-9, "{ours:?} and {oracle:?}");
}

/// Of equal entries of a square the first takes the derivative, and the result says so.
#[test]
fn ties_in_pooling_are_told() {
    let mut model = hesse_tests::model("input X: 1 × 2 × 2\nF = sum(maxpool2d(X, 2))");
    let query = syntax::query(&mut model, "grad(F, X)").expect("a query");
    let mut data = hesse_compiler::data::Bound::default();
    data.shared.insert("X".into(), Matrix { rows: 1, cols: 4, data: vec![1.0, 5.0, 5.0, 2.0] });
    let settings = pipeline::Settings { memory: 1 << 20, per_sample: false };
    let answer = pipeline::evaluate(&mut model, &[query], &data, &settings).expect("a value").remove(0);
    assert_eq!(answer.values[0].data, [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(answer.axes, [1, 2, 2]);
    assert_eq!(answer.notes, ["`rowmax` meets equal maxima in row 1, at 2 and 3, of which the first is taken"]);
}

/// Gradients, Hessian-vector products and blocks read windows by strides: no tensor of a program is as large as the matrix of
/// the convolution, or as its patches.
#[test]
fn no_matrix_of_a_convolution_is_stored() {
    let text = "dim C, Co, p, q, k, l
        input X: C × (p + k - 1) × (q + l - 1)
        param W: Co × C × k × l
        const Z: Co × C × k × l
        const R: C × (p + k - 1) × (q + l - 1)
        target Y: Co × p × q
        F = conv2d(X, W)
        loss mse(F, Y)";
    let sizes = [("C", 7), ("Co", 11), ("p", 50), ("q", 60), ("k", 5), ("l", 6)];
    let size = |s: &str| sizes.iter().find(|x| x.0 == s).map(|x| x.1);
    for query in ["grad(loss, W)", "grad(loss, X)", "hvp(loss, Z)", "hessian(loss, W, W)", "grad(dot(F, Y), X)"] {
        let mut model = hesse_tests::model(text);
        let e = syntax::query(&mut model, query).expect("a query").expr;
        let e = pipeline::answer(&mut model.graph, e).expect("a derivative");
        let e = syntax::expand(&mut model.graph, e);
        let program = hesse_compiler::lower::lower(&model.graph, &[e]);
        let entries = |shape: &[Dim]| shape.iter().map(|d| d.eval(&size).expect("a size")).product::<usize>();
        let kept: Vec<usize> = program.tensors.iter().map(|t| entries(&t.shape)).collect();
        let result = entries(&program.tensors[program.outputs[0].0].shape);
        // the output, which is larger than the image, or what was asked for
        let most = result.max(11 * 50 * 60);
        assert!(kept.iter().all(|&n| n <= most), "{query} stores {kept:?}, more than {most}:\n{program}");
    }
}
