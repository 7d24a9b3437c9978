// What compilers make at their default settings runs, and does what it does in V8.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compareBytes } from "./testing/differential.ts";
import { Engine } from "./testing/engine.ts";
import { asc, EngineProgram, PROGRAMS, type Program, runNative } from "./testing/programs.ts";
import { Random } from "./testing/random-tables.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => new Uint8Array(readFileSync(file(path)));

describe("clang, rustc and asc", () => {
  const programs = [...PROGRAMS, ...["hash", "sieve", "recursion", "pointers", "glue", "compressor"].map(asc)];

  it.each(programs.map((program) => [program.name, program] as const))(
    "%s answers and prints as in V8",
    (_, program) => {
      const expected = runNative(program);
      const running = new EngineProgram(engine, program);
      const { ran } = engine.runSliced(running.thread, () => 9973);
      expect(running.answer(ran)).toBe(expected.answer);
      expect(running.log).toEqual(expected.log);
    },
  );

  it("print what they compute", () => {
    const printed = (name: string) =>
      runNative(PROGRAMS.find((program) => program.name === name) as Program).log.join("");
    expect(printed("words")).toContain("99 words, 23 of them different");
    expect(printed("shapes")).toContain("27 takes 111 steps, up to 9232");
  });

  it("panic as in V8", () => {
    const ledger = { ...(PROGRAMS.find(({ name }) => name === "ledger") as Program), run: "pick" };
    for (const index of [0, 100, 1_000_000]) {
      const program = { ...ledger, args: [index] };
      const running = new EngineProgram(engine, program);
      const { ran } = engine.runSliced(running.thread, () => 9973);
      if (index < 1000) expect(running.answer(ran)).toBe(runNative(program).answer);
      else {
        expect(() => runNative(program)).toThrow("unreachable");
        expect(() => running.answer(ran)).toThrow("unreachable");
      }
    }
  });
});

/** A hash function in Rust that Wrangler brings along. */
const BLAKE3 = "node_modules/blake3-wasm/dist/wasm/nodejs/blake3_js_bg.wasm";

describe.skipIf(!existsSync(file(BLAKE3)))("rustc", () => {
  it("hashes as in V8", () => {
    const bytes = read(BLAKE3);
    const native = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      __wbindgen_placeholder__: { __wbindgen_throw: () => {} },
    }).exports as Record<string, (...args: number[]) => number>;
    const memory = native.memory as unknown as WebAssembly.Memory;
    const instance = engine.instantiate(bytes);
    const thread = engine.thread(1 << 20, 1000);
    const call = (name: string, ...args: number[]) => engine.call(thread, instance, name, ...args.map(BigInt));
    const input = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255);
    const [from, to] = [native.__wbindgen_malloc?.(5000) ?? 0, native.__wbindgen_malloc?.(32) ?? 0];
    expect([call("__wbindgen_malloc", 5000), call("__wbindgen_malloc", 32)]).toEqual([BigInt(from), BigInt(to)]);
    new Uint8Array(memory.buffer, from, 5000).set(input);
    const base = engine.wasm.memoryBase(instance) >>> 0;
    engine.bytes(base + from, 5000).set(input);
    native.hash?.(from, 5000, to, 32);
    call("hash", from, 5000, to, 32);
    const hash = [...new Uint8Array(memory.buffer, to, 32)];
    expect(new Set(hash).size).toBeGreaterThan(10);
    expect([...engine.bytes((engine.wasm.memoryBase(instance) >>> 0) + to, 32)]).toEqual(hash);
  });

  it("fails as in V8 when called with nonsense", () => {
    const way = { engine, random: new Random(5), slice: () => 1_000_000, rounds: 20 };
    expect(compareBytes(read(BLAKE3), "blake3", way).difference).toBe("");
  });
});
