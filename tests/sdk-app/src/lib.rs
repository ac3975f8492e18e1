//! An application that is written with `flipcache-guest`. Each scene plays with one part of it and
//! tells what came out; the tests know what should.
#![cfg(target_arch = "wasm32")]

mod bindings;

mod scenes;

/// Implements the exports of the generated code.
struct App;

impl bindings::Guest for App {
    fn run(scene: String) -> Result<Vec<String>, String> {
        let play = match scene.as_str() {
            "values" => scenes::values,
            "operations" => scenes::operations,
            "lives" => scenes::lives,
            "many" => scenes::many,
            "loading" => scenes::loading,
            "storing" => scenes::storing,
            "defaults" => scenes::defaults,
            "local" => scenes::local,
            "dict" => scenes::dict,
            "errors" => scenes::errors,
            _ => return Err(format!("no scene is called {scene}")),
        };
        play().map_err(|error| error.to_string())
    }
}
