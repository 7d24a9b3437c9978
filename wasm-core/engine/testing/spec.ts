// Runs official WebAssembly tests (JSON + binaries, see the README of the test folder) on the engine.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../opcodes/must.ts";
import { type Engine, RAN } from "./engine.ts";
import { spectest } from "./spectest.ts";

interface Value {
  type: string;
  value?: string;
}
interface Action {
  type: "invoke" | "get";
  module?: string;
  field: string;
  args?: Value[];
}
interface Command {
  type: string;
  line: number;
  name?: string;
  as?: string;
  filename?: string;
  module_type?: string;
  text?: string;
  action?: Action;
  expected?: Value[];
}

export interface SpecResult {
  passed: number;
  failed: string[];
  /** Fuel of all invocations together: equal for every way of slicing. */
  fuel: number;
}

/** What went wrong when a module could not be used: at loading, linking, initialisation or start. */
class Refused extends Error {
  readonly stage: string;
  constructor(stage: string, text: string) {
    super(text);
    this.stage = stage;
  }
}

class SpecRun {
  readonly result: SpecResult = { passed: 0, failed: [], fuel: 0 };
  private readonly named = new Map<string, number>();
  private readonly registered = new Map<string, number>();
  private current = 0;
  private thread: number;
  private readonly engine: Engine;
  private readonly folder: string;
  private readonly slice: () => number;

  constructor(engine: Engine, folder: string, slice: () => number) {
    this.engine = engine;
    this.folder = folder;
    this.slice = slice;
    engine.reset();
    raiseLimits(engine);
    this.thread = engine.thread(1 << 20, 3000);
    this.registered.set("spectest", this.instantiate(spectest()));
  }

  command(command: Command): void {
    if (command.module_type === "text") return;
    try {
      this.perform(command);
      if (command.type.startsWith("assert")) this.result.passed += 1;
    } catch (error) {
      this.result.failed.push(
        `${this.folder.split("/").pop()}:${command.line} ${command.type}: ${(error as Error).message}`,
      );
    }
  }

  private perform(command: Command): void {
    switch (command.type) {
      case "module":
        this.current = 0;
        this.current = this.instantiate(this.file(command));
        if (command.name) this.named.set(command.name, this.current);
        return;
      case "register":
        this.registered.set(must(command.as, "as"), this.instance(command.name));
        return;
      case "action":
        this.act(must(command.action, "action"));
        return;
      case "assert_return":
        compare(this.act(must(command.action, "action")), command.expected ?? []);
        return;
      case "assert_trap":
      case "assert_exhaustion":
        expectTrap(() => this.act(must(command.action, "action")), must(command.text, "text"));
        return;
      case "assert_invalid":
      case "assert_malformed":
        expectRefused(() => this.instantiate(this.file(command)), ["load"]);
        return;
      case "assert_unlinkable":
        expectRefused(() => this.instantiate(this.file(command)), ["link"]);
        return;
      case "assert_uninstantiable":
        expectRefused(() => this.instantiate(this.file(command)), ["init", "start"]);
        return;
      default:
        throw new Error(`unknown command ${command.type}`);
    }
  }

  private file(command: Command): Uint8Array {
    return readFileSync(join(this.folder, must(command.filename, "filename")));
  }

  private instance(name?: string): number {
    const instance = name ? this.named.get(name) : this.current;
    if (!instance) throw new Error("the module it uses was not instantiated");
    return instance;
  }

  private instantiate(bytes: Uint8Array): number {
    const { engine } = this;
    const { wasm } = engine;
    const module = engine.load(bytes);
    if (!module) throw new Refused("load", engine.errorText());
    const instance = wasm.instanceCreate(module);
    if (!instance) throw new Refused("create", engine.errorText());
    for (let i = 0; i < wasm.importCount(module); i++) {
      const from = this.registered.get(engine.text(wasm.importModule(module, i)));
      if (!from) throw new Refused("link", "unknown import module");
      if (!wasm.bindExport(instance, i, from)) throw new Refused("link", engine.errorText());
    }
    if (!wasm.instanceInit(instance)) throw new Refused("init", engine.errorText());
    const start = wasm.startFunction(module);
    if (start >= 0) {
      try {
        this.invoke(instance, start, []);
      } catch (error) {
        throw new Refused("start", (error as Error).message);
      }
    }
    return instance;
  }

