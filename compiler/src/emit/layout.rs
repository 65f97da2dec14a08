//! Layout of Rust source as rustfmt leaves it: indentation, and lines that are broken where they are too long.

/// Columns of a line.
const WIDTH: usize = 100;
/// Columns that the arguments of a call may take in one line.
const CALL: usize = 60;

/// Source text, line by line.
#[derive(Default)]
pub(super) struct Layout {
    text: String,
    depth: usize,
}

impl Layout {
    /// Everything written.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// An empty text inside a block.
    pub(super) fn inside() -> Layout {
        Layout { text: String::new(), depth: 1 }
    }

    /// Columns left in a line here.
    fn room(&self) -> usize {
        WIDTH - 4 * self.depth
    }

    /// Whether a line fits here.
    pub(super) fn fits(&self, line: &str) -> bool {
        width(line) <= self.room()
    }

    /// One line.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.push_str(&"    ".repeat(self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// A line that opens a block.
    pub(super) fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    /// The end of a block.
    pub(super) fn close(&mut self, line: &str) {
        self.depth -= 1;
        self.line(line);
    }

    /// A line that ends one block and opens another.
    pub(super) fn reopen(&mut self, line: &str) {
        self.close(line);
        self.depth += 1;
    }

    /// `head(arguments)tail`, in one line or one argument a line.
    pub(super) fn call(&mut self, head: &str, arguments: &[String], tail: &str) {
        let inside = arguments.join(", ");
        let line = format!("{head}({inside}){tail}");
        if width(&inside) <= CALL && self.fits(&line) {
            return self.line(&line);
        }
        self.open(&format!("{head}("));
        for a in arguments {
            match a.strip_prefix('[').and_then(|a| a.strip_suffix(']')).filter(|_| width(a) > CALL + 2) {
                Some(items) => self.list("", &top_level(items), ","),
                None => self.line(&format!("{a},")),
            }
        }
        self.close(&format!("){tail}"));
    }

    /// `head[items]tail`, in one line or one item a line.
    pub(super) fn list(&mut self, head: &str, items: &[String], tail: &str) {
        let inside = items.join(", ");
        let line = format!("{head}[{inside}]{tail}");
        if width(&inside) <= CALL && self.fits(&line) {
            return self.line(&line);
        }
        self.open(&format!("{head}["));
        items.iter().for_each(|a| self.line(&format!("{a},")));
        self.close(&format!("]{tail}"));
    }

    /// A statement `head a op b op c;`, broken before every operator where it is too long.
    pub(super) fn chain(&mut self, head: &str, operator: &str, parts: &[String]) {
        let line = format!("{head} {};", parts.join(&format!(" {operator} ")));
        if self.fits(&line) {
            return self.line(&line);
        }
        // first all of it in the next line, then part by part
        let rest = format!("{};", parts.join(&format!(" {operator} ")));
        if width(&rest) + 4 <= self.room() || parts.len() < 2 {
            self.open(head);
            self.line(&rest);
            self.depth -= 1;
            return;
        }
        self.line(&format!("{head} {}", parts[0]));
        self.depth += 1;
        for (k, part) in parts.iter().enumerate().skip(1) {
            let end = if k + 1 == parts.len() { ";" } else { "" };
            self.line(&format!("{operator} {part}{end}"));
        }
        self.depth -= 1;
    }

    /// A comment in lines of words.
    pub(super) fn comment(&mut self, mark: &str, text: &str) {
        let mut line = mark.to_owned();
        for word in text.split_whitespace() {
            if width(&line) + 1 + width(word) > self.room() && line != mark {
                self.line(&line);
                line = mark.to_owned();
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// The items of a list: parts between commas that stand in no bracket.
fn top_level(items: &str) -> Vec<String> {
    let mut depth = 0;
    let parts = items.split(|c| {
        depth += i32::from(c == '(' || c == '[') - i32::from(c == ')' || c == ']');
        c == ',' && depth == 0
    });
    parts.map(|p| p.trim().to_owned()).collect()
}
