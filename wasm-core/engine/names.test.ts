import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HEADER, name, section, unsigned, vector } from "./testing/assemble.ts";
import { fromBodies } from "./testing/bodies.ts";
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

describe("the name section", () => {
  const module = () => fromBodies({ functions: [{ body: [0, 0x0b] }, { body: [0, 0x0b] }] });
  const withNames = (...subsections: number[]) =>
    new Uint8Array([...module(), ...section(0, [...name("name"), ...subsections])]);
  const functionNames = (entries: number[][]) => section(1, vector(entries));
  const shown = (bytes: Uint8Array) => {
    engine.reset();
    const loaded = engine.loadOrThrow(bytes);
    return [0, 1, 2].map((i) => engine.text(engine.wasm.funcName(loaded, i)));
  };

  it("names functions, exports name the others", () => {
    expect(shown(module())).toEqual(["f0", "f1", ""]);
    expect(shown(withNames(...functionNames([[1, ...name("größe")]])))).toEqual(["f0", "größe", ""]);
    const all = functionNames([
      [0, ...name("a")],
      [1, ...name("b")],
      [9, ...name("nobody")],
    ]);
    expect(shown(withNames(...section(0, name("module")), ...all))).toEqual(["a", "b", ""]);
  });

  it("is ignored from where it is broken on, and never makes a module invalid", () => {
    for (const broken of [
      [1],
      [1, 200, 1],
      [1, 3, 0x80, 0x80, 0x80],
      functionNames([[0, 50, 97]]),
      functionNames([[0, 2, 0xc3, 0x28]]),
      [0xff, 0xff, 0xff],
    ])
      expect(shown(withNames(...broken))).toEqual(["f0", "f1", ""]);
  });
});
