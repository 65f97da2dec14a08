//! Functions of matrices, a group for each matrix.

use super::{
    library::{THREADS, has},
    size::{self, Size},
    text::Draft,
};

/// Most rows of a square matrix that a group eliminates: a column of it is in shared memory.
const ORDER: usize = 2048;
/// Most entries of the shorter side of a matrix of which a group looks for the largest singular value.
const SIDE: usize = 1024;

/// The kernel of a function at known sizes, and the entries of the array in which it works, all matrices together.
pub(super) fn matrix(name: &str, [m, n]: [usize; 2], times: usize, argument: usize, target: usize) -> Option<(Draft, usize)> {
    let all = m.checked_mul(n)?;
    let most = if name.starts_with("norm2") { m.min(n) <= SIDE } else { n <= ORDER };
    if all == 0 || !most || argument != times * all {
        return None;
    }
    let (draft, work) = of(name, &[m, n].map(Size::Known), Size::Known(times))?;
    let work = work.typical() * times;
    (target.is_multiple_of(times) && work < i32::MAX as usize - 1024).then_some((draft, work))
}

/// The kernel of a function whose sizes are arguments, and the entries of the array in which it works.
pub(super) fn symbolic(name: &str, shape: &[Size; 2]) -> Option<(Draft, Size)> {
    of(name, shape, Size::Known(1))
}

/// The kernel, and what it works in for each matrix.
fn of(name: &str, [m, n]: &[Size; 2], times: Size) -> Option<(Draft, Size)> {
    let all = m.times(n);
    let square = m == n;
    // two squares of the shorter side: no more than two matrices
    let gram = || match (m, n) {
        (Size::Known(m), Size::Known(n)) => Size::Known(2 * m.min(n) * m.min(n)),
        _ => Size::Known(2).times(&all),
    };
    let (width, work) = match name {
        "inv" if square => (all.clone(), Size::Known(0)),
        "adj" if square => (all.clone(), all.clone()),
        "det" | "logdet" if square => (Size::Known(1), all.clone()),
        "norm2" => (Size::Known(1), gram().plus(m).plus(n)),
        "norm2_grad" => (all.clone(), gram().plus(m).plus(n)),
        _ => return None,
    };
    let function = format!("matrix_{name}");
    if !has(&function) {
        return None;
    }
    let (given, own) =
        if work.is(0) { ("", String::new()) } else { (" GLOBAL real* RESTRICT W,", format!("W + GROUP * {work}, ")) };
    // columns and the places of pivots are kept where matrices are eliminated
    let column = if let Size::Known(n) = n { *n } else { ORDER };
    let (kept, sizes) = match name {
        "norm2" | "norm2_grad" => (String::new(), format!("{m}, {n}")),
        "inv" => (format!("  SHARED real column[{column}];\n  SHARED int pivots[{column}];\n"), format!("{n}, column, pivots")),
        _ => (format!("  SHARED real column[{column}];\n"), format!("{n}, column")),
    };
    let text = format!(
        "  SHARED real scratch[{THREADS}];\n{kept}  const int outside = {function}(A + GROUP * {all}, {own}C + GROUP * {width}, \
         {sizes}, scratch);\n  if (outside && THREAD == 0) *flag = 1;\n}}\n"
    );
    let body = format!(
        "(GLOBAL const real* RESTRICT A,{given} GLOBAL real* RESTRICT C, GLOBAL real* flag{}) {{\n{text}",
        size::parameters(&text)
    );
    let many = if times.is(1) { "A".to_owned() } else { format!("each of {} matrices A", times.plain()) };
    let working = if work.is(0) { String::new() } else { format!("; W is worked in, {} entries for each", work.plain()) };
    let at_most = match n {
        Size::Known(_) => vec![],
        _ if name.starts_with("norm2") => vec![],
        _ => vec![(n.dim(), ORDER)],
    };
    let draft = Draft {
        stem: name.to_owned(),
        family: "matrix",
        says: vec![format!("C = {name}(A) of {many}, {}×{}{working}", m.plain(), n.plain())],
        body,
        threads: THREADS,
        grid: vec![(times, 1)],
        written: if work.is(0) { 1 } else { 2 },
        flagged: true,
        at_most,
    };
    Some((draft, work))
}
