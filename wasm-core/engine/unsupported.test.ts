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

/** A function of these instructions; they begin at the byte that is answered with it. */
function body(...code: number[]): [Uint8Array, number] {
  const bytes = fromBodies({ functions: [{ body: [0, ...code, 0x0b] }] });
  return [bytes, bytes.length - code.length - 1];
}

function sections(...parts: number[][]): Uint8Array {
  return new Uint8Array([...HEADER, ...parts.flat()]);
}

/** [feature in the message, module, offset where it is (of the byte or of the one behind it)] */
const cases: [string, Uint8Array, number][] = [
  ["SIMD", ...body(0xfd, 0x0c, ...new Array(16).fill(0), 0x1a)],
  ["SIMD", ...body(0x02, 0x7b, 0x00, 0x0b, 0x1a)],
  ["SIMD", sections(section(1, [1, 0x60, 1, 0x7b, 0])), 13],
  ["threads", ...body(0xfe, 0x03, 0)],
  ["threads", sections(section(5, [1, 3, 1, 1])), 11],
  ["memory64", sections(section(5, [1, 4, 1])), 11],
  ["multi-memory", sections(section(5, [2, 0, 1, 0, 1])), 15],
  ["exceptions", ...body(0x06, 0x40, 0x0b)],
  ["exceptions", ...body(0x08, 0)],
  ["exceptions", ...body(0x1f, 0x40, 0, 0x0b)],
  ["exceptions", sections(section(1, [1, 0x60, 0, 0]), section(13, [1, 0, 0])), 14],
  ["GC", ...body(0xfb, 0x00, 0)],
  ["GC", sections(section(1, [1, 0x5f, 1, 0x7f, 0])), 11],
  ["typed function references", ...body(0xd0, 0x70, 0x14, 0)],
];

describe("features outside the language", () => {
  it.each(cases)("%s is refused by name and offset", (feature, bytes, offset) => {
    expect(engine.load(bytes)).toBe(0);
    const error = engine.error();
    expect([error.code, error.text]).toEqual([E_UNSUPPORTED, expect.stringContaining(`feature ${feature}`)]);
    expect(error.text).toContain("not supported");
    expect(Math.abs(error.offset - offset)).toBeLessThanOrEqual(2);
  });

  it("does not take for a feature what is only broken", () => {
    const broken = [
      body(0xff)[0],
      body(0x6a)[0],
      sections(section(5, [1, 9, 1])),
      sections(section(7, vector([[...name("a"), 9, ...unsigned(0)]]))),
    ];
    for (const bytes of broken) {
      expect(engine.load(bytes)).toBe(0);
      expect(engine.error().code).not.toBe(E_UNSUPPORTED);
    }
  });
});
