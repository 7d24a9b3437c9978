import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HEADER, section, unsigned, vector } from "./testing/assemble.ts";
import { Engine } from "./testing/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

const SECONDS = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
const TAILS = [0x00, 0x7f, 0x80, 0xbf, 0xc0];

/** Every first byte, with second bytes at the edges of what may follow, cut at every length. */
function* sequences(): Generator<number[]> {
  for (let lead = 0; lead < 256; lead++) {
    yield [lead];
    for (const second of SECONDS) {
      yield [lead, second];
      for (const third of TAILS) {
        yield [lead, second, third];
        for (const fourth of TAILS) yield [lead, second, third, fourth];
      }
    }
  }
}

/** A module that exports its memory under this name, or has a custom section of this name. */
const exporting = (name: number[]) => [
  ...HEADER,
  ...section(5, [1, 0, 0]),
  ...section(7, vector([[...unsigned(name.length), ...name, 2, 0]])),
];
const custom = (name: number[]) => [...HEADER, ...section(0, [...unsigned(name.length), ...name])];

describe("names", () => {
  it.each([
    ["exports", exporting],
    ["custom sections", custom],
  ])("of %s are UTF-8, as TextDecoder judges", (_kind, module) => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const room = engine.put(new Uint8Array(64));
    const reasons = new Set<string>();
    let accepted = 0;
    for (const name of sequences()) {
      const bytes = new Uint8Array(module(name));
      engine.bytes(room, bytes.length).set(bytes);
      let expected = true;
      try {
        decoder.decode(new Uint8Array(name));
      } catch {
        expected = false;
      }
      const actual = engine.wasm.moduleValidate(room, bytes.length) !== 0;
      if (actual !== expected) throw new Error(`name ${name}: engine ${actual}, TextDecoder ${expected}`);
      if (actual) accepted += 1;
      else reasons.add(engine.error().text);
    }
    expect([...reasons]).toEqual(["malformed UTF-8 encoding"]);
    expect(accepted).toBeGreaterThan(2000);
  });
});
