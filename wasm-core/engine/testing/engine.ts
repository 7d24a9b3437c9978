// The engine's test build driven from Node: modules in, calls with bit patterns, fuel in slices.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileAll } from "../../../scripts/lib/asc.mjs";
import { generate } from "../generate.ts";

export const RAN = { returned: 0, fuel: 1, host: 2, trap: 3 } as const;
export const HOST = { done: 0, leave: 1, restart: 2, trap: 3 } as const;
export const TRAPS = [
  "none",
  "unreachable",
  "memory bounds",
  "table bounds",
  "indirect null",
  "indirect type",
  "divide by zero",
  "integer overflow",
  "invalid conversion",
  "stack",
  "host",
] as const;

const out = "wasm-core/build/engine-harness.wasm";

/** Compiles the test build if a source changed; answers its path. */
export async function buildHarness(): Promise<string> {
  generate();
  const job = {
    name: "engine-harness",
    entry: "wasm-core/engine/testing/harness.ts",
    out,
    inputs: ["wasm-core/engine", "wasm-core/memory"],
    args: ["--maximumMemory", "1536"],
  };
  await compileAll([job]);
  const path = fileURLToPath(new URL("../../build/engine-harness.wasm", import.meta.url));
  if (!existsSync(path)) throw new Error(`${out} was not written`);
  return path;
}

/** Functions that harness.ts exports and the tests call. */
type HarnessCall =
  | "alloc"
  | "arenaGuard"
  | "arenaUsed"
  | "bindGlobal"
  | "bindExport"
  | "bindFunc"
  | "bindHost"
  | "bindMemory"
  | "bindTable"
  | "codeEndOf"
  | "codeOf"
  | "dirtyMap"
  | "errorRecord"
  | "findExport"
  | "funcName"
  | "funcType"
  | "functionTotal"
  | "globalAddress"
  | "hot"
  | "importCount"
  | "importField"
  | "importKind"
  | "importModule"
  | "importType"
  | "instanceCreate"
  | "instanceInit"
  | "instanceModule"
  | "limitsRecord"
  | "loadSteps"
  | "memoryBase"
  | "memorySize"
  | "memoryOf"
  | "moduleLoad"
  | "memoryCreate"
  | "moduleValidate"
  | "nextOffset"
  | "pagedTable"
  | "regionDigest"
  | "restored"
  | "snapshotDigest"
  | "snapshotRestore"
  | "snapshotTake"
  | "stackTable"
  | "start"
  | "startFunction"
  | "staticEnd"
  | "threadCompleteCall"
  | "threadCreate"
  | "threadEnter"
  | "threadFrame"
  | "threadFrameCount"
  | "threadReset"
  | "threadResults"
  | "threadRun"
  | "tableCreate"
  | "tableOf"
  | "threadUnwind"
  | "typeParam"
  | "typeParamCount"
  | "typeResult"
  | "typeResultCount";
type Exports = Record<HarnessCall, (...args: (number | bigint)[]) => number> & { memory: WebAssembly.Memory };
export type Host = (engine: Engine, thread: number, id: number, args: number) => number;

export interface Frame {
  instance: number;
  func: number;
  offset: number;
}

export class Engine {
  readonly wasm: Exports;
  host: Host = () => HOST.trap;

  constructor(module: WebAssembly.Module) {
    const imports = { test: { host: (thread: number, id: number, args: number) => this.host(this, thread, id, args) } };
    this.wasm = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.reset();
  }

  static async create(): Promise<Engine> {
    return new Engine(new WebAssembly.Module(readFileSync(await buildHarness())));
  }

  /** Room for short-lived arguments, so that calls allocate nothing. */
  scratch = 0;

  reset(): void {
    this.wasm.start();
    this.scratch = this.wasm.alloc(1024) >>> 0;
  }

  private latest = new DataView(new ArrayBuffer(0));

