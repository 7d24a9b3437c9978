import { describe, expect, it } from "vitest";
import { digestOf } from "./digest.ts";
import { openSuite } from "./suite.ts";
import { encodeSuite, type SuiteIndex } from "./suite-format.ts";
import { smallSuite } from "./testing/small-suite.ts";

const blobs = [new Uint8Array([1, 2, 3]), new Uint8Array(16).fill(7)];

async function encoded(): Promise<Uint8Array> {
  const { digest: _digest, blob: _blob, ...fields } = smallSuite();
  const index: SuiteIndex = { ...fields, blobs: [] };
  for (const blob of blobs) index.blobs.push({ digest: await digestOf(blob), size_bytes: blob.length });
  return encodeSuite(index, blobs);
}

describe("suite.bin", () => {
  it("gives back what was packed, under the digest of the file", async () => {
    const bytes = await encoded();
    const suite = await openSuite(bytes);
    expect(suite.digest).toBe(await digestOf(bytes));
    expect(suite.cases).toEqual(smallSuite().cases);
    for (const blob of blobs) expect(suite.blob(await digestOf(blob))).toEqual(blob);
    expect(() => suite.blob("sha256:0")).toThrow(expect.objectContaining({ code: "no-blob" }));
  });

  it("places every piece at a multiple of 8 and ends with the last blob", async () => {
    const bytes = await encoded();
    const index = new DataView(bytes.buffer).getUint32(8, true);
    const first = 16 + Math.ceil(index / 8) * 8;
    expect(bytes.subarray(first, first + 3)).toEqual(blobs[0]);
    expect(bytes.subarray(first + 8)).toEqual(blobs[1]);
  });

  it("is refused when cut anywhere", async () => {
    const bytes = await encoded();
    for (let length = 0; length < bytes.length; length += length < 64 ? 1 : 97)
      await expect(openSuite(bytes.subarray(0, length)), `${length}`).rejects.toThrow();
    await expect(openSuite(bytes.subarray(0, bytes.length - 1))).rejects.toMatchObject({
      code: "suite-damaged",
      message: expect.stringContaining("cut off"),
    });
  });

  it("is refused when a blob was changed", async () => {
    const bytes = await encoded();
    bytes[bytes.length - 1] = 8;
    await expect(openSuite(bytes)).rejects.toMatchObject({ code: "suite-damaged" });
  });
});
