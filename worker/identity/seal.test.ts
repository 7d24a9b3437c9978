import { describe, expect, it } from "vitest";
import { open, SealError, seal } from "./seal.ts";

const key = btoa("\0".repeat(32));
const otherKey = btoa("\x01".repeat(32));
const secret = new Uint8Array([1, 2, 3, 255]);

describe("seal", () => {
  it("opens with the same key and row, and never looks the same twice", async () => {
    const sealed = await seal(key, "row", secret);
    expect(await open(key, "row", sealed)).toEqual(secret);
    expect(await seal(key, "row", secret)).not.toBe(sealed);
  });

  it("does not open for another key, another row, or after a change", async () => {
    const sealed = await seal(key, "row", secret);
    const changed = sealed.slice(0, -4) + (sealed.endsWith("AAAA") ? "AAAB" : "AAAA");
    await expect(open(otherKey, "row", sealed)).rejects.toThrow(SealError);
    await expect(open(key, "other", sealed)).rejects.toThrow(SealError);
    await expect(open(key, "row", changed)).rejects.toThrow(SealError);
    await expect(open(key, "row", "no base64")).rejects.toThrow(SealError);
  });

  it("says what to do when the key is missing", async () => {
    await expect(seal("", "row", secret)).rejects.toThrow(/wrangler secret put SECRETS_KEY/);
  });
});
