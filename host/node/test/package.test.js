// The published package: installed into an empty folder and used as documented.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startRedis } from './support/redis-server.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCS = ['README.md', '../../docs/src/node.md'];

const folder = await mkdtemp(join(tmpdir(), 'flipcache-package-'));
const server = await startRedis();
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const packed = JSON.parse((await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT })).stdout);
const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)], { cwd: folder });

/** Returns the examples of a language with their locations. */
async function examples(kind) {
  const found = [];
  for (const path of DOCS) {
    const text = await readFile(join(ROOT, path), 'utf8');
    for (const match of text.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, 'gms'))) {
      found.push({ where: `${path}:${text.slice(0, match.index).split('\n').length}`, source: match[1] });
    }
  }
  return found;
}

/** Returns the expected output of an example: the comments after `console.log`. */
function promised(source) {
  const lines = source.split('\n').map((line) => /console\.log\(.*\); \/\/ (.*)$/.exec(line)?.[1]);
  return lines.filter((said) => said !== undefined);
}

const [inJavaScript, inTypeScript] = [await examples('js'), await examples('ts')];

test('the package contains the expected files only', () => {
  const names = files.map(({ path }) => path);
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'dist/component/glue/flipcache.wasm']) {
    assert.ok(names.includes(name), name);
  }
  const strange = names.filter((name) => !/^(LICENSE-|README\.md$|package\.json$|dist\/)/.test(name));
  assert.deepEqual(strange, []);
});

test('the modules for browsers do not import Node modules', async () => {
  const ofNode = /^dist\/(redis\/(?!unsupported\.)|component\/load-node\.)/;
  const loaded = files.map(({ path }) => path).filter((path) => path.endsWith('.js') && !ofNode.test(path));
  assert.ok(loaded.includes('dist/component/glue/flipcache.js') && loaded.includes('dist/redis/unsupported.js'));
  for (const path of loaded) {
    assert.doesNotMatch(await readFile(join(ROOT, path), 'utf8'), /['"]node:|@redis\/client|\bBuffer\b/, path);
  }
});

for (const { where, source } of inJavaScript) {
  test(`the example at ${where} prints its documented output`, async () => {
    const file = join(folder, 'example.js');
    await writeFile(file, source.replaceAll('redis://localhost:6379', server.url));
    const { stdout } = await run(process.execPath, [file], { cwd: folder });
    const lines = stdout.trimEnd().split('\n');
    const expected = promised(source);
    assert.equal(lines.length, expected.length, stdout);
    for (const [at, said] of expected.entries()) {
      const isSame = said === lines[at] || /^[,:] /.test(said.slice(lines[at].length));
      assert.ok(isSame && said.startsWith(lines[at]), `${lines[at]}, not ${said}`);
    }
  });
}

test('the TypeScript examples type-check', async () => {
  assert.ok(inTypeScript.length > 0);
  for (const [at, { source }] of inTypeScript.entries()) await writeFile(join(folder, `example-${at}.ts`), source);
  const wrong = `import { connect } from 'flipcache';
    const counts = (await connect({ url: 'memory:' })).cache('n', { valueType: 'integer', keyType: 'integer' });
    // @ts-expect-error
    counts.set(1, 'one');
    // @ts-expect-error
    counts.get('1');
    // @ts-expect-error
    const text: string | undefined = counts.get(1);`;
  await writeFile(join(folder, 'wrong.ts'), `${wrong}\nexport {};\n`);
  const sources = [...inTypeScript.map((_, at) => `example-${at}.ts`), 'wrong.ts'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const how = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom', '--module', module, '--moduleResolution', resolution];
    await run(process.execPath, [tsc, ...how, ...sources], { cwd: folder }).catch((error) => assert.fail(error.stdout));
  }
});

test('every entry point can be imported', async () => {
  const file = join(folder, 'entries.js');
  const names = ['flipcache', 'flipcache/component', 'flipcache/memory', 'flipcache/redis'];
  await writeFile(file, `for (const name of ${JSON.stringify(names)}) console.log(Object.keys(await import(name)).length > 0);\n`);
  const { stdout } = await run(process.execPath, [file], { cwd: folder });
  assert.equal(stdout, 'true\n'.repeat(names.length));
});
