import { defineConfig } from 'vite';

/** What the page may do: run its own scripts and its own WebAssembly, and load what lies beside it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export default defineConfig({
  // The page may lie under any path.
  base: './',
  build: {
    target: 'es2022',
    // Small files stay files: the policy lets no `data:` URL be fetched.
    assetsInlineLimit: 0,
  },
  // Files that are found by `new URL` stay beside the scripts that name them.
  optimizeDeps: { exclude: ['flipcache'] },
  plugins: [
    {
      name: 'content-security-policy',
      // Not while developing: there styles are written into the page.
      apply: 'build',
      transformIndexHtml: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
          injectTo: 'head-prepend',
        },
      ],
    },
    {
      name: 'no-declarations',
      apply: 'build',
      // The glue names a file by a pattern, which the types beside it match too.
      generateBundle(_, bundle) {
        for (const name of Object.keys(bundle)) if (name.endsWith('.ts')) delete bundle[name];
      },
    },
  ],
});
