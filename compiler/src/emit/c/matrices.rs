//! Functions of matrices, a group for each matrix.

use super::{
    library::{THREADS, has},
    text::Draft,
};

/// Most rows of a square matrix that a group eliminates: a column of it is in shared memory.
const ORDER: usize = 2048;
/// Most entries of the shorter side of a matrix of which a group looks for the largest singular value.
const SIDE: usize = 1024;

/// The kernel of a function, and the entries of the array in which it works, all matrices together.
pub(super) fn matrix(name: &str, [m, n]: [usize; 2], times: usize, argument: usize, target: usize) -> Option<(Draft, usize)> {
    let all = m.checked_mul(n)?;
    let square = m == n && n <= ORDER;
    let short = m.min(n);
    // entries of a result, and those that are worked in
    let (width, work) = match name {
        "inv" if square => (all, 0),
        "adj" if square => (all, all),
        "det" | "logdet" if square => (1, all),
        "norm2" if short <= SIDE => (1, 2 * short * short + m + n),
        "norm2_grad" if short <= SIDE => (all, 2 * short * short + m + n),
        _ => return None,
    };
    let function = format!("matrix_{name}");
    if !has(&function) || all == 0 || argument != times * all || target != times * width {
        return None;
    }
    let inside = work * times;
    if inside > i32::MAX as usize - 1024 {
        return None;
    }
    let (given, own) = match work {
        0 => (String::new(), String::new()),
        w => (" GLOBAL real* RESTRICT W,".to_owned(), format!("W + GROUP * {w}, ")),
    };
    // columns and the places of pivots are kept where matrices are eliminated
    let (kept, sizes) = match name {
        "norm2" | "norm2_grad" => (String::new(), format!("{m}, {n}")),
        "inv" => (format!("  SHARED real column[{n}];\n  SHARED int pivots[{n}];\n"), format!("{n}, column, pivots")),
        _ => (format!("  SHARED real column[{n}];\n"), format!("{n}, column")),
    };
    let body = format!(
        "(GLOBAL const real* RESTRICT A,{given} GLOBAL real* RESTRICT C, GLOBAL real* flag) {{\n  SHARED real scratch[{THREADS}];\n\
         {kept}  const int outside = {function}(A + GROUP * {all}, {own}C + GROUP * {width}, {sizes}, scratch);\n  \
         if (outside && THREAD == 0) *flag = 1;\n}}\n"
    );
    let many = if times == 1 { "A".to_owned() } else { format!("each of {times} matrices A") };
    let working = if work == 0 { String::new() } else { format!("; W is worked in, {work} entries for each") };
    let draft = Draft {
        stem: name.to_owned(),
        family: "matrix",
        says: vec![format!("C = {name}(A) of {many}, {m}×{n}{working}")],
        body,
        threads: THREADS,
        groups: times,
        written: if work == 0 { 1 } else { 2 },
        flagged: true,
    };
    Some((draft, inside))
}
