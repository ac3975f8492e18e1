import { readFile } from 'node:fs/promises';

/** Compiles the core module at a URL of this package. */
export async function load(url: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(new Uint8Array(await readFile(url)));
}
