// A separate redis-server on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** Starts a server; resolves when it is ready. */
export async function startRedis({ args = [], port } = {}) {
  port ??= await freePort();
  const given = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args];
  const server = spawn('redis-server', given, { stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = once(server, 'error').then(([error]) => {
    throw new Error(`cannot start redis-server (${error.code}); install it, on Debian by apt-get install redis-server`);
  });
  failed.catch(() => {});
  await Promise.race([ready(server), failed]);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    /** Suspends the server: connections stay open, but it does not reply. */
    pause: () => process.kill(server.pid, 'SIGSTOP'),
    resume: () => process.kill(server.pid, 'SIGCONT'),
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, 'exit');
      process.kill(server.pid, 'SIGCONT');
      process.kill(server.pid, 'SIGKILL');
      await exited;
    },
  };
}

async function ready(server) {
  const said = [];
  for await (const line of createInterface({ input: server.stdout })) {
    said.push(line);
    if (line.includes('Ready to accept connections')) {
      server.stdout.resume();
      return;
    }
  }
  throw new Error(`redis-server has ended:\n${said.join('\n')}`);
}

/** Returns a port that is free at the moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
