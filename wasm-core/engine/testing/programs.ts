// Programs of compilers in V8 and in the engine, their imports served alike: WASI preview 1 as far as printing needs, and env.host.
import { readFileSync } from "node:fs";
import { must } from "../opcodes/must.ts";
import { type Engine, HOST, RAN } from "./engine.ts";

export interface Program {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Export to call, and its i32 arguments. */
  run: string;
  args: number[];
}

const read = (path: string) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const program = (path: string, run: string, ...args: number[]): Program => {
  const name = path.replace(/.*\//, "");
  return { name, bytes: read(`${path}.wasm`), run, args };
};

/** clang, clang++, rustc. */
export const PROGRAMS: Program[] = [
  program("programs/words", "_start"),
  program("programs/shapes", "_start"),
  program("programs/numbers", "run", 300),
  program("programs/ledger", "run", 40),
];

/** asc. */
export const asc = (name: string): Program => program(`../bench/${name}`, "run", 2);

/** One host call: memory as it is now, the arguments' bits. Answers the result's bits, null to trap. */
type Serve = (name: string, memory: DataView, args: bigint[]) => bigint | null;

/** Serves calls and notes them: what was printed goes into the log as text. */
export function server(log: string[]): Serve {
  return (name, memory, args) => {
    const at = (i: number) => Number(BigInt.asUintN(32, args[i] ?? 0n));
    log.push(`${name}(${args.join(", ")})`);
    switch (name) {
      case "host":
        return BigInt.asUintN(64, (args[1] ?? 0n) * 0x9e3779b97f4a7c15n + (args[0] ?? 0n));
      case "fd_write": {
        let written = 0;
        for (let i = 0; i < at(2); i++) {
          const [start, length] = [memory.getUint32(at(1) + 8 * i, true), memory.getUint32(at(1) + 8 * i + 4, true)];
          log.push(new TextDecoder().decode(new Uint8Array(memory.buffer, memory.byteOffset + start, length)));
          written += length;
        }
        memory.setUint32(at(3), written, true);
        return 0n;
      }
      case "args_sizes_get":
        memory.setUint32(at(0), 0, true);
        memory.setUint32(at(1), 0, true);
        return 0n;
      case "fd_fdstat_get":
        for (let i = 0; i < 24; i++) memory.setUint8(at(1) + i, i === 0 ? 2 : 0);
        return 0n;
      case "proc_exit":
        return null;
      default:
        return 0n;
    }
  };
}

type Imports = { name: string; params: number }[];

/** Function imports with how many parameters they have, in order. */
function importsOf(engine: Engine, instance: number): Imports {
  const { wasm } = engine;
  const module = wasm.instanceModule(instance);
  return Array.from({ length: wasm.importCount(module) }, (_, i) => ({
    name: engine.text(wasm.importField(module, i)),
    params: wasm.typeParamCount(wasm.importType(module, i)),
  }));
}

/** Runs a program in V8; answers its result (undefined: none) and its log. */
export function runNative({ bytes, run, args }: Program): { answer: unknown; log: string[] } {
  const log: string[] = [];
  const serve = server(log);
  const module = new WebAssembly.Module(bytes);
  const imports: Record<string, Record<string, (...args: (number | bigint)[]) => number | bigint>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = (...given) => {
      const bits = given.map((value) => BigInt.asUintN(typeof value === "bigint" ? 64 : 32, BigInt(value)));
      const answer = serve(name, new DataView((instance.exports.memory as WebAssembly.Memory).buffer), bits);
      if (answer === null) throw new Error("exit");
      return given.some((value) => typeof value === "bigint") ? answer : Number(answer);
    };
  }
  const instance = new WebAssembly.Instance(module, imports);
  return { answer: (instance.exports[run] as (...a: number[]) => unknown)(...args), log };
}

/** A program in the engine, entered and ready to run. */
export class EngineProgram {
  readonly engine: Engine;
  readonly instance: number;
  readonly thread: number;
  readonly log: string[] = [];
  private readonly results: number;

  /** `onCall` sees the name of every host call before it is served. */
  constructor(engine: Engine, { bytes, run, args }: Program, onCall: (name: string) => void = () => {}) {
    engine.reset();
    this.engine = engine;
    this.instance = engine.instantiate(bytes);
    this.thread = engine.thread(1 << 20, 10_000);
    const imports = importsOf(engine, this.instance);
    const serve = server(this.log);
    engine.host = (_engine, _thread, id, at) => {
      const { name, params } = must(imports[id], "import");
      onCall(name);
      const given = Array.from({ length: params }, (_, i) => engine.view.getBigUint64(at + 8 * i, true));
      const answer = serve(name, this.memory(), given);
      if (answer === null) return HOST.trap;
      engine.view.setBigUint64(at, answer, true);
      return HOST.done;
    };
    const func = engine.exported(this.instance, run);
    this.results = engine.wasm.typeResultCount(engine.wasm.funcType(engine.wasm.instanceModule(this.instance), func));
    engine.enter(this.thread, this.instance, func, args.map(BigInt));
  }

  memory(): DataView {
    const { wasm } = this.engine;
    return new DataView(wasm.memory.buffer, wasm.memoryBase(this.instance) >>> 0, wasm.memorySize(this.instance));
  }

  memoryDigest(): string {
    const { byteOffset, byteLength } = this.memory();
    return String(this.engine.wasm.regionDigest(byteOffset, byteLength));
  }

  /** The i32 it returned, as V8 shows it; undefined when it has no result. Throws when it did not return. */
  answer(ran: number): number | undefined {
    if (ran !== RAN.returned) throw new Error(ran === RAN.trap ? this.engine.trap(this.thread) : `ran ${ran}`);
    return this.results ? Number(BigInt.asIntN(32, this.engine.results(this.thread, 1)[0] ?? 0n)) : undefined;
  }
}
