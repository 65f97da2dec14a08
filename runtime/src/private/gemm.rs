//! Matrix products by libraries: by one on processors with AVX2 or AVX-512, by another on all others.

/// Where the last entry of a matrix is.
pub(crate) fn last([rows, cols]: [usize; 2], strides: [usize; 2]) -> usize {
    (rows - 1) * strides[0] + (cols - 1) * strides[1]
}

/// Rows of a matrix product that are done at once: columns of more would lie too far apart.
pub(crate) const ROWS: usize = 512;

/// The vector instructions of this processor, as far as the library uses them.
#[cfg(target_arch = "x86_64")]
pub(crate) fn instructions() -> Option<private_gemm_x86::InstrSet> {
    use private_gemm_x86::InstrSet::{Avx256, Avx512};
    use std::arch::is_x86_feature_detected as has;
    if has!("avx512f") {
        return Some(Avx512);
    }
    (has!("avx2") && has!("fma")).then_some(Avx256)
}

/// `Real::gemm` for one of the two types, called so by the libraries.
macro_rules! gemm {
    ($kind:ident, $elsewhere:ident) => {
        fn gemm(
            [m, k, n]: [usize; 3],
            alpha: Self,
            add: bool,
            (a, ra): View<Self>,
            (b, rb): View<Self>,
            (c, rc): (&mut [Self], [usize; 2]),
        ) {
            use $crate::private::gemm::{ROWS, last};
            if m == 0 || k == 0 || n == 0 {
                return;
            }
            let inside = last([m, k], ra) < a.len() && last([k, n], rb) < b.len() && last([m, n], rc) < c.len();
            assert!(inside, "the matrices of a product lie inside of their arrays");
            let [sa, sb, sc] = [ra, rb, rc].map(|s| s.map(|x| x as isize));
            #[cfg(target_arch = "x86_64")]
            let known = $crate::private::gemm::instructions();
            for i in (0..m).step_by(ROWS) {
                let rows = ROWS.min(m - i);
                let (a, c) = (&a[i * ra[0]..], &mut c[i * rc[0]..]);
                #[cfg(target_arch = "x86_64")]
                if let Some(instructions) = known {
                    use private_gemm_x86::{Accum, DType, DstKind, IType};
                    use std::ptr::{from_ref, null};
                    // SAFETY: the last entry of each matrix, hence every entry, is inside of its slice, as has just been checked; c is
                    // borrowed alone; the processor has the instructions; there are no places of rows, of columns, no diagonal.
                    unsafe {
                        private_gemm_x86::gemm(
                            DType::$kind,
                            IType::U64,
                            instructions,
                            rows,
                            n,
                            k,
                            c.as_mut_ptr().cast(),
                            sc[0],
                            sc[1],
                            null(),
                            null(),
                            DstKind::Full,
                            if add { Accum::Add } else { Accum::Replace },
                            a.as_ptr().cast(),
                            sa[0],
                            sa[1],
                            false,
                            null(),
                            0,
                            b.as_ptr().cast(),
                            sb[0],
                            sb[1],
                            false,
                            from_ref(&alpha).cast(),
                            1,
                        );
                    }
                    continue;
                }
                let beta = if add { 1.0 } else { 0.0 };
                // SAFETY: as above.
                unsafe {
                    matrixmultiply::$elsewhere(
                        rows,
                        k,
                        n,
                        alpha,
                        a.as_ptr(),
                        sa[0],
                        sa[1],
                        b.as_ptr(),
                        sb[0],
                        sb[1],
                        beta,
                        c.as_mut_ptr(),
                        sc[0],
                        sc[1],
                    );
                }
            }
        }
    };
}
pub(crate) use gemm;
