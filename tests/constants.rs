//! Structs whose kernels stand in the program: their methods on a device against those on the processor. PoCL makes the processor a
//! device.
#![allow(non_snake_case)]

mod on_a_device {
    use hesse::{Entries, device::Context, prelude::*};
    use hesse_tests::{library::Library, uniform};
    use std::sync::atomic::Ordering;

    /// An array of that name with random entries.
    fn array<R: Real>(name: &str, rows: usize, cols: usize) -> DMatrix<R> {
        DMatrix::from_fn(rows, cols, |i, j| R::of(uniform(name, (i * 4099 + j) as u64)))
    }

    fn vector<R: Real>(name: &str, n: usize) -> DVector<R> {
        DVector::from_fn(n, |i, _| R::of(uniform(name, i as u64)))
    }

    /// Relative to the largest entry.
    fn near<R: Real>(what: &str, tolerance: f64, got: &impl Entries<R>, want: &impl Entries<R>) {
        let (got, want) = (got.to_matrix(), want.to_matrix());
        assert_eq!(got.shape(), want.shape(), "{what}");
        let largest = want.iter().fold(1e-3f64, |m, x| m.max(x.f64().abs()));
        let off = got.iter().zip(want.iter()).fold(0.0f64, |m, (a, b)| m.max((a.f64() - b.f64()).abs()));
        assert!(off <= tolerance * largest, "{what} is off by {off}, of {largest}");
    }

    /// All methods on the device give what they give on the processor; `$field` are the parameters, `$x` the data.
    macro_rules! same {
        ($context:expr, $tolerance:expr, $layer:expr, $direction:expr, [$($field:ident),*], $($x:expr),*) => {{
            let (context, layer, direction) = (&$context, &$layer, &$direction);
            near("loss", $tolerance, &layer.loss_on(context, $(&$x),*).expect("a loss"), &layer.loss($(&$x),*).expect("a loss"));
            let (got, want) = (layer.gradient_on(context, $(&$x),*), layer.gradient($(&$x),*));
            let (got, want) = (got.expect("a gradient"), want.expect("a gradient"));
            $(near(concat!("gradient in ", stringify!($field)), $tolerance, &got.$field, &want.$field);)*
            let (got, want) = (layer.hvp_on(context, direction, $(&$x),*), layer.hvp(direction, $(&$x),*));
            let (got, want) = (got.expect("a product"), want.expect("a product"));
            $(near(concat!("product in ", stringify!($field)), $tolerance, &got.$field, &want.$field);)*
            same!(hessian, hessian_on, context, $tolerance, layer, $($x),*);
            same!(gauss_newton, gauss_newton_on, context, $tolerance, layer, $($x),*);
            same!(functional, functional_on, context, $tolerance, layer, $($x),*);
        }};
        ($host:ident, $device:ident, $context:ident, $tolerance:expr, $layer:ident, $($x:expr),*) => {{
            let (got, want) = ($layer.$device($context, $(&$x),*), $layer.$host($(&$x),*));
            let (got, want) = (got.expect("blocks"), want.expect("blocks"));
            assert_eq!(got.names().collect::<Vec<_>>(), want.names().collect::<Vec<_>>());
            near(stringify!($host), $tolerance, &got.dense(), &want.dense());
        }};
    }

    fn opened<R: Real>() -> Context
    where
        hesse::device::OpenCl: hesse::device::Api<R>,
    {
        Context::opencl::<R>().expect("an OpenCL device")
    }

    macro_rules! attention {
        ($layer:ident, $number:ident) => {
            #[derive(Hessian)]
            #[hesse(file = "../examples/attention.hesse", device)]
            struct $layer {
                Wq: DMatrix<$number>,
                Wk: DMatrix<$number>,
                Wv: DMatrix<$number>,
            }

            impl $layer {
                fn new(dV: usize, dK: usize) -> $layer {
                    $layer { Wq: array("Wq", dV, dK), Wk: array("Wk", dV, dK), Wv: array("Wv", dV, dV) }
                }
            }
        };
    }
    attention!(Attention, f64);
    attention!(Attention32, f32);

    #[test]
    fn attention_at_two_sizes_by_the_same_kernels() {
        let context = opened::<f64>();
        let mut compiled = vec![];
        for (L, dV, dK) in [(5, 4, 3), (33, 2, 6)] {
            let (layer, direction) = (Attention::new(dV, dK), Attention { Wv: array("other", dV, dV), ..Attention::new(dV, dK) });
            let (x, y) = (array("X", L, dV), array("Y", L, dV));
            layer.loss_on(&context, &x, &y).expect("a loss");
            compiled.push(context.compiled());
            same!(context, 1e-9, layer, direction, [Wq, Wk, Wv], x, y);
            compiled.push(context.compiled());
        }
        assert_eq!(compiled, [1, 6, 6, 6], "one source for each function, whatever the sizes");
    }

