"""The file of the component, and the wheel that has it inside."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

import flipcache_wasm
from flipcache_wasm import errors as kinds
from flipcache_wasm._component import file

PACKAGE = Path(__file__).resolve().parents[1]


def environment(**changes: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if name not in (file.VARIABLE, "PYTHONPATH")}
    return {**kept, **changes}


def test_file_named_by_the_variable_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = file.find().content
    named = tmp_path / "named.wasm"
    named.write_bytes(content)
    monkeypatch.setenv(file.VARIABLE, str(named))
    assert file.find().path == named
    assert flipcache_wasm.digest() == hashlib.sha256(content).hexdigest()


def test_missing_or_invalid_file_is_an_error_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(file.VARIABLE, str(tmp_path / "missing.wasm"))
    with pytest.raises(kinds.ComponentMissing, match=r"missing\.wasm cannot be read: No such file"):
        file.find()
    (tmp_path / "text.wasm").write_text("no component")
    monkeypatch.setenv(file.VARIABLE, str(tmp_path / "text.wasm"))
    with pytest.raises(kinds.ComponentMissing, match="is not a WebAssembly component"):
        flipcache_wasm.FlipCache("c", backend=flipcache_wasm.MemoryBackend())
    monkeypatch.delenv(file.VARIABLE)
    monkeypatch.setattr(file, "_places", lambda: [tmp_path / "nowhere.wasm", tmp_path / "neither.wasm"])
    with pytest.raises(kinds.ComponentMissing, match=r"nowhere\.wasm nor .*neither\.wasm.*FLIPCACHE_COMPONENT"):
        file.find()


@pytest.mark.skipif(sys.platform != "linux", reason="the directory is another one elsewhere")
def test_compiled_code_is_cached_if_enabled(tmp_path: Path) -> None:
    code = "from flipcache_wasm import FlipCache, MemoryBackend; FlipCache('c', backend=MemoryBackend())"
    for wanted in ("", "1"):
        kept = environment(
            FLIPCACHE_COMPILATION_CACHE=wanted, XDG_CACHE_HOME=str(tmp_path), **{file.VARIABLE: str(file.find().path)}
        )
        subprocess.run([sys.executable, "-c", code], env=kept, check=True)
        assert any(tmp_path.iterdir()) == bool(wanted)


def test_wheel_installs_into_an_empty_environment_and_works(tmp_path: Path) -> None:
    """The wheel is built from the source archive, so that this is whole, too."""
    component = str(file.find().path)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(PACKAGE)]
    built = subprocess.run(
        build, env=environment(FLIPCACHE_COMPONENT=component), capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    installed = subprocess.run(install, env=environment(), capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    code = (
        "from flipcache_wasm import FlipCache, LRUDict, MemoryBackend, digest\n"
        "cache = FlipCache('c', backend=MemoryBackend())\n"
        "cache['k'] = 'v'\n"
        "print(cache['k'], list(LRUDict(1, a=1, b=2)), digest())\n"
    )
    ran = subprocess.run(
        [python, "-I", "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"v ['b'] {flipcache_wasm.digest()}\n"
    types = subprocess.run(
        [python, "-I", "-c", "import flipcache_wasm; print(flipcache_wasm.__path__[0])"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (Path(types.stdout.strip()) / "py.typed").exists()
