// Runs one benchmark program natively or in the engine. Used in Node and, as part of a small Worker, in workerd.

/**
 * @param {{engine: WebAssembly.Module, host: WebAssembly.Module, native: Record<string, WebAssembly.Module>, bytes: Record<string, Uint8Array>}} files
 * @returns {(name: string, engine: "v8" | "parley", turns: number) => number} the program's answer, as i32
 */
export function makeSide({ engine, host, native, bytes }) {
  const env = new WebAssembly.Instance(host).exports;
  const core = new WebAssembly.Instance(engine).exports;
  core.start();
  const thread = core.thread();
  const runs = {};
  for (const name of Object.keys(native)) {
    const program = new WebAssembly.Instance(native[name], { env }).exports;
    const at = core.alloc(bytes[name].length);
    new Uint8Array(core.memory.buffer, at, bytes[name].length).set(bytes[name]);
    const module = core.moduleLoad(at, bytes[name].length);
    const instance = module && core.instantiate(module);
    if (!instance) throw new Error(`the engine refused ${name}.wasm`);
    runs[name] = { v8: (n) => program.run(n), parley: (n) => core.call(thread, instance, n) | 0 };
  }
  return (name, side, turns) => runs[name][side](turns);
}