    #[test]
    fn attention_in_single_precision() {
        let (single, double) = (opened::<f32>(), opened::<f64>());
        let (layer, direction) = (Attention32::new(4, 3), Attention32 { Wq: array("other", 4, 3), ..Attention32::new(4, 3) });
        let (x, y) = (array("X", 5, 4), array("Y", 5, 4));
        same!(single, 1e-4, layer, direction, [Wq, Wk, Wv], x, y);
        // the numbers of the device are its own
        same!(double, 1e-4, layer, direction, [Wq, Wk, Wv], x, y);
        let wide = Attention::new(4, 3);
        let (x, y) = (array("X", 5, 4), array("Y", 5, 4));
        let (got, want) = (wide.loss_on(&single, &x, &y).expect("a loss"), wide.loss(&x, &y).expect("a loss"));
        near("loss", 1e-5, &got, &want);
        assert_ne!(got, want);
    }

    #[derive(Hessian)]
    #[hesse(file = "../examples/mlp.hesse", device)]
    struct Mlp {
        W1: DMatrix<f64>,
        b1: DVector<f64>,
        W2: DMatrix<f64>,
        b2: DVector<f64>,
        W3: DMatrix<f64>,
        b3: DVector<f64>,
    }

    #[test]
    fn a_rectifier_network_at_two_sizes() {
        let context = opened::<f64>();
        for [n0, n1, n2, n3] in [[3, 6, 5, 4], [7, 2, 3, 2]] {
            let made = |seed: &str| Mlp {
                W1: array(&format!("{seed}1"), n1, n0),
                b1: vector(&format!("{seed}b1"), n1),
                W2: array(&format!("{seed}2"), n2, n1),
                b2: vector(&format!("{seed}b2"), n2),
                W3: array(&format!("{seed}3"), n3, n2),
                b3: vector(&format!("{seed}b3"), n3),
            };
            let (x, y) = (vector("x", n0), vector("y", n3));
            same!(context, 1e-9, made("W"), made("V"), [W1, b1, W2, b2, W3, b3], x, y);
        }
    }