  private act(action: Action): Value[] {
    const { engine } = this;
    const instance = this.instance(action.module);
    const module = engine.wasm.instanceModule(instance);
    if (action.type === "get") {
      const index = engine.exported(instance, action.field, 3);
      const at = engine.wasm.globalAddress(instance, index) >>> 0;
      return [{ type: "?", value: engine.view.getBigUint64(at, true).toString() }];
    }
    const func = engine.exported(instance, action.field);
    if (func < 0) throw new Error(`no function ${action.field}`);
    const results = this.invoke(instance, func, (action.args ?? []).map(patternOf));
    const type = engine.wasm.funcType(module, func);
    return results.slice(0, engine.wasm.typeResultCount(type)).map((value) => ({ type: "?", value: value.toString() }));
  }

  private invoke(instance: number, func: number, args: bigint[]): bigint[] {
    const { engine, thread } = this;
    engine.wasm.threadReset(thread);
    engine.enter(thread, instance, func, args);
    const { ran, used } = engine.runSliced(thread, this.slice);
    this.result.fuel += used;
    if (ran === RAN.trap) throw new Error(`trap: ${engine.trap(thread)}`);
    if (ran !== RAN.returned) throw new Error("trap: out of fuel");
    return engine.results(thread, 16);
  }
}

/** Raises the product's limits to what the official tests need. Order of fields: limits.ts. */
function raiseLimits(engine: Engine): void {
  const at = engine.wasm.limitsRecord();
  engine.view.setUint32(at + 36, 1000, true);
  engine.view.setUint32(at + 40, 2, true);
  engine.view.setUint32(at + 44, 70000, true);
  engine.view.setUint32(at + 52, 0x7fffffff, true);
}

const patternOf = ({ type, value }: Value): bigint => {
  if (type === "externref" || type === "funcref") return value === "null" ? 0n : BigInt(must(value, "value")) + 1n;
  return BigInt(must(value, "value"));
};

function compare(actual: Value[], expected: Value[]): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} results, expected ${expected.length}`);
  for (const [i, value] of expected.entries()) {
    const bits = BigInt(must(actual[i]?.value, "value"));
    if (!agrees(bits, value)) throw new Error(`result ${i} is ${bits}, expected ${value.type} ${value.value}`);
  }
}

function agrees(bits: bigint, { type, value }: Value): boolean {
  if (type === "funcref" || type === "externref")
    return value === undefined || (value === "null" ? bits === 0n : bits === BigInt(value) + 1n);
  if (value === "nan:canonical" || value === "nan:arithmetic")
    return type === "f32" ? (bits & 0x7fffffffn) === 0x7fc00000n : (bits & 0x7fffffffffffffffn) === 0x7ff8000000000000n;
  return bits === BigInt(must(value, "value"));
}

/** Trap messages of the official tests by our kinds. */
const TRAP_TEXTS: Record<string, string> = {
  unreachable: "unreachable",
  "out of bounds memory access": "memory bounds",
  "out of bounds table access": "table bounds",
  "undefined element": "table bounds",
  "uninitialized element": "indirect null",
  "indirect call type mismatch": "indirect type",
  "integer divide by zero": "divide by zero",
  "integer overflow": "integer overflow",
  "invalid conversion to integer": "invalid conversion",
  "call stack exhausted": "stack",
};

function expectTrap(act: () => unknown, text: string): void {
  try {
    act();
  } catch (error) {
    const message = (error as Error).message;
    const kind = Object.entries(TRAP_TEXTS).find(([prefix]) => text.startsWith(prefix))?.[1];
    if (message === `trap: ${kind}`) return;
    throw new Error(`${message}, expected ${text}`);
  }
  throw new Error(`returned, expected trap ${text}`);
}

function expectRefused(act: () => unknown, stages: string[]): void {
  try {
    act();
  } catch (error) {
    if (error instanceof Refused && stages.includes(error.stage)) return;
    throw error;
  }
  throw new Error("accepted");
}

/** Runs every JSON file of one test folder. */
export function runSpecFolder(engine: Engine, folder: string, slice: () => number = () => 1_000_000): SpecResult {
  const total: SpecResult = { passed: 0, failed: [], fuel: 0 };
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()) {
    const run = new SpecRun(engine, folder, slice);
    for (const command of JSON.parse(readFileSync(join(folder, file), "utf8")).commands as Command[])
      run.command(command);
    total.passed += run.result.passed;
    total.failed.push(...run.result.failed);
    total.fuel += run.result.fuel;
    if (process.env.SPEC_FUEL) console.log(file, run.result.fuel);
  }
  return total;
}

/** Folders of a test directory that hold tests: itself, or its subfolders. */
export function specFolders(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const hasTests = (folder: string) => readdirSync(folder).some((name) => name.endsWith(".json"));
  const below = readdirSync(directory, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => join(directory, e.name))
    .sort();
  return [...(hasTests(directory) ? [directory] : []), ...below.filter(hasTests)];
}
