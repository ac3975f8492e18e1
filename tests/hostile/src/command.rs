//! `wasi:cli/run`.

use std::io::{self, Read, Write};

use wasip2::cli::environment::{get_arguments, get_environment};
use wasip2::cli::exit::exit_with_code;
use wasip2::cli::{stderr, stdin, stdout};
use wasip2::exports::cli::run::Guest;
use wasip2::filesystem::preopens::get_directories;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;

use crate::{Hostile, eat, spin};

wasip2::cli::command::export!(Hostile);

impl Guest for Hostile {
    fn run() -> Result<(), ()> {
        let arguments = get_arguments();
        match arguments.get(1).map(String::as_str) {
            Some("exit") => {
                exit_with_code(7);
                Ok(())
            }
            Some("fail") => Err(()),
            Some("trap") => panic!("on purpose"),
            Some("spin") => spin(),
            Some("eat") => eat(),
            Some("echo") => echo().map_err(|_| ()),
            _ => tell(&arguments).map_err(|_| ()),
        }
    }
}

/// Standard input to standard output, and a word to standard error.
fn echo() -> io::Result<()> {
    let mut input = Vec::new();
    stdin::get_stdin().read_to_end(&mut input)?;
    stdout::get_stdout().write_all(&input)?;
    stderr::get_stderr().write_all(b"echoed\n")
}

/// Everything that the host gives.
fn tell(arguments: &[String]) -> io::Result<()> {
    let addresses = resolve_addresses(&instance_network(), "localhost").is_ok();
    let told = format!(
        "arguments {arguments:?}\nenvironment {:?}\nfolders {}\nnames {addresses}\n",
        get_environment(),
        get_directories().len(),
    );
    stdout::get_stdout().write_all(told.as_bytes())
}
