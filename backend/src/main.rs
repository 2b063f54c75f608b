//! Parses arguments and runs the command: nothing else.

use std::process::ExitCode;

use backend::settings::Arguments;
use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return backend::command::fail(&error),
    };
    match runtime.block_on(backend::command::run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => backend::command::fail(&error),
    }
}
