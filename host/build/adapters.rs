//! The components between the cache and `wasi:keyvalue`.

use crate::guest::Guest;

/// One of them.
pub(crate) struct Adapter {
    pub(crate) guest: Guest,
    /// What its file is called.
    pub(crate) file: &'static str,
    /// What names its file to the library: `FLIPCACHE_…_FILE`.
    pub(crate) variable: &'static str,
}

const BACKEND_SOURCES: &[&str] = &[
    "guest/wasi-keyvalue/backend",
    "guest/wasi-keyvalue/wit",
    "wit",
];

/// All.
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
