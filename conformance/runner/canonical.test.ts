import { describe, expect, it } from "vitest";
import { canonicalBytes, canonicalText } from "./canonical.ts";

describe("canonical JSON", () => {
  it("orders keys by UTF-16 code units, as RFC 8785 §3.2.3 shows", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
    const value = Object.fromEntries(keys.map((key) => [key, 0]));
    expect(
      [...canonicalText(value).matchAll(/"((?:[^"\\]|\\.)*)":/g)].map((match) => JSON.parse(`"${match[1]}"`)),
    ).toEqual(["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"]);
  });

  it("escapes strings as RFC 8785 §3.2.2.2 says", () => {
    expect(canonicalText({ string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/" })).toBe(
      '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("writes integers above 2^53-1 as decimal strings", () => {
    expect(canonicalText([2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n)])).toBe(
      '[9007199254740991,"9007199254740992","-9223372036854775808"]',
    );
  });

  it.each([
    ["a fraction", { a: [1.5] }, "/a/0"],
    ["an unsafe integer", { a: { b: 2 ** 53 } }, "/a/b"],
    ["negative zero", [-0], "/0"],
    ["NaN", Number.NaN, '""'],
    ["undefined", { a: undefined }, "/a"],
    ["a date", { at: new Date(0) }, "/at"],
    ["a map", new Map(), '""'],
    ["a lone surrogate", ["\ud800"], "surrogate"],
  ])("refuses %s and says where", (_, value, where) => {
    expect(() => canonicalText(value)).toThrow(
      expect.objectContaining({ code: "not-canonical", message: expect.stringContaining(where) }),
    );
  });

  it("does not change when it is read and written again", () => {
    const text = canonicalText({ z: [{ b: "ü", a: null }, true], a: "1", 10: 1, 9: 2 });
    expect(canonicalText(JSON.parse(text))).toBe(text);
    expect(new TextDecoder().decode(canonicalBytes(JSON.parse(text)))).toBe(text);
  });
});
