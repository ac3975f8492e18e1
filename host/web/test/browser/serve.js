// @ts-check
/**
 * A minimal static file server, without a content type for WebAssembly.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
});

/**
 * Serves a folder under a path, on a free port of the loopback interface.
 *
 * @param {string} folder
 * @param {string} [path] Begins and ends with a slash.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(folder, path = '/') {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(path)
      ? normalize(decodeURIComponent(pathname.slice(path.length)))
      : '..';
    try {
      if (name.startsWith('..')) throw new Error('not below the folder');
      const file = name === '.' ? 'index.html' : name;
      const bytes = await readFile(join(folder, file));
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}${path}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
