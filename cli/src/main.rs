//! The command line of hesse: arguments, files, exit status. One file a subcommand.

mod arrays;
mod bench;
mod bounds;
mod check;
mod derive;
mod device;
mod emit;
mod eval;
mod files;
mod landscape;
mod output;
mod plot;
mod progress;
mod report;
mod source;
mod subject;
mod verify;

use clap::{Parser, Subcommand};
use std::{
    io::{ErrorKind, IsTerminal, Write},
    process::ExitCode,
    thread,
};

/// A symbolic matrix-calculus compiler that derives exact Hessians
#[derive(Parser, Debug)]
#[command(
    name = "hesse",
    version,
    about,
    after_help = "The language: a model is a text file such as\n\n  \
        dim L, dV, dK\n  input X: L × dV\n  param Wq, Wk: dV × dK\n  param Wv: dV × dV\n  target Y: L × dV\n  \
        F = softmax(X Wq Wk' X' / sqrt(dK)) X Wv\n  loss mse(F, Y)\n\n\
        Example: hesse derive attention.hesse -q 'hessian(loss, Wq, Wq)'\n\n\
        Exit status: 0 done; 1 the input is wrong, or a claim is refuted; 2 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print no warnings and notes on standard error
    #[arg(long, global = true)]
    quiet: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    Bench(bench::Args),
    Bounds(bounds::Args),
    Check(check::Args),
    Derive(derive::Args),
    Emit(emit::Args),
    Eval(eval::Args),
    Landscape(landscape::Args),
    Plot(plot::Args),
    Report(Box<report::Args>),
    Verify(verify::Args),
}

/// Stack of the thread that works: nested input must not overflow it.
const STACK: usize = 256 << 20;

/// How messages are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// With colors.
    pub(crate) color: bool,
    /// Without warnings.
    pub(crate) quiet: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || run(&cli));
    match worker.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        _ => ExitCode::FAILURE,
    }
}

/// Prints a line on standard error; one that takes nothing changes neither the answer nor the exit status.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

fn run(cli: &Cli) -> ExitCode {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let manner = Manner { color, quiet: cli.quiet };
    // these two tell how far they are
    let told = matches!(cli.command, Command::Plot(_) | Command::Report(_));
    let waiting = (!told).then(|| progress::Waiting::new(manner));
    let result = match &cli.command {
        Command::Bench(args) => bench::run(args, manner).map(|t| (t, true)),
        Command::Bounds(args) => bounds::run(args, manner).map(|t| (t, true)),
        Command::Check(args) => check::run(args, manner).map(|t| (t, true)),
        Command::Derive(args) => derive::run(args, manner).map(|t| (t, true)),
        Command::Emit(args) => emit::run(args, manner).map(|t| (t, true)),
        Command::Eval(args) => eval::run(args, manner).map(|t| (t, true)),
        Command::Landscape(args) => landscape::run(args, manner).map(|t| (t, true)),
        Command::Plot(args) => plot::run(args, manner).map(|t| (t, true)),
        Command::Report(args) => report::run(args, manner).map(|t| (t, true)),
        Command::Verify(args) => verify::run(args),
    };
    drop(waiting);
    match result {
        Ok((text, good)) => {
            let mut stdout = std::io::stdout();
            match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
                // who closes the pipe has read enough
                Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                    say(&files::file_error(format!("standard output cannot be written: {e}"), manner));
                    ExitCode::FAILURE
                }
                _ if good => ExitCode::SUCCESS,
                _ => ExitCode::FAILURE,
            }
        }
        Err(text) => {
            say(text.trim_end());
            ExitCode::FAILURE
        }
    }
}
