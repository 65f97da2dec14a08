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
///
/// `weigh` says how much room each character takes.
pub(super) fn lines(s: &str, width: usize, weigh: &dyn Fn(&[char]) -> Vec<usize>) -> Vec<String> {
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
    // room taken before each character
    let room: Vec<usize> = std::iter::once(0)
        .chain(weigh(&clean).into_iter().scan(0, |sum, w| {
            *sum += w;
            Some(*sum)
        }))
        .collect();
    let total = room.last().copied().unwrap_or(0);
    let (mut out, mut start, mut next) = (vec![], 0, 0);
    while total - room[start] > width {
        let reachable = places[next..].iter().take_while(|(at, _)| room[*at] <= room[start] + width).count();
        let window = &places[next..next + reachable];
        // not so early that the line stays nearly empty, unless there is nothing else
        let best = |least: usize| {
            let late = |at: usize| at > start && room[at] >= room[start] + least;
            let window = window.iter().enumerate().filter(|(_, (at, _))| late(*at));
            window.min_by_key(|(i, (_, cost))| (*cost, usize::MAX - i))
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

/// Every character takes the same room.
pub(super) fn plain(s: &[char]) -> Vec<usize> {
    vec![1; s.len()]
}

/// LaTeX source: a command is one sign, and braces, scripts and thin spaces take no room.
pub(super) fn latex(s: &[char]) -> Vec<usize> {
    let mut out = Vec::with_capacity(s.len());
    let mut command = false;
    for &c in s {
        let first = c == '\\';
        let inside = command && c.is_ascii_alphabetic();
        out.push(usize::from(first || !(inside || matches!(c, '{' | '}' | '_' | '^' | ','))));
        command = first || inside;
    }
    out
}
