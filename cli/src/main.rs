//! The command line of hesse: arguments, files, exit status. One file a subcommand.

mod verify;

use clap::{Parser, Subcommand};
use std::{io::Write, process::ExitCode, thread};

/// A symbolic matrix-calculus compiler that derives exact Hessians
#[derive(Parser, Debug)]
#[command(name = "hesse", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Verify(verify::Args),
}

/// Stack of the thread that works: nested input must not overflow it.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || run(&cli));
    match worker.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        _ => ExitCode::FAILURE,
    }
}

fn run(cli: &Cli) -> ExitCode {
    let result = match &cli.command {
        Command::Verify(args) => verify::run(args),
    };
    match result {
        Ok((text, good)) => {
            // a closed pipe is not a mistake of the input
            std::io::stdout().write_all(text.as_bytes()).ok();
            if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(text) => {
            eprintln!("{}", text.trim_end());
            ExitCode::FAILURE
        }
    }
}
