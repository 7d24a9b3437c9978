import { describe, expect, it } from "vitest";
import { customSection, looksLikeWasm, readSections } from "./sections.ts";

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const text = (words: string) => [...new TextEncoder().encode(words)];
const custom = (name: string, data: number[]) => [
  0,
  name.length + 1 + data.length,
  name.length,
  ...text(name),
  ...data,
];

describe("sections", () => {
  it("finds custom sections among others", () => {
    const module = new Uint8Array([...header, 1, 1, 0, ...custom("name", [9]), ...custom("parley.cases", text("{}"))]);
    expect(readSections(module).map(({ id, name, offset }) => [id, name, offset])).toEqual([
      [1, "", 8],
      [0, "name", 11],
      [0, "parley.cases", 19],
    ]);
    expect(customSection(module, "parley.cases")).toEqual(new Uint8Array(text("{}")));
    expect(customSection(module, "other")).toBeNull();
  });

  it("refuses what is not a module", () => {
    expect(looksLikeWasm(new Uint8Array([...header.slice(0, 4), 2, 0, 0, 0]))).toBe(false);
    expect(() => readSections(new Uint8Array())).toThrow(expect.objectContaining({ code: "not-wasm" }));
  });

  it("refuses a module cut anywhere inside a section", () => {
    const whole = [...header, ...custom("parley.cases", text("{}"))];
    for (let length = header.length + 1; length < whole.length; length++)
      expect(() => readSections(new Uint8Array(whole.slice(0, length))), `${length}`).toThrow(
        expect.objectContaining({ code: "truncated" }),
      );
  });

  it("refuses numbers of more than 32 bits and names longer than their section", () => {
    expect(() => readSections(new Uint8Array([...header, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1]))).toThrow(
      expect.objectContaining({ code: "not-wasm" }),
    );
    expect(() => readSections(new Uint8Array([...header, 0, 2, 5, 0x61]))).toThrow(
      expect.objectContaining({ code: "truncated" }),
    );
  });
});
