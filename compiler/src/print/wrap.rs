//! Where long formulas end their lines: at a plus or minus if there is one, else at a product, outside as many brackets as can be.

/// Stands before a plus or minus in a formula that has not been wrapped yet.
pub(super) const BREAK_SUM: char = '\u{1}';
/// Stands before the sign of a product in a formula that has not been wrapped yet.
pub(super) const BREAK_PRODUCT: char = '\u{2}';

/// The formula in one line.
pub(super) fn unbroken(s: &str) -> String {
    s.replace([BREAK_SUM, BREAK_PRODUCT], "")
}

/// The lines of a formula, each about `width` characters where it has a place to break; never inside braces.
pub(super) fn lines(s: &str, width: usize) -> Vec<String> {
    // places to break: where, how deep in brackets, and whether at a product
    let (mut clean, mut places) = (Vec::<char>::new(), Vec::<(usize, usize)>::new());
    let (mut depth, mut braces) = (0usize, 0usize);
    for c in s.chars() {
        match c {
            BREAK_SUM | BREAK_PRODUCT => {
                if braces == 0 {
                    places.push((clean.len(), 2 * depth + usize::from(c == BREAK_PRODUCT)));
                }
                continue;
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        clean.push(c);
    }
    let (mut out, mut start, mut next) = (vec![], 0, 0);
    while clean.len() - start > width {
        let reachable = places[next..].iter().take_while(|(at, _)| *at <= start + width).count();
        let window = &places[next..next + reachable];
        // not so early that the line stays nearly empty, unless there is nothing else
        let best = |least: usize| {
            window
                .iter()
                .enumerate()
                .filter(|(_, (at, _))| *at > start + least)
                .min_by_key(|(i, (_, cost))| (*cost, usize::MAX - i))
        };
        let found = best(width / 3).or_else(|| best(0)).map(|(i, _)| next + i);
        let later = || (next..places.len()).find(|&i| places[i].0 > start);
        let Some(i) = found.or_else(later) else { break };
        let at = places[i].0;
        out.push(clean[start..at].iter().collect::<String>().trim().to_owned());
        (start, next) = (at, i + 1);
    }
    out.push(clean[start..].iter().collect::<String>().trim().to_owned());
    out
}
