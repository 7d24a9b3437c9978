import { describe, expect, it } from "vitest";
import { crc32, hashOf, isToken, newToken } from "./token.ts";

describe("token", () => {
  it("has the published form and its own checksum", () => {
    const token = newToken();
    expect(token).toMatch(/^parley_[0-9A-Za-z]{38}$/);
    expect(isToken(token)).toBe(true);
  });

  it("is refused after any single change", () => {
    const token = newToken();
    for (let at = "parley_".length; at < token.length; at++) {
      const other = token[at] === "a" ? "b" : "a";
      expect(isToken(token.slice(0, at) + other + token.slice(at + 1)), `position ${at}`).toBe(false);
    }
    for (const broken of [
      "",
      "parley_",
      token.slice(1),
      token.slice(0, -1),
      `${token}0`,
      ` ${token}`,
      token.toUpperCase(),
    ]) {
      expect(isToken(broken), broken).toBe(false);
    }
  });

  it("carries the CRC-32 that zip uses, as six base62 digits", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    // zlib.crc32(b"0" * 32) is 2700251856, and that is 2wjyrI in base62.
    expect(isToken(`parley_${"0".repeat(32)}2wjyrI`)).toBe(true);
    expect(isToken(`parley_${"0".repeat(38)}`)).toBe(false);
  });

  it("is stored as SHA-256", async () => {
    expect(await hashOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
