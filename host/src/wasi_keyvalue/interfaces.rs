//! The interfaces of `wasi:keyvalue` that an application uses.

use std::error::Error;

use wasmparser::{Encoding, Parser, Payload};

/// The package whose interfaces are provided.
const PACKAGE: &str = "wasi:keyvalue/";

/// Full names of interfaces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Interfaces {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

impl Interfaces {
    /// Reads the imports and exports of a component, but not its modules.
    pub(super) fn of(component: &[u8]) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut interfaces = Self::default();
        let mut depth = 0u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding == Encoding::Module {
                        return Err("it is a core module".into());
                    }
                    depth += 1;
                }
                Payload::End(_) => depth -= 1,
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        add(&mut interfaces.imports, import?.name.name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        add(&mut interfaces.exports, export?.name.name);
                    }
                }
                _ => {}
            }
        }
        Ok(interfaces)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.imports.is_empty() && self.exports.is_empty()
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if name.starts_with(PACKAGE) {
        names.push(name.to_owned());
    }
}
