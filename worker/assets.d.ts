declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}

/** The part that we use; the whole needs the globals of Workers, which clash with lib "webworker". */
declare module "cloudflare:workers" {
  export class DurableObject<Env> {
    protected readonly env: Env;
    fetch(request: Request): Promise<Response>;
  }
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*?raw" {
  const text: string;
  export default text;
}
