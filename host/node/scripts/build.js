// Builds dist/: transpiles the component and compiles the TypeScript sources.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { transpile } from '@bytecodealliance/jco';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const GLUE = join(ROOT, 'src/component/glue');
const DIST = join(ROOT, 'dist');

/** Returns the path of the component: FLIPCACHE_COMPONENT, or the output of `make component`. */
function findComponent() {
  const named = process.env.FLIPCACHE_COMPONENT;
  const path = named ?? resolve(ROOT, '../../target/flipcache.wasm');
  if (existsSync(path)) return path;
  console.error(
    named === undefined
      ? `cannot find ${path}; run \`make component\` in the root of the repository, or set FLIPCACHE_COMPONENT`
      : `cannot find ${path}, the value of FLIPCACHE_COMPONENT`,
  );
  process.exit(1);
}

/** Writes the glue, the core modules, and the unchanged component. */
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
 * Removes two slow parts of the glue. It reads the environment many times per call, which is half
 * of the cost of a call in Node. And without `WebAssembly.promising` it throws an error for each
 * function, which takes a tenth of a second per instance, for functions that a synchronous
 * component never calls.
 */
function faster(content) {
  const look = /^ *if \(!globalThis\?\.process\?\.env\?\.JCO_DEBUG\) \{ return; \}\n *console\.debug\(\.\.\.args\);\n/m;
  const promising = 'WebAssembly.promising(';
  const source = new TextDecoder().decode(content);
  if (!look.test(source) || !source.includes(promising)) {
    throw new Error('the glue of jco has changed; check how it traces calls and what it does without JSPI');
  }
  const promisingOrSame = 'const promising = WebAssembly.promising ?? ((call) => call);';
  return source.replace(look, '').replaceAll(promising, 'promising(') + `\n${promisingOrSame}\n`;
}

/** Returns the source of the module list. Bundlers need a `new URL` with a literal name. */
function modulesSource(modules, digest) {
  const entries = modules.map((name) => `  '${name}': new URL('./${name}', import.meta.url),`);
  return [`export const DIGEST = '${digest}';`, '', 'export const MODULES = {', ...entries, '};', ''].join('\n');
}

const MODULES_TYPES = `/** SHA-256 of the file \`flipcache.wasm\` that this package was made from, in hex. */
export declare const DIGEST: string;

/** The URLs of the component's core modules, by their names in the glue. */
export declare const MODULES: Record<string, URL>;
`;

function compile() {
  rmSync(DIST, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '--project', ROOT], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  cpSync(GLUE, join(DIST, 'component/glue'), { recursive: true });
  // npm packs only files in the package's own folder.
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(resolve(ROOT, '../..', name), join(ROOT, name));
}

const component = readFileSync(findComponent());
await writeGlue(component);
compile();
