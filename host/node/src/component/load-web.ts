/** Compiles the core module at a URL while it is downloaded. */
export async function load(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url.pathname}: ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  // Browsers do not stream a response without this content type, which many servers do not send.
  if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