  get view(): DataView {
    if (this.latest.buffer !== this.wasm.memory.buffer) this.latest = new DataView(this.wasm.memory.buffer);
    return this.latest;
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, address, length);
  }

  text(name: number): string {
    return new TextDecoder().decode(this.bytes(this.view.getUint32(name, true), this.view.getUint32(name + 4, true)));
  }

  /** Copies bytes into core memory and answers their address; scratch is kept until reset. */
  put(bytes: Uint8Array): number {
    const at = this.wasm.alloc(bytes.length + 1) >>> 0;
    if (!at) throw new Error("core memory is used up");
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  load(bytes: Uint8Array): number {
    return this.wasm.moduleLoad(this.put(bytes), bytes.length);
  }

  loadOrThrow(bytes: Uint8Array): number {
    const module = this.load(bytes);
    if (!module) throw new Error(this.errorText());
    return module;
  }

  error(): { code: number; offset: number; func: number; text: string } {
    const at = this.wasm.errorRecord();
    const view = this.view;
    const text = new TextDecoder().decode(this.bytes(view.getUint32(at + 12, true), view.getUint32(at + 16, true)));
    return {
      code: view.getUint32(at, true),
      offset: view.getUint32(at + 4, true),
      func: view.getInt32(at + 8, true),
      text,
    };
  }

  errorText(): string {
    const { offset, func, text } = this.error();
    return `${text} (offset 0x${offset.toString(16)}, function ${func})`;
  }

  /** Instantiates with every function import served by the host under its import index. */
  instantiate(bytes: Uint8Array): number {
    const module = this.loadOrThrow(bytes);
    const instance = this.wasm.instanceCreate(module);
    if (!instance) throw new Error(this.errorText());
    for (let i = 0; i < this.wasm.importCount(module); i++)
      if (this.wasm.importKind(module, i) === 0) this.wasm.bindHost(instance, i, i);
    if (!this.wasm.instanceInit(instance)) throw new Error(this.errorText());
    return instance;
  }

  exported(instance: number, text: string, kind = 0): number {
    const bytes = new TextEncoder().encode(text);
    const at = bytes.length <= 1024 ? this.scratch : this.put(bytes);
    this.bytes(at, bytes.length).set(bytes);
    return this.wasm.findExport(this.wasm.instanceModule(instance), at, bytes.length, kind);
  }

  thread(stackBytes = 65536, depthMax = 1000): number {
    return this.wasm.threadCreate(stackBytes, depthMax);
  }

  /** Pushes a call; args are 64-bit patterns. Throws when the stack is exhausted. */
  enter(thread: number, instance: number, func: number, args: bigint[]): void {
    const at = this.wasm.threadEnter(thread, instance, func, args.length) >>> 0;
    if (!at) throw new Error("stack exhausted");
    for (const [i, arg] of args.entries()) this.view.setBigUint64(at + 8 * i, BigInt.asUintN(64, arg), true);
  }

  fuel(thread: number): bigint {
    return this.view.getBigInt64(thread, true);
  }

  setFuel(thread: number, fuel: bigint): void {
    this.view.setBigInt64(thread, fuel, true);
  }

  trap(thread: number): string {
    return TRAPS[this.view.getInt32(thread + 32, true)] ?? "unknown";
  }

  run(thread: number): number {
    return this.wasm.threadRun(thread);
  }

  /** Runs in slices until it stops for another reason than fuel; answers that and the fuel used. */
  runSliced(thread: number, slice: () => number, most = 50_000_000): { ran: number; used: number } {
    let used = 0;
    for (;;) {
      const size = slice();
      this.setFuel(thread, BigInt(size));
      const ran = this.run(thread);
      const left = this.fuel(thread);
      if (ran === RAN.fuel && left !== 0n)
        throw new Error(`stopped with fuel ${left}, not exactly at the end of its fuel`);
      used += size - Number(left);
      if (ran !== RAN.fuel || used >= most) return { ran, used };
    }
  }

  results(thread: number, count: number): bigint[] {
    const at = this.wasm.threadResults(thread) >>> 0;
    return Array.from({ length: count }, (_, i) => this.view.getBigUint64(at + 8 * i, true));
  }

  frames(thread: number): Frame[] {
    const out = this.scratch;
    return Array.from({ length: this.wasm.threadFrameCount(thread) }, (_, i) => {
      if (!this.wasm.threadFrame(thread, i, out)) throw new Error(`frame ${i} is missing`);
      return {
        instance: this.view.getUint32(out, true),
        func: this.view.getUint32(out + 4, true),
        offset: this.view.getUint32(out + 8, true),
      };
    });
  }

  /** Calls an export on a fresh context and answers its first result or throws the trap kind. */
  call(thread: number, instance: number, name: string, ...args: bigint[]): bigint {
    const func = this.exported(instance, name);
    if (func < 0) throw new Error(`no export ${name}`);
    this.enter(thread, instance, func, args);
    const { ran } = this.runSliced(thread, () => 1_000_000, 10_000_000_000);
    if (ran === RAN.returned) return this.results(thread, 1)[0] ?? 0n;
    const text = ran === RAN.trap ? this.trap(thread) : `ran ${ran}`;
    this.wasm.threadReset(thread);
    throw new Error(text);
  }
}
