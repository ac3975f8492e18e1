import { defineConfig } from 'vite';

/** The content security policy: the page's own scripts, WebAssembly and files only. */
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
  // The page may be served under any path.
  base: './',
  build: {
    target: 'es2022',
    // Small files stay files: the policy forbids `data:` URLs.
    assetsInlineLimit: 0,
  },
  // Files named by `new URL` must stay beside the scripts that name them.
  optimizeDeps: { exclude: ['flipcache'] },
  plugins: [
    {
      name: 'content-security-policy',
      // Not in development, where styles are injected into the page.
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
      // The glue names files by a pattern that also matches the type declarations.
      generateBundle(_, bundle) {
        for (const name of Object.keys(bundle)) if (name.endsWith('.ts')) delete bundle[name];
      },
    },
  ],
});
