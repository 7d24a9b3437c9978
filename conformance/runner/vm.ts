/** core.wasm from the outside: its exports as typed calls. Nobody else calls them. */
import { RunnerError } from "./errors.ts";
import type { MachineKind, Outcome } from "./types.ts";
import { type VmConfig, type VmUnit, writeConfig, writeUnit } from "./vm-structs.ts";

export const roles = { kernel: 0, native: 1, guest: 2, rom: 3, host: 4 } as const;
export type RoleName = keyof typeof roles;
export const machineKinds: readonly MachineKind[] = ["native", "enlightened", "shadow", "direct", "fullvirt"];

/** Why core.wasm refused a module, a link or a unit. */
export interface CoreError {
  code: string;
  message: string;
  offset: number | null;
  function: number | null;
  role: string | null;
}

export interface ModuleImport {
  module: string;
  name: string;
  kind: string;
  /** "(i32,i64)->(i64)" for functions. */
  type: string;
}

export interface ModuleDescription {
  imports: ModuleImport[];
  exports: { name: string; kind: string; type: string }[];
  start: boolean;
  /** Pages of 64 KiB. */
  memory: { min: number; max: number | null } | null;
}

/** Exports of core.wasm; structs and JSON are described in vm-structs.ts and types.ts. */
interface CoreExports {
  memory: WebAssembly.Memory;
  core_version(): number;
  reset(): void;
  input(size: number): number;
  config(): number;
  op_add(length: number): number;
  load(role: number, length: number): number;
  error_text(): number;
  error_length(): number;
  describe(role: number): number;
  link(): number;
  boot(fuel: number): number;
  unit(): number;
  unit_begin(): number;
  unit_step(fuel: number): number;
  output(): number;
  output_length(): number;
  coverage(): number;
  memory_used(): number;
  snapshot_digest_lo(): number;
  snapshot_digest_hi(): number;
}

const CORE_VERSION = 1;
/** Marks beyond these are not counted (vm/coverage.ts). */
export const COVERAGE_MARKS = 2048;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** One instance of core.wasm: one per isolate, kept and reset. */
export class Vm {
  readonly #core: CoreExports;
  /** What the instance holds now: the key of a booted pairing, or null. */
  tenant: string | null = null;
  /** Whose boot or unit is suspended at a yield (lease.ts). */
  holder: object | null = null;
  /** How many wait for the holder to let go. */
  waiting = 0;

  constructor(core: CoreExports) {
    this.#core = core;
    if (core.core_version() !== CORE_VERSION)
      throw new RunnerError(
        "core-version",
        `core.wasm speaks version ${core.core_version()}, the runner ${CORE_VERSION}: build both from the same tree.`,
      );
  }

  reset(): void {
    this.tenant = null;
    this.#core.reset();
  }

  configure(config: VmConfig): void {
    writeConfig(this.#view(this.#core.config()), config);
  }

  /** Registers an op by its export name (`group_name`); returns its number, which is the order of calls. */
  addOp(name: string): number {
    return this.#core.op_add(this.#give(encoder.encode(name)));
  }

  load(role: RoleName, bytes: Uint8Array): CoreError | null {
    return this.#core.load(roles[role], this.#give(bytes)) === 0 ? null : this.#error();
  }

  /** Imports, exports and memory of a loaded module. */
  describe(role: RoleName): ModuleDescription {
    this.#core.describe(roles[role]);
    return this.#output() as ModuleDescription;
  }

  link(): CoreError | null {
    return this.#core.link() === 0 ? null : this.#error();
  }

  /** Runs boot for at most `fuel`; "booted" means that the snapshot is taken, an outcome that boot failed. */
  boot(fuel: number): "more" | "booted" | Outcome {
    const state = this.#core.boot(fuel);
    if (state === 0) return "more";
    return state === 1 ? "booted" : (this.#output() as Outcome);
  }

  beginUnit(unit: VmUnit): CoreError | null {
    const schedule = encoder.encode(unit.schedule ?? "");
    if (schedule.length > 0) this.#give(schedule);
    writeUnit(this.#view(this.#core.unit()), unit, schedule.length);
    return this.#core.unit_begin() === 0 ? null : this.#error();
  }

  /** Runs the unit for at most `fuel`; null while there is more to do. The slice never changes the outcome. */
  stepUnit(fuel: number): Outcome | null {
    return this.#core.unit_step(fuel) === 0 ? null : (this.#output() as Outcome);
  }

  /**
   * Ops in which each mark of an instrumented half was reached since the last call, as bits (127: elsewhere); null if no
   * half that is loaded has marks.
   */
  takeCoverage(): bigint[] | null {
    const at = this.#core.coverage() >>> 0;
    if (at === 0) return null;
    const words = new BigUint64Array(this.#core.memory.buffer, at, 2 * COVERAGE_MARKS);
    const marks = Array.from(
      { length: COVERAGE_MARKS },
      (_, k) => (words[2 * k] ?? 0n) | ((words[2 * k + 1] ?? 0n) << 64n),
    );
    words.fill(0n);
    return marks;
  }

  /** High-water mark of core memory, in bytes. */
  memoryUsed(): number {
    return this.#core.memory_used() >>> 0;
  }

  snapshotDigest(): bigint {
    const low = BigInt(this.#core.snapshot_digest_lo() >>> 0);
    return (BigInt(this.#core.snapshot_digest_hi() >>> 0) << 32n) | low;
  }

  #give(bytes: Uint8Array): number {
    const at = this.#core.input(bytes.length) >>> 0;
    if (at === 0) throw new RunnerError("core-memory", `core.wasm has no room for ${bytes.length} bytes of input.`);
    new Uint8Array(this.#core.memory.buffer, at, bytes.length).set(bytes);
    return bytes.length;
  }

  #view(at: number): DataView {
    return new DataView(this.#core.memory.buffer, at >>> 0);
  }

  #output(): unknown {
    return this.#json(this.#core.output(), this.#core.output_length());
  }

  #error(): CoreError {
    const {
      code,
      message,
      offset = null,
      function: func = null,
      role = null,
    } = this.#json(this.#core.error_text(), this.#core.error_length()) as Partial<CoreError>;
    return { code: code ?? "E_UNKNOWN", message: message ?? "", offset, function: func, role };
  }

  #json(at: number, length: number): unknown {
    const text = decoder.decode(new Uint8Array(this.#core.memory.buffer, at >>> 0, length >>> 0));
    try {
      return JSON.parse(text);
    } catch {
      throw new RunnerError("core-output", `core.wasm wrote something that is not JSON: ${text.slice(0, 200)}`);
    }
  }
}

/** Instantiates core.wasm, which imports nothing. */
export async function createVm(core: WebAssembly.Module): Promise<Vm> {
  const instance = await WebAssembly.instantiate(core, {});
  return new Vm(instance.exports as unknown as CoreExports);
}
