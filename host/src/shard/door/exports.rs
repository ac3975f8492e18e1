//! The functions of an instance, found by their names and checked for their types.

use wasmtime::error::Context;
use wasmtime::{Instance, Result, Store, TypedFunc, WasmParams, WasmResults};

use super::engine::Data;

/// What an instance exports, with the parameters of `wit/driver.wit` flattened: a string or a list is
/// an address and a length.
#[expect(
    clippy::type_complexity,
    reason = "the types are the core functions' own"
)]
pub(super) struct Exports {
    /// Makes room for what is passed: old address, old size, alignment, size.
    pub(super) realloc: TypedFunc<(u32, u32, u32, u32), u32>,
    pub(super) reserve: TypedFunc<u32, u32>,
    pub(super) find: TypedFunc<(u32, u64, u32, u64), u64>,
    pub(super) find_many: TypedFunc<(u32, u32, u64), ()>,
    pub(super) start: TypedFunc<(u32, u64), ()>,
    pub(super) open: TypedFunc<(u32, u32, u32, u32, u64, u32, u32, u64), ()>,
    pub(super) read: Answering<(u32, u32, u32, u32, u32, u32, u32, u64)>,
    pub(super) ask: Answering<(u32, u64, u32, u32)>,
    pub(super) settle: TypedFunc<(u32, u64, u32, u32, u64, u64, u32, u64, u32, u64), u32>,
    pub(super) answered: TypedFunc<(u64, u32, u32, u32, u64, u32, u64), ()>,
    pub(super) begin_writes: Answering<(u32, u32, u32, u32, u32, u32, u32)>,
    pub(super) end_writes: TypedFunc<(u32, u64, u32, u32, u32, u32, u32, u32), ()>,
    pub(super) begin_extensions: Answering<(u32, u32, u32, u32, u32, u32, u32)>,
    pub(super) end_extensions: Answering<(u32, u32, u32, u32, u32, u32, u32, u32, u32)>,
    pub(super) stale: Answering<(u32, u64, u32, u32, u64, u64)>,
    pub(super) claim: Answering<(u32, u64, u32, u32, u64)>,
    pub(super) touch: TypedFunc<(u32, u64, u32, u32), u32>,
    pub(super) peek: Answering<(u32, u64, u32, u32)>,
    pub(super) remaining: Answering<(u32, u64, u32, u32)>,
    pub(super) invalidate: TypedFunc<(u64, u32, u32), ()>,
    pub(super) invalidate_bucket: TypedFunc<(u32, u32), ()>,
    pub(super) invalidate_all: TypedFunc<(), ()>,
    pub(super) suspend: TypedFunc<(), ()>,
    pub(super) resume: TypedFunc<(), ()>,
    pub(super) failed: TypedFunc<u32, ()>,
    pub(super) clear: TypedFunc<u32, ()>,
    pub(super) keys: Answering<(u32, u32)>,
    pub(super) stats: Answering<u32>,
}

/// A function whose answer stands in memory, at the address that it returns.
pub(super) struct Answering<P> {
    pub(super) call: TypedFunc<P, u32>,
    /// Gives the answer's lists back; `None`: it has none.
    pub(super) release: Option<TypedFunc<u32, ()>>,
}

impl Exports {
    /// Those of an instance.
    ///
    /// # Errors
    ///
    /// If it does not have them all: the file is no cache, or one of another version.
    pub(super) fn of(instance: &Instance, store: &mut Store<Data>) -> Result<Self> {
        let mut find = Finder { instance, store };
        Ok(Self {
            realloc: find.function("cabi_realloc")?,
            reserve: find.function(&window("reserve"))?,
            find: find.function(&window("find"))?,
            find_many: find.function(&window("find-many"))?,
            start: find.function(&driver("start"))?,
            open: find.function(&driver("open"))?,
            read: find.answering(&driver("read"))?,
            ask: find.answering(&driver("ask"))?,
            settle: find.function(&driver("settle"))?,
            answered: find.function(&driver("answered"))?,
            begin_writes: find.answering(&driver("begin-writes"))?,
            end_writes: find.function(&driver("end-writes"))?,
            begin_extensions: find.answering(&driver("begin-extensions"))?,
            end_extensions: find.answering(&driver("end-extensions"))?,
            stale: find.answering(&driver("stale"))?,
            claim: find.answering(&driver("claim"))?,
            touch: find.function(&driver("touch"))?,
            peek: find.answering(&driver("peek"))?,
            remaining: find.answering(&driver("remaining"))?,
            invalidate: find.function(&driver("invalidate"))?,
            invalidate_bucket: find.function(&driver("invalidate-bucket"))?,
            invalidate_all: find.function(&driver("invalidate-all"))?,
            suspend: find.function(&driver("suspend"))?,
            resume: find.function(&driver("resume"))?,
            failed: find.function(&driver("failed"))?,
            clear: find.function(&driver("clear"))?,
            keys: find.answering(&driver("keys"))?,
            stats: find.answering(&driver("stats"))?,
        })
    }
}

fn driver(function: &str) -> String {
    format!("flipcache:cache/driver@0.1.0#{function}")
}

fn window(function: &str) -> String {
    format!("flipcache:cache/window@0.1.0#{function}")
}

struct Finder<'a> {
    instance: &'a Instance,
    store: &'a mut Store<Data>,
}

impl Finder<'_> {
    fn function<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<TypedFunc<P, R>> {
        let function = self.instance.get_typed_func(&mut *self.store, name);
        function.with_context(|| format!("the component file has no door: `{name}`"))
    }

    fn answering<P: WasmParams>(&mut self, name: &str) -> Result<Answering<P>> {
        let call = self.function(name)?;
        let release = format!("cabi_post_{name}");
        let has_lists = self.instance.get_func(&mut *self.store, &release).is_some();
        let release = has_lists.then(|| self.function(&release));
        Ok(Answering {
            call,
            release: release.transpose()?,
        })
    }
}
