// A machine to test: names instead of ids, bigint in and out, pages mapped as a test wants them.
import { machineOps } from "../ops-table.ts";
import { type Harness, loadHarness } from "./build.ts";

export const Step = { DONE: 0, FAULT: 1, EXIT: 2, SLEEP: 3, END: 4, SPLIT: 5, PART: 6, JUMP: 7 } as const;
export const Kind = { NATIVE: 0, ENLIGHTENED: 1, SHADOW: 2, DIRECT: 3, FULLVIRT: 4 } as const;
export const opNames = machineOps
  .trim()
  .split("\n")
  .map((line) => line.slice(2, line.indexOf(":")));
export const DIRECT_MAP = 0xffff_8880_0000_0000n;
export const LOCK = 0x100;
/** Code of machine.rmw for an operation on 1, 2, 4 or 8 bytes. */
export const rmwCode = (op: string, size: number, lock = false) =>
  ["xchg", "add", "and", "or", "xor", "bts", "btr", "btc"].indexOf(op) | (Math.log2(size) << 4) | (lock ? LOCK : 0);

export interface Options {
  kind?: number;
  vcpus?: number;
  pages?: number;
  hostPages?: number;
  seed?: number;
  stride?: number;
}

export class Machine {
  readonly h: Harness;
  #nextFree = 0;

  private constructor(harness: Harness) {
    this.h = harness;
  }

  static async load(): Promise<Machine> {
    return new Machine(await loadHarness());
  }

  /** Forgets the old machine and builds a new one. */
  create({ kind = 0, vcpus = 2, pages = 512, hostPages = 0, seed = 1, stride = 1 }: Options = {}): this {
    const status = this.h.create(kind, vcpus, pages, hostPages, seed, stride);
    if (status !== 0) throw new Error(`machine was not created: ${status}`);
    this.#nextFree = this.h.firstFreePfn();
    return this;
  }

  get #view(): DataView {
    return new DataView(this.h.memory.buffer);
  }

  slot(i: number): bigint {
    return this.#view.getBigUint64(this.h.slots() + i * 8, true);
  }

  setSlot(i: number, value: bigint | number): void {
    this.#view.setBigUint64(this.h.slots() + i * 8, BigInt.asUintN(64, BigInt(value)), true);
  }

  /** One step of an instruction. */
  step(v: number, name: string, ...args: (bigint | number)[]): number {
    for (let i = 0; i < args.length; i++) this.setSlot(i, args[i] as bigint);
    return this.h.run(v, opNames.indexOf(name));
  }

  /** All steps of an instruction that needs no handler; the last status. */
  run(v: number, name: string, ...args: (bigint | number)[]): number {
    let status = this.step(v, name, ...args);
    while (status === Step.SPLIT || status === Step.PART) status = this.step(v, name, ...args);
    return status;
  }

  /** Runs and expects the instruction to complete; its result. */
  value(v: number, name: string, ...args: (bigint | number)[]): bigint {
    const status = this.run(v, name, ...args);
    if (status !== Step.DONE) throw new Error(`${name} answered ${status}, fault ${this.h.faultVector(v)}`);
    return this.slot(0);
  }

  /** MachineOp of an instruction. */
  id(name: string): number {
    return opNames.indexOf(name);
  }

  get(v: number, field: number): bigint {
    const status = this.h.getField(v, field);
    if (status !== 0) throw new Error(`field ${field.toString(16)}: ${status}`);
    return this.slot(0);
  }

  set(v: number, field: number, value: bigint | number): number {
    this.setSlot(0, value);
    return this.h.setField(v, field);
  }

  /** pfn of a fresh zeroed frame. */
  frame(): number {
    return this.#nextFree++;
  }

  /** Machine memory past all buffers, by guest-physical address. */
  peek(gpa: number, size = 8): bigint {
    return BigInt.asUintN(64, this.h.memoryAt(this.h.frameOf(gpa >> 12) * 4096 + (gpa & 0xfff), size));
  }

  poke(gpa: number, value: bigint, size = 8): void {
    this.h.setMemory(this.h.frameOf(gpa >> 12) * 4096 + (gpa & 0xfff), size, BigInt.asIntN(64, value));
  }

  /** Address of the entry of va at a level (4 … 1) under the boot root, by guest-physical address; tables must exist. */
  entryOf(va: bigint, level: number, root: number = this.h.rootPfn()): number {
    let table = root;
    for (let at = 4; ; at--) {
      const entry = table * 4096 + Number((BigInt.asUintN(48, va) >> BigInt(3 + 9 * at)) & 511n) * 8;
      if (at === level) return entry;
      table = Number((this.peek(entry) >> 12n) & 0xfffffn);
    }
  }

  /** Maps one page with tables of its own where none are; returns the gpa of the last entry. */
  map(va: bigint, pfn: number, flags: bigint, upper = 7n, root: number = this.h.rootPfn()): number {
    for (let level = 4; level > 1; level--) {
      const entry = this.entryOf(va, level, root);
      if (this.peek(entry) === 0n) this.poke(entry, (BigInt(this.frame()) << 12n) | upper);
    }
    const entry = this.entryOf(va, 1, root);
    this.poke(entry, (BigInt(pfn) << 12n) | flags);
    return entry;
  }

  /** translate with all walker steps; the machine address or the fault. */
  translate(
    v: number,
    va: bigint,
    access: number,
  ): { ok: true; ma: number } | { ok: false; status: number; vector: number; error: number } {
    let status: number = Step.SPLIT;
    while (status === Step.SPLIT) status = this.h.translateVa(v, va, access);
    if (status === Step.DONE) return { ok: true, ma: this.h.foundAddress() >>> 0 };
    return { ok: false, status, vector: this.h.faultVector(v), error: this.h.faultErrorCode(v) };
  }

  probe(v: number, va: bigint): bigint {
    return this.h.probe(v, va);
  }

  /** An interrupt gate (or a trap gate) of this vCPU's IDT. */
  gate(
    v: number,
    vector: number,
    handler: bigint,
    { ist = 0, type = 0xe, dpl = 0, selector = 8, present = true } = {},
  ): void {
    const gpa = Number(this.get(v, 0x42) - DIRECT_MAP) + vector * 16;
    const low =
      (handler & 0xffffn) |
      (BigInt(selector) << 16n) |
      (BigInt(ist) << 32n) |
      (BigInt(type) << 40n) |
      (BigInt(dpl) << 45n) |
      (present ? 1n << 47n : 0n) |
      (((handler >> 16n) & 0xffffn) << 48n);
    this.poke(gpa, low);
    this.poke(gpa + 8, (handler >> 32n) & 0xffff_ffffn);
  }

  /** u64 words at va as this vCPU sees them. */
  words(v: number, va: bigint, n: number): bigint[] {
    return Array.from({ length: n }, (_, i) => this.value(v, "load64", va + BigInt(i * 8)));
  }

  /** Bytes of the harness that stand for private memory. */
  get private(): Uint8Array {
    return new Uint8Array(this.h.memory.buffer, this.h.privateBytes(), 8192);
  }
}
