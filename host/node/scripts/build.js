// Makes dist/: the component, transpiled, and the TypeScript sources, compiled.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { transpile } from '@bytecodealliance/jco';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const GLUE = join(ROOT, 'src/component/glue');
const DIST = join(ROOT, 'dist');

/** Where the component is: what the environment says, else where `make component` puts it. */
function findComponent() {
  const named = process.env.FLIPCACHE_COMPONENT;
  const path = named ?? resolve(ROOT, '../../target/flipcache.wasm');
  if (existsSync(path)) return path;
  console.error(
    named === undefined
      ? `There is no ${path}. Make it by \`make component\` in the repository's root, or name the file in FLIPCACHE_COMPONENT.`
      : `There is no ${path}, which FLIPCACHE_COMPONENT names.`,
  );
  process.exit(1);
}

/** The glue, the core modules, and the component itself, unchanged. */
async function writeGlue(bytes) {
  const { files } = await transpile(bytes, {
    name: 'flipcache',
    instantiation: 'async',
    nodejsCompat: false,
    wasiShim: false,
    quiet: true,
  });
  rmSync(GLUE, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(GLUE, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name === 'flipcache.js' ? faster(content) : content);
  }
  writeFileSync(join(GLUE, 'flipcache.wasm'), bytes);
  const modules = Object.keys(files).filter((name) => name.endsWith('.wasm'));
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(GLUE, 'modules.js'), modulesSource(modules, digest));
  writeFileSync(join(GLUE, 'modules.d.ts'), MODULES_TYPES);
}

/**
 * The glue without what makes it slow for nothing. It looks into the environment many times a call, which is half
 * of what a call costs in Node. And where `WebAssembly.promising` is not there, it finds out anew for each function,
 * by an error: a tenth of a second for an instance, for functions that a synchronous component never calls.
 */
function faster(content) {
  const look = /^ *if \(!globalThis\?\.process\?\.env\?\.JCO_DEBUG\) \{ return; \}\n *console\.debug\(\.\.\.args\);\n/m;
  const promising = 'WebAssembly.promising(';
  const source = new TextDecoder().decode(content);
  if (!look.test(source) || !source.includes(promising)) {
    throw new Error('jco makes another glue: see how it traces calls, and what it does without JSPI');
  }
  const promisingOrSame = 'const promising = WebAssembly.promising ?? ((call) => call);';
  return source.replace(look, '').replaceAll(promising, 'promising(') + `\n${promisingOrSame}\n`;
}

/** Bundlers find files by `new URL` with a literal name. */
function modulesSource(modules, digest) {
  const entries = modules.map((name) => `  '${name}': new URL('./${name}', import.meta.url),`);
  return [`export const DIGEST = '${digest}';`, '', 'export const MODULES = {', ...entries, '};', ''].join('\n');
}

const MODULES_TYPES = `/** SHA-256 of the file \`flipcache.wasm\` that this package was made from, in hex. */
export declare const DIGEST: string;

/** Where the component's core modules are, by the names that the glue has for them. */
export declare const MODULES: Record<string, URL>;
`;

function compile() {
  rmSync(DIST, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '--project', ROOT], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  cpSync(GLUE, join(DIST, 'component/glue'), { recursive: true });
  // npm packs what stands in the package's own folder.
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(resolve(ROOT, '../..', name), join(ROOT, name));
}

const component = readFileSync(findComponent());
await writeGlue(component);
compile();
