// The fuzzer: random modules of our generator and of binaryen's, broken binaries for the validator, and what was reached.
// Whatever happens to a module follows from (seed, index) alone: the two numbers repeat a finding.
import { Coverage } from "./coverage.ts";
import { compareBytes, type Outcome } from "./differential.ts";
import type { Engine } from "./engine.ts";
import { isServed, isUsable } from "./instances.ts";
import { mutants } from "./mutate.ts";
import { RandomModule } from "./random-module.ts";
import { Random } from "./random-tables.ts";

const E_UNSUPPORTED = 3;
/** Every so many modules come from binaryen, which takes ten times as long to make one. */
const FOREIGN_EVERY = 16;
/** Every so many modules stand for the validator, each with so many mutants. */
const MUTATED_EVERY = 4;
const MUTANTS = 8;
/** Calls of every export. */
const ROUNDS = 4;
const FOREIGN_ROUNDS = 20;

/** Whether the module of this index is binaryen's. */
export const isForeign = (index: number): boolean => index % FOREIGN_EVERY === FOREIGN_EVERY - 1;

/** Seed of one module: 32 bits that differ for every (seed, index) of a run, and hardly ever meet another run's. */
export function moduleSeed(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) + index;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export class Fuzzer {
  modules = 0;
  calls = 0;
  returned = 0;
  /** Modules with a call that returned. */
  returning = 0;
  /** Modules of binaryen's generator that were compared. */
  foreign = 0;
  mutants = 0;
  accepted = 0;
  /** Mutants that V8 takes and the engine refuses by a feature's name. */
  unsupported = 0;
  readonly coverage = new Coverage();
  readonly differences: { index: number; text: string }[] = [];
  private readonly engine: Engine;
  private readonly seed: number;

  constructor(engine: Engine, seed: number) {
    this.engine = engine;
    this.seed = seed;
  }

  /** The module of an index, and mutants of some. `bytes`: what binaryen made where isForeign(index), null if it made nothing. */
  round(index: number, bytes: Uint8Array<ArrayBuffer> | null = null): void {
    const own = moduleSeed(this.seed, index);
    if (isForeign(index)) {
      if (!bytes || !this.compareForeign(index, own, bytes)) return;
    } else this.compare(index, own, new RandomModule(own).bytes(), ROUNDS);
    if (index % MUTATED_EVERY === 0) this.validate(index, own, new RandomModule(own).bytes());
    else if (bytes) this.validate(index, own, bytes);
  }

  /** Answers false when the module needs what neither side serves. */
  private compareForeign(index: number, own: number, bytes: Uint8Array<ArrayBuffer>): boolean {
    const module = new WebAssembly.Module(bytes);
    if (!isServed(module) || !isUsable(module)) return false;
    this.engine.reset();
    // Now and then binaryen emits an instruction of a feature that was not asked for.
    if (!this.engine.load(bytes) && this.engine.error().code === E_UNSUPPORTED) return false;
    this.compare(index, own, bytes, FOREIGN_ROUNDS);
    this.foreign += 1;
    return true;
  }

  private compare(index: number, own: number, bytes: Uint8Array<ArrayBuffer>, rounds: number): void {
    const random = new Random(own + 77);
    const way = { engine: this.engine, random, slice: slices(index, own), rounds };
    const label = `seed ${this.seed} index ${index}`;
    // Stepping tells which opcodes were executed; it is one of the ways to cut a run into slices.
    const coverage = index % 2 === 1 ? { coverage: this.coverage } : {};
    this.note(index, compareBytes(bytes, label, { ...way, ...coverage }));
  }

  /** Broken binaries are judged like WebAssembly.validate judges them, unless they use what the engine names as unsupported. */
  private validate(index: number, own: number, valid: Uint8Array<ArrayBuffer>): void {
    const { engine } = this;
    for (const { bytes, label } of mutants(valid, MUTANTS, own)) {
      engine.reset();
      const expected = WebAssembly.validate(bytes);
      const actual = engine.wasm.moduleValidate(engine.put(bytes), bytes.length) !== 0;
      this.mutants += 1;
      if (actual) this.accepted += 1;
      if (actual === expected) continue;
      if (!actual && engine.error().code === E_UNSUPPORTED) this.unsupported += 1;
      else if (actual && overLimit(bytes)) this.mutants -= 1;
      else {
        const text = `engine ${actual} (${engine.errorText()}), V8 ${expected}`;
        this.differences.push({ index, text: `seed ${this.seed} index ${index}, ${label}: ${text}` });
      }
    }
  }

  private note(index: number, { calls, returned, difference }: Outcome): void {
    this.modules += 1;
    this.calls += calls;
    this.returned += returned;
    if (returned > 0) this.returning += 1;
    if (difference) this.differences.push({ index, text: difference });
  }
}

/** Whether V8 refuses a valid module because of a limit of its own, which validate() does not tell. */
function overLimit(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    return !new WebAssembly.Module(bytes);
  } catch (error) {
    return /implementation limit/.test(String(error));
  }
}

/** A third of the modules runs in tiny slices, a third in middling ones, the rest whole. */
function slices(index: number, own: number): () => number {
  const random = new Random(own + 5);
  if (index % 3 === 0) return () => 1 + random.below(12);
  return index % 3 === 1 ? () => 1 + random.below(1000) : () => 1_000_000;
}
