import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HEADER, name, section, unsigned, vector } from "./testing/assemble.ts";
import { fromBodies } from "./testing/bodies.ts";
import { Engine } from "./testing/engine.ts";

const E_UNSUPPORTED = 3;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
beforeEach(() => engine.reset());

type Case = [feature: string, module: Uint8Array<ArrayBuffer>, offset: number];

/** A function of these instructions; what is refused stands `skipped` bytes into them. */
function body(feature: string, code: number[], skipped = 0): Case {
  const bytes = fromBodies({ functions: [{ body: [0, ...code, 0x0b] }] });
  return [feature, bytes, bytes.length - code.length - 1 + skipped];
}

const module = (...parts: number[][]) => new Uint8Array([...HEADER, ...parts.flat()]);

/** A module whose last section is this one; what is refused stands `skipped` bytes into its content. */
function last(feature: string, id: number, content: number[], skipped: number, ...before: number[][]): Case {
  const bytes = module(...before, section(id, content));
  return [feature, bytes, bytes.length - content.length + skipped];
}

const FUNCTION = section(1, [1, 0x60, 0, 0]);
const TABLE = section(4, [1, 0x70, 0, 1]);
const MEMORY = section(5, [1, 0, 1]);
const ABSTRACT = [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73];
const REFERENCES = "GC (typed function references)";

/** The feature that a code of a type belongs to, wherever a type may stand. */
const codes: [code: number[], feature: string][] = [
  ...ABSTRACT.map((code): [number[], string] => [[code], "GC (reference types)"]),
  [[0x63, 0x70], REFERENCES],
  [[0x64, 0], REFERENCES],
  [[0x69], "exceptions"],
  [[0x74], "exceptions"],
  [[0x68], "stack switching"],
  [[0x75], "stack switching"],
  [[0x67], "reference-typed strings"],
  [[0x65, 0x70], "threads (shared types)"],
  [[0x62, 0], "GC (exact types)"],
];
const vectors: [number[], string] = [[0x7b], "SIMD (type v128)"];

const types: Case[] = [
  ...[...codes, vectors].flatMap(([code, feature]) => [
    last(feature, 1, [1, 0x60, 1, ...code, 0], 3),
    last(feature, 1, [1, 0x60, 0, 1, ...code], 4),
    last(feature, 2, [1, ...name("a"), ...name("b"), 3, ...code, 0], 6),
    last(feature, 6, [1, ...code, 0, 0x0b], 1),
    body(feature, [0x02, ...code, 0x0b, 0x1a], 1),
    body(feature, [0x00, 0x1c, 1, ...code, 0x1a], 3),
    last(feature, 10, [1, 3 + code.length, 1, 1, ...code, 0x0b], 4, FUNCTION, section(3, [1, 0])),
  ]),
  ...codes.flatMap(([code, feature]) => [
    last(feature, 2, [1, ...name("a"), ...name("b"), 1, ...code, 0, 0], 6),
    last(feature, 4, [1, ...code, 0, 0], 1),
    last(feature, 9, [1, 5, ...code, 0], 2, TABLE),
    last(feature, 9, [1, 6, 0, 0x41, 0, 0x0b, ...code, 0], 6, TABLE),
    body(feature, [0xd0, ...code, 0x1a], 1),
    last(feature, 6, [1, 0x70, 0, 0xd0, ...code, 0x0b], 4),
  ]),
  // A heap type may be the index of a type, in any number of bytes.
  ...[[0], [0x3f], [0x80, 1], [0xff, 0xff, 3]].flatMap((index) => [
    body(REFERENCES, [0xd0, ...index, 0x1a], 1),
    last(REFERENCES, 9, [1, 5, 0x70, 1, 0xd0, ...index, 0x0b], 5, TABLE),
  ]),
  last("GC (typed function references: tables with initialiser)", 4, [1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b], 1),
  last("GC (recursive types)", 1, [1, 0x4e, 1, 0x60, 0, 0], 1),
  last("GC (subtypes)", 1, [1, 0x50, 0, 0x60, 0, 0], 1),
  last("GC (subtypes)", 1, [1, 0x4f, 0, 0x60, 0, 0], 1),
  last("GC (struct and array types)", 1, [1, 0x5f, 1, 0x7f, 0], 1),
  last("GC (struct and array types)", 1, [1, 0x5e, 0x7f, 0], 1),
  last("stack switching", 1, [2, 0x60, 0, 0, 0x5d, 0], 4),
  last("threads (shared types)", 1, [1, 0x65, 0x60, 0, 0], 1),
];

