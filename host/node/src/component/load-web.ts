/** Compiles the core module at a URL, as it comes in. */
export async function load(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot load ${url.pathname}: ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  // Servers that do not know the type of the file are many; browsers refuse to stream such an answer.
  if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
