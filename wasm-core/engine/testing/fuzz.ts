// The fuzzer: random modules of our generator and of binaryen's, broken binaries for the validator, and what was reached.
import { Coverage } from "./coverage.ts";
import { compareBytes, compareModule, type Outcome } from "./differential.ts";
import type { Engine } from "./engine.ts";
import { isServed, isUsable } from "./instances.ts";
import { mutants } from "./mutate.ts";
import { Random } from "./random-tables.ts";

const E_UNSUPPORTED = 3;
/** Every so many modules stand for the validator, each with so many mutants. */
const MUTATED_EVERY = 4;
const MUTANTS = 8;

export class Fuzzer {
  modules = 0;
  calls = 0;
  returned = 0;
  /** Modules with a call that returned. */
  returning = 0;
  mutants = 0;
  accepted = 0;
  /** Mutants that V8 takes and the engine refuses by a feature's name. */
  unsupported = 0;
  readonly coverage = new Coverage();
  readonly differences: string[] = [];
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** One module of our generator, and mutants of some. */
  round(seed: number): void {
    this.note(compareModule(this.engine, seed, slices(seed), this.coverage));
    if (seed % MUTATED_EVERY === 0) this.validate(seed);
  }

  /** A module of another generator; answers false when it needs what neither side serves. */
  foreign(bytes: Uint8Array<ArrayBuffer>, label: string, seed: number): boolean {
    const module = new WebAssembly.Module(bytes);
    if (!isServed(module) || !isUsable(module)) return false;
    this.engine.reset();
    // Now and then binaryen emits an instruction of a feature that was not asked for.
    if (!this.engine.load(bytes) && this.engine.error().code === E_UNSUPPORTED) return false;
    const random = new Random(seed);
    const way = {
      engine: this.engine,
      random,
      slice: slices(seed),
      rounds: 20,
      exactNaN: false,
      coverage: this.coverage,
    };
    this.note(compareBytes(bytes, label, way));
    return true;
  }

  /** Broken binaries are judged like WebAssembly.validate judges them, unless they use what the engine names as unsupported. */
  validate(seed: number): void {
    const { engine } = this;
    for (const { bytes, label } of mutants(1, MUTANTS, seed)) {
      engine.reset();
      const expected = WebAssembly.validate(bytes);
      const actual = engine.wasm.moduleValidate(engine.put(bytes), bytes.length) !== 0;
      this.mutants += 1;
      if (actual) this.accepted += 1;
      if (actual === expected) continue;
      if (!actual && engine.error().code === E_UNSUPPORTED) this.unsupported += 1;
      else this.differences.push(`${label}: engine ${actual} (${engine.errorText()}), V8 ${expected}`);
    }
  }

  private note({ calls, returned, difference }: Outcome): void {
    this.modules += 1;
    this.calls += calls;
    this.returned += returned;
    if (returned > 0) this.returning += 1;
    if (difference) this.differences.push(difference);
  }
}

/** A third of the modules runs in tiny slices, a third in middling ones, the rest whole. */
function slices(seed: number): () => number {
  const random = new Random(seed + 5);
  if (seed % 3 === 0) return () => 1 + random.below(12);
  return seed % 3 === 1 ? () => 1 + random.below(1000) : () => 1_000_000;
}