const declarations: Case[] = [
  last("threads (shared memory)", 5, [1, 3, 1, 1], 1),
  last("threads (shared memory)", 2, [1, ...name("a"), ...name("b"), 2, 3, 1, 1], 6),
  last("threads (shared table)", 4, [1, 0x70, 3, 1, 1], 2),
  last("memory64", 5, [1, 4, 1], 1),
  last("memory64", 5, [1, 5, 1, 1], 1),
  last("memory64", 5, [1, 7, 1, 1], 1),
  last("memory64 (table64)", 4, [1, 0x70, 4, 1], 2),
  last("memory64 (table64)", 2, [1, ...name("a"), ...name("b"), 1, 0x70, 5, 1, 1], 7),
  last("custom page sizes", 5, [1, 8, 1, 0], 1),
  last("multi-memory", 5, [2, 0, 1, 0, 1], 3),
  last("multi-memory", 2, [2, ...vector([0, 0].map(() => [...name("a"), ...name("b"), 2, 0, 1])).slice(1)], 13),
  last("multi-memory", 5, [1, 0, 1], 1, section(2, [1, ...name("a"), ...name("b"), 2, 0, 1])),
  last("exceptions (tag import)", 2, [1, ...name("a"), ...name("b"), 4, 0, 0], 5, FUNCTION),
  last("exceptions (tag section)", 13, [1, 0, 0], -2, FUNCTION),
  last("exceptions (tag export)", 7, [1, ...name("a"), 4, 0], 3),
  last("reference-typed strings", 14, [0, 0], -2),
  last("GC (a constant expression that reads", 6, [2, 0x7f, 0, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b], 8),
  last("SIMD", 6, [1, 0x7f, 0, 0xfd, 12, ...new Array<number>(16).fill(0), 0x0b], 3),
  last("GC", 6, [1, 0x70, 0, 0xfb, 28, 0x0b], 3),
];

const withMemory = (feature: string, code: number[], skipped = 0): Case =>
  last(feature, 10, [1, 2 + code.length, 0, ...code, 0x0b], 3 + skipped, FUNCTION, section(3, [1, 0]), MEMORY);

const instructions: Case[] = [
  ...[0, 12, 0xff].map((code) => body("SIMD", [0xfd, ...unsigned(code)])),
  ...[0x100, 0x113].map((code) => body("SIMD (relaxed)", [0xfd, ...unsigned(code)])),
  ...[0, 3, 0x10, 0x4e].map((code) => body("threads (atomics)", [0xfe, ...unsigned(code), 2, 0])),
  ...[0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f].map((code) => body("exceptions", [code, 0x40, 0x0b])),
  ...[0x14, 0x15, 0xd4, 0xd5, 0xd6].map((code) => body(REFERENCES, [code, 0])),
  body("GC (ref.eq)", [0xd3]),
  ...[0, 0x14, 0x1e].map((code) => body("GC", [0xfb, code, 0])),
  ...[0x80, 0x9a].map((code) => body("reference-typed strings", [0xfb, ...unsigned(code)])),
  ...[0xe0, 0xe2, 0xe6].map((code) => body("stack switching", [code, 0])),
  ...[19, 22].map((code) => body("wide arithmetic", [0xfc, code])),
  body("memory control", [0xfc, 18, 0]),
  withMemory("multi-memory", [0x41, 0, 0x28, 0x42, 0, 0, 0x1a], 2),
  withMemory("multi-memory", [0x3f, 1, 0x1a]),
  withMemory("multi-memory", [0x41, 0, 0x40, 0x80, 0, 0x1a], 2),
  withMemory("multi-memory", [0xfc, 11, 1]),
  withMemory("multi-memory", [0xfc, 10, 0, 1]),
];

describe("features outside the language", () => {
  it.each([...types, ...declarations, ...instructions].map(([feature, bytes, offset]) => ({ feature, bytes, offset })))(
    "$feature is refused by name, at byte $offset",
    ({ feature, bytes, offset }) => {
      expect(engine.load(bytes)).toBe(0);
      const error = engine.error();
      expect(error.text).toContain(`feature ${feature}`);
      expect(error.text).toContain(" is not supported");
      expect([error.code, error.offset]).toEqual([E_UNSUPPORTED, offset]);
    },
  );

  it("are not taken for what is only broken", () => {
    const broken = [
      body("", [0xff])[1],
      body("", [0xfb, 0x7f])[1],
      body("", [0xfc, 23])[1],
      body("", [0xfd, 0x80, 4])[1],
      body("", [0x6a])[1],
      body("", [0xd0, 0x41])[1],
      body("", [0xd0, 0x80, 0x80, 0x80, 0x80, 0x20])[1],
      module(section(5, [1, 16, 1])),
      module(section(4, [1, 0x70, 9, 1, 1])),
      module(section(4, [1, 0x7f, 0, 1])),
      module(section(1, [1, 0x61, 0, 0])),
      module(section(15, [0])),
      module(section(7, vector([[...name("a"), 9, ...unsigned(0)]]))),
    ];
    for (const bytes of broken) {
      expect(WebAssembly.validate(bytes)).toBe(false);
      expect(engine.load(bytes)).toBe(0);
      expect(engine.error().code).not.toBe(E_UNSUPPORTED);
    }
  });
});
