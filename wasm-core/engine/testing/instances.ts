// The same module instantiated in V8 and in the engine, its imports served alike: functions are logged and answer zero or null, the rest is empty.
import { toBits } from "./bits.ts";
import { type Engine, HOST } from "./engine.ts";

/** Exports with this prefix give a module its budget back instead of being tested. */
export const GLOBAL_BUDGETS = "hangLimitInitializer";
const BUDGET = 2000;
const KINDS = ["function", "table", "memory", "global"];

type Descriptor = WebAssembly.ModuleImportDescriptor;

/** Imports that both sides can serve; others make the module useless for comparing. */
export function isServed(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).every(
    ({ kind, name }) => kind === "function" || (kind === "global" && name.startsWith("extern")),
  );
}

/** Whether V8 can instantiate it: a start function may trap, a segment may not fit. */
export function isUsable(module: WebAssembly.Module): boolean {
  try {
    bindNative(module, []);
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return false;
    throw error;
  }
}

/** How many arguments of which types a logging import has, by its name. */
const LOGGED: Record<string, number> = { "log-i32": 0x7f, "log-i64": 0x7e, "log-f32": 0x7d, "log-f64": 0x7c };

export function bindNative(module: WebAssembly.Module, log: string[]): WebAssembly.Instance {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] =
      kind === "function" ? served(name, log) : new WebAssembly.Global({ value: "externref", mutable: false }, null);
  }
  return new WebAssembly.Instance(module, imports);
}

function served(name: string, log: string[]): (value?: unknown) => unknown {
  return (value) => {
    const type = LOGGED[name];
    log.push(type === undefined ? name : `${name} ${toBits(type, value)}`);
    return null;
  };
}

/** Loads and binds in the engine; the host handler answers as the functions above do. */
export function bindEngine(engine: Engine, bytes: Uint8Array, imports: Descriptor[], log: string[]): number {
  const { wasm } = engine;
  const loaded = engine.loadOrThrow(bytes);
  const instance = wasm.instanceCreate(loaded);
  if (!instance) throw new Error(engine.errorText());
  const empty = imports.some(({ kind }) => kind === "global") ? wasm.hot(8) : 0;
  for (const [i, { kind }] of imports.entries()) {
    if (KINDS.indexOf(kind) === 0) wasm.bindHost(instance, i, i);
    else wasm.bindGlobal(instance, i, empty);
  }
  if (!wasm.instanceInit(instance)) throw new Error(engine.errorText());
  engine.host = (_engine, _thread, id, args) => {
    const name = imports[id]?.name ?? "";
    const type = LOGGED[name];
    const bits = engine.view.getBigUint64(args, true);
    log.push(type === undefined ? name : `${name} ${bits}`);
    if (type === undefined) engine.view.setBigUint64(args, 0n, true);
    return HOST.done;
  };
  return instance;
}

/** Ends of loops: global g0 of our generator, an exported function of wasm-opt's. */
export function resetBudgets(engine: Engine, instance: number, native: WebAssembly.Instance): void {
  const budget = native.exports.g0;
  if (!(budget instanceof WebAssembly.Global) || engine.exported(instance, "g0", 3) !== 0) return;
  budget.value = BUDGET;
  engine.view.setBigUint64(engine.wasm.globalAddress(instance, 0) >>> 0, BigInt(BUDGET), true);
}
