//! Progress on standard error: a bar with the time left, for what takes longer than a second, on a terminal.

use crate::Manner;
use hesse_report::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// Nothing is shown before.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that appears when work takes long.
pub(crate) struct Bar {
    bar: Option<ProgressBar>,
    start: Instant,
    task: String,
    shown: bool,
}

impl Bar {
    /// None is ever shown if messages are not wanted, or not read by a person.
    pub(crate) fn new(manner: Manner) -> Bar {
        let wanted = !manner.quiet && std::io::stderr().is_terminal();
        let bar = wanted.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
        Bar { bar, start: Instant::now(), task: String::new(), shown: false }
    }

    /// Work goes on.
    pub(crate) fn tell(&mut self, p: Progress) {
        let Some(bar) = &self.bar else { return };
        if self.task != p.task {
            self.task = p.task.to_owned();
            bar.reset();
            bar.set_message(self.task.clone());
        }
        bar.set_length(p.of as u64);
        bar.set_position(p.done as u64);
        if !self.shown && self.start.elapsed() > PATIENCE {
            // the template is ours, so it can be read
            let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len}, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
    }

    /// Work is done; the line is cleared.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A sign of life for work that does not tell how far it is: the time that it has taken, from the first second on, until dropped.
pub(crate) struct Waiting(Option<ProgressBar>);

impl Waiting {
    /// Begins to wait.
    pub(crate) fn new(manner: Manner) -> Waiting {
        if manner.quiet || !std::io::stderr().is_terminal() {
            return Waiting(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{spinner} at work for {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let shown = bar.clone();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            if !shown.is_finished() {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(200));
            }
        });
        Waiting(Some(bar))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