    /// Renamed and skipped fields, static sizes, numbers, data called as the device is, queries.
    #[derive(Hessian)]
    #[hesse(
        model = "
            dim L, n
            input context: L × n
            const ridge
            target y: L
            param w[1]: n
            param b
            z = context w[1] + b ones(L, 1)
            loss sum(softplus(z) - y ∘ z) / L + ridge dot(w[1], w[1])
        ",
        method(probability = "sigmoid(z)", slope = "jacobian(z, b)", size = "norm2(hessian(loss))"),
        sizes(L = 100, n = 3),
        device
    )]
    struct Logistic {
        #[hesse(name = "w[1]")]
        weights: SVector<f32, 3>,
        b: f32,
        #[hesse(skip)]
        label: String,
    }

    #[test]
    fn fields_of_static_size_and_queries() {
        let context = opened::<f32>();
        let layer = Logistic { weights: SVector::from([0.5, -1.0, 0.25]), b: 0.1, label: "ridge".to_owned() };
        let direction = Logistic { weights: SVector::from([1.0, 2.0, -1.0]), b: -0.5, label: String::new() };
        for L in [4, 130] {
            let (x, y) = (array::<f32>("X", L, 3), vector::<f32>("y", L).map(|y| if y > 0.0 { 1.0 } else { 0.0 }));
            same!(context, 1e-4, layer, direction, [weights, b], x, 0.1f32, y);
            assert_eq!(layer.gradient_on(&context, &x, &0.1, &y).expect("a gradient").label, "ridge");
            let of = |r: Result<DMatrix<f32>, Error>| r.expect("a query");
            near("sigmoid", 1e-4, &of(layer.probability_on(&context, &x, &0.1, &y)), &of(layer.probability(&x, &0.1, &y)));
            assert_eq!(of(layer.slope_on(&context, &x, &0.1, &y)), DMatrix::from_element(L, 1, 1.0));
            let (got, want) = (layer.size_on(&context, &x, &0.1, &y), layer.size(&x, &0.1, &y));
            near("norm", 1e-3, &got.expect("a norm"), &want.expect("a norm"));
        }
    }

    /// Functions of matrices, and a step that only the processor has: the second derivatives of a determinant.
    #[derive(Hessian)]
    #[hesse(
        model = "
            dim m, n
            param X: n × n
            param B: 2*m × n
            input a: n
            C = X' X + I(n)
            F = tanh(B[2:m+1, :] X)
            loss -logdet(C) + det(X) + norm2(B) + dot(a, inv(C) a) + sum(F ∘ F) / 3 + sum(B[1:3, :])
        ",
        method(minors = "adj(X)", logarithm = "log(X)", logdet = "logdet(X)"),
        device
    )]
    struct Determinants {
        X: DMatrix<f64>,
        B: DMatrix<f64>,
    }

    impl Determinants {
        fn new(m: usize, n: usize) -> Determinants {
            Determinants { X: array("X", n, n) + DMatrix::identity(n, n), B: array("B", 2 * m, n) }
        }
    }

    #[test]
    fn functions_of_matrices_and_a_step_of_the_processor() {
        let context = opened::<f64>();
        for (m, n) in [(2, 3), (5, 4)] {
            let (layer, direction) = (Determinants::new(m, n), Determinants::new(m, n));
            let a: DVector<f64> = vector("a", n);
            same!(context, 1e-9, layer, direction, [X, B], a);
            near("adj", 1e-9, &layer.minors_on(&context, &a).expect("a query"), &layer.minors(&a).expect("a query"));
        }
    }

    #[test]
    fn large_products_are_done_by_a_library_where_there_is_one_and_by_tiles_else() {
        let tiles = opened::<f64>();
        let (library, products) = Library::new();
        let library = Context::new::<f64, _>(library);
        for ((L, dV, dK), large) in [((40, 36, 33), true), ((40, 36, 8), true), ((5, 4, 3), false)] {
            let (layer, direction) = (Attention::new(dV, dK), Attention { Wv: array("other", dV, dV), ..Attention::new(dV, dK) });
            let (x, y) = (array("X", L, dV), array("Y", L, dV));
            let before = products.load(Ordering::Relaxed);
            for context in [&library, &tiles] {
                let near_all = |got: Attention, want: Attention| {
                    near("in Wq", 1e-9, &got.Wq, &want.Wq);
                    near("in Wk", 1e-9, &got.Wk, &want.Wk);
                    near("in Wv", 1e-9, &got.Wv, &want.Wv);
                };
                near_all(layer.gradient_on(context, &x, &y).expect("parts"), layer.gradient(&x, &y).expect("parts"));
                let (got, want) = (layer.hvp_on(context, &direction, &x, &y), layer.hvp(&direction, &x, &y));
                near_all(got.expect("parts"), want.expect("parts"));
            }
            let done = products.load(Ordering::Relaxed) - before;
            assert_eq!(done > 10, large, "{done} products at L = {L}, dV = {dV}, dK = {dK}");
        }
    }

    #[test]
    fn errors_are_those_of_the_processor() {
        let context = opened::<f64>();
        let layer = Attention::new(4, 3);
        let (x, y) = (array::<f64>("X", 5, 4), array::<f64>("Y", 6, 4));
        let e = layer.hessian_on(&context, &x, &y).expect_err("sizes that disagree");
        assert_eq!(e, layer.hessian(&x, &y).expect_err("sizes that disagree"));
        assert_eq!(e.to_string(), "the size L is 5 by the rows of X, but 6 by the rows of Y");
        let narrow = Attention { Wk: array("Wk", 4, 2), ..Attention::new(4, 3) };
        assert_eq!(layer.hvp_on(&context, &narrow, &x, &x).err(), layer.hvp(&narrow, &x, &x).err());
        // a size that is no whole number; a slice that is out of range
        let a: DVector<f64> = vector("a", 3);
        for (rows, said) in [(5, "the size m would be 5/2, "), (0, "the size m would be 0"), (2, "a slice is out of range: ")] {
            let odd = Determinants { B: array("B", rows, 3), ..Determinants::new(2, 3) };
            let (got, want) = (odd.loss_on(&context, &a).expect_err("wrong sizes"), odd.loss(&a).expect_err("wrong sizes"));
            assert!(want.to_string().starts_with(said) && got == want, "{got} for {want}");
        }
        assert_eq!(context.compiled(), 0, "nothing is compiled for sizes that are wrong");
    }

    #[test]
    fn values_outside_of_a_domain_are_told_in_the_words_of_the_processor() {
        let context = opened::<f64>();
        let mut layer = Determinants::new(2, 3);
        layer.X[(0, 1)] = -1.0;
        let a: DVector<f64> = vector("a", 3);
        let e = layer.logarithm_on(&context, &a).expect_err("a logarithm of a negative number");
        assert!(matches!(&e, Error::Domain { operation: "log", .. }), "{e}");
        assert_eq!(e, layer.logarithm(&a).expect_err("a logarithm of a negative number"));
        layer.X = DMatrix::from_row_slice(3, 3, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let e = layer.logdet_on(&context, &a).expect_err("a negative determinant");
        assert_eq!(e.to_string(), "`logdet` is not defined here: the determinant of the 3×3 matrix is negative");
        // the same kernels go on
        layer.X = DMatrix::identity(3, 3) * 2.0;
        let found = layer.logdet_on(&context, &a).expect("a logarithm");
        near("logdet", 1e-12, &found, &(3.0 * 2f64.ln()));
        assert_eq!(context.compiled(), 2);
    }

    #[test]
    fn kernels_say_up_to_where_they_go() {
        let layer = Determinants { X: DMatrix::identity(2049, 2049), B: DMatrix::zeros(2, 2049) };
        let e = layer.logdet_on(&opened::<f64>(), &DVector::zeros(2049)).expect_err("a large matrix");
        assert_eq!(e.to_string(), "the kernel logdet_0 goes up to 2048, but n = 2049");
        let e = Determinants::new(2, 216).hessian_on(&opened::<f64>(), &DVector::zeros(216)).expect_err("a large array");
        assert_eq!(e.to_string(), "an array of n*n*n*n has 2176782336 entries; kernels count up to 2^31");
    }
}
