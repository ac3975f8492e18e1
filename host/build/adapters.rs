//! The components between the cache and `wasi:keyvalue`.

use crate::guest::Guest;

/// An adapter component.
pub(crate) struct Adapter {
    pub(crate) guest: Guest,
    /// The name of its file.
    pub(crate) file: &'static str,
    /// The middle of the variable with its file's path: `FLIPCACHE_…_FILE`.
    pub(crate) variable: &'static str,
}

const BACKEND_SOURCES: &[&str] = &[
    "guest/wasi-keyvalue/backend",
    "guest/wasi-keyvalue/wit",
    "wit",
];

/// All adapters.
pub(crate) const ADAPTERS: [Adapter; 3] = [
    Adapter {
        guest: Guest {
            package: "flipcache-wasi-keyvalue-provider",
            sources: &[
                "guest/wasi-keyvalue/provider",
                "guest/wasi-keyvalue/wit",
                "wit",
            ],
        },
        file: "wasi-keyvalue-provider.wasm",
        variable: "WASI_KEYVALUE_PROVIDER",
    },
    Adapter {
        guest: Guest {
            package: "flipcache-wasi-keyvalue-backend-draft",
            sources: BACKEND_SOURCES,
        },
        file: "wasi-keyvalue-backend.wasm",
        variable: "WASI_KEYVALUE_BACKEND",
    },
    Adapter {
        guest: Guest {
            package: "flipcache-wasi-keyvalue-backend-draft2",
            sources: BACKEND_SOURCES,
        },
        file: "wasi-keyvalue-backend-draft2.wasm",
        variable: "WASI_KEYVALUE_BACKEND_DRAFT2",
    },
];
