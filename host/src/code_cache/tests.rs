use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use tempfile::TempDir;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Module};

use super::{CodeCache, CodeCacheError};

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
/// With a custom section, of no content and the name `a`.
const ANOTHER_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01a";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder must be made")
}

fn open(folder: &TempDir) -> CodeCache {
    CodeCache::open(folder.path().join("made/code")).expect("it must be private")
}

fn files(cache: &CodeCache) -> Vec<PathBuf> {
    let files = fs::read_dir(&cache.directory).expect("it must be there");
    let files = files.map(|file| file.expect("it must be read").path());
    files.collect()
}

fn only_file(cache: &CodeCache) -> PathBuf {
    let files = files(cache);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it must be there").mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

fn inode(path: &Path) -> u64 {
    path.metadata().expect("it must be there").ino()
}

#[track_caller]
fn compile(cache: &CodeCache, engine: &Engine, component: &[u8]) {
    let component: wasmtime::Result<Component> = cache.component(engine, component);
    component.expect("it is a component");
}

#[test]
fn open_where_nothing_is_makes_it_for_its_user_alone() {
    let folder = folder();
    let cache = open(&folder);
    assert_eq!(mode(&cache.directory), 0o700);
    assert_eq!(mode(&folder.path().join("made")), 0o700);
    compile(&cache, &Engine::default(), COMPONENT);
    assert_eq!(mode(&only_file(&cache)), 0o600);
}

#[test]
fn code_of_a_whole_file_is_not_written_again() {
    let folder = folder();
    let engine = Engine::default();
    compile(&open(&folder), &engine, COMPONENT);
    let file = only_file(&open(&folder));
    let before = inode(&file);
    compile(&open(&folder), &engine, COMPONENT);
    compile(&open(&folder), &Engine::default(), COMPONENT);
    assert_eq!(inode(&only_file(&open(&folder))), before);
}

#[test]
fn code_is_kept_by_engine_kind_and_file() {
    let folder = folder();
    let cache = open(&folder);
    let engine = Engine::default();
    compile(&cache, &engine, COMPONENT);
    compile(&cache, &engine, ANOTHER_COMPONENT);
    assert_eq!(files(&cache).len(), 2);
    let module: Module = cache.module(&engine, MODULE).expect("it is a module");
    assert_eq!(module.exports().count(), 0);
    assert_eq!(files(&cache).len(), 3);
    let interruptible = Engine::new(Config::new().epoch_interruption(true));
    compile(&cache, &interruptible.expect("it must start"), COMPONENT);
    assert_eq!(files(&cache).len(), 4);
}

#[test]
fn code_that_does_not_compile_is_an_error_and_not_stored() {
    let folder = folder();
    let cache = open(&folder);
    assert!(cache.component(&Engine::default(), MODULE).is_err());
    assert!(cache.component(&Engine::default(), b"no wasm").is_err());
    assert_eq!(files(&cache), [] as [PathBuf; 0]);
}

#[test]
fn damaged_files_are_replaced() {
    let folder = folder();
    let cache = open(&folder);
    let engine = Engine::default();
    compile(&cache, &engine, COMPONENT);
    let file = only_file(&cache);
    let whole = fs::read(&file).expect("it must be read");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let longer = [&whole[..], b"\0"].concat();
    let damaged = [
        Vec::new(),
        whole[..20].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        longer,
        flipped(0),
        flipped(8),
        flipped(100),
        flipped(whole.len() - 1),
    ];
    for bytes in damaged {
        fs::write(&file, &bytes).expect("it must be written");
        compile(&cache, &engine, COMPONENT);
        assert!(fs::read(only_file(&cache)).is_ok_and(|now| now == whole));
    }
}

#[test]
fn code_under_the_name_of_another_is_not_run() {
    let folder = folder();
    let cache = open(&folder);
    let engine = Engine::default();
    compile(&cache, &engine, COMPONENT);
    let one = only_file(&cache);
    fs::rename(&one, folder.path().join("one")).expect("it must be moved");
    compile(&cache, &engine, ANOTHER_COMPONENT);
    let other = only_file(&cache);
    let right = fs::read(&other).expect("it must be read");
    fs::rename(folder.path().join("one"), &other).expect("it must be moved");
    compile(&cache, &engine, ANOTHER_COMPONENT);
    assert!(fs::read(&other).is_ok_and(|now| now == right));
}

#[test]
fn files_that_others_may_write_to_are_replaced() {
    let folder = folder();
    let cache = open(&folder);
    let engine = Engine::default();
    compile(&cache, &engine, COMPONENT);
    let file = only_file(&cache);
    set_mode(&file, 0o620);
    compile(&cache, &engine, COMPONENT);
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn directories_that_others_may_write_to_are_refused() {
    let folder = folder();
    let cache = open(&folder);
    for (path, mode) in [
        (cache.directory.to_path_buf(), 0o720),
        (cache.directory.to_path_buf(), 0o1702),
        (folder.path().join("made"), 0o770),
        (folder.path().to_owned(), 0o707),
    ] {
        set_mode(&path, mode);
        let refused = CodeCache::open(&cache.directory);
        let of = fs::canonicalize(&path).expect("it is there");
        assert!(
            matches!(&refused, Err(CodeCacheError::Writable { path, mode: m }) if *path == of && *m == mode),
            "{refused:?}"
        );
        set_mode(&path, 0o700);
    }
    set_mode(&cache.directory, 0o755);
    assert!(CodeCache::open(&cache.directory).is_ok(), "others may read");
}

#[test]
fn nothing_is_created_below_a_directory_that_others_may_write_to() {
    let folder = folder();
    set_mode(folder.path(), 0o777);
    let refused = CodeCache::open(folder.path().join("new/code"));
    assert!(
        matches!(refused, Err(CodeCacheError::Writable { .. })),
        "{refused:?}"
    );
    assert!(!folder.path().join("new").exists());
    set_mode(folder.path(), 0o1777);
    assert!(CodeCache::open(folder.path().join("new/code")).is_ok());
}

#[test]
fn directories_of_others_are_refused() {
    let folder = folder();
    let refused = if geteuid().is_root() {
        chown(folder.path(), Some(65_534), None).expect("root may");
        CodeCache::open(folder.path())
    } else {
        CodeCache::open("/")
    };
    assert!(
        matches!(refused, Err(CodeCacheError::Foreign { .. })),
        "{refused:?}"
    );
}

#[test]
fn links_and_files_are_refused() {
    let folder = folder();
    let cache = open(&folder);
    let link = folder.path().join("link");
    symlink(&cache.directory, &link).expect("it must be made");
    let refused = CodeCache::open(&link);
    assert!(
        matches!(&refused, Err(CodeCacheError::SymbolicLink { path }) if *path == link),
        "{refused:?}"
    );
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it must be written");
    for path in [file.clone(), file.join("below")] {
        let refused = CodeCache::open(&path);
        assert!(
            matches!(refused, Err(CodeCacheError::Io { .. })),
            "{refused:?}"
        );
    }
}
