//! What a host must bear: as a command, the first argument says what is done; as a proxy, the path.
#![cfg(target_arch = "wasm32")]

mod command;
mod proxy;

use std::hint::black_box;

/// Implements the exports.
struct Hostile;

/// Never ends.
fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Takes memory until there is none.
fn eat() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(vec![1u8; 1 << 20]));
    }
}
