// What compilers make at their default settings runs, and does what it does in V8.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compareBytes } from "./testing/differential.ts";
import { Engine, HOST, RAN } from "./testing/engine.ts";
import { Random } from "./testing/random-tables.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => new Uint8Array(readFileSync(file(path)));

type Run = Record<"run", (turns: number) => number>;

describe("asc", () => {
  const host = new WebAssembly.Instance(new WebAssembly.Module(read("wasm-core/engine/bench/host.wasm")));
  const serve = host.exports.host as (kind: number, value: bigint) => bigint;

  it.each(["hash", "sieve", "recursion", "pointers", "glue", "compressor"])("%s answers as in V8", (name) => {
    const bytes = read(`wasm-core/engine/bench/${name}.wasm`);
    const native = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: host.exports }).exports as Run;
    const expected = native.run(2);
    const instance = engine.instantiate(bytes);
    engine.host = (_engine, _thread, _id, args) => {
      const answer = serve(engine.view.getInt32(args, true), engine.view.getBigInt64(args + 8, true));
      engine.view.setBigInt64(args, answer, true);
      return HOST.done;
    };
    const thread = engine.thread(1 << 20, 10_000);
    engine.enter(thread, instance, engine.exported(instance, "run"), [2n]);
    expect(engine.runSliced(thread, () => 9973).ran).toBe(RAN.returned);
    expect(Number(BigInt.asIntN(32, engine.results(thread, 1)[0] ?? 0n))).toBe(expected);
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
