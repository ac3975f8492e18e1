import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { connect } from 'flipcache';

import { freePort, startRedis } from './support/redis-server.js';

const folder = await mkdtemp(join(tmpdir(), 'flipcache-tls-'));
const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
const certified = ['-subj', '/CN=cache.test', '-addext', 'subjectAltName=DNS:cache.test', '-days', '2'];
await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, ...certified]);
const tlsPort = await freePort();
const args = ['--tls-port', String(tlsPort), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'];
const server = await startRedis({ args });
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const url = `rediss://127.0.0.1:${tlsPort}`;
const ca = await readFile(cert, 'utf8');

test('a server with a trusted certificate is used, and its invalidations arrive', async () => {
  const client = await connect({ url, tls: { ca, servername: 'cache.test' } });
  const users = client.cache('user');
  users.set('1', 'Ada');
  assert.deepEqual(users.getDetailed('1'), { value: 'Ada', source: 'local' });
  await client.close();
});

test('a server with an untrusted certificate or another name is unavailable', async () => {
  for (const tls of [undefined, { ca, servername: 'other.test' }]) {
    const client = await connect({ url, ...(tls && { tls }) });
    const users = client.cache('user');
    assert.throws(() => users.get('1'), { name: 'BackendError', code: 'unavailable' });
    await client.close();
  }
});

test('tls with a url without TLS throws', async () => {
  await assert.rejects(connect({ url: server.url, tls: { ca } }), { code: 'invalid-options' });
});
