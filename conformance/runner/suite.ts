/** Opens suite.bin: the one file that Worker, CLI and browser load. Its digest is the version of the suite. */
import { digestOf } from "./digest.ts";
import { RunnerError } from "./errors.ts";
import { damaged, decodeSuite } from "./suite-format.ts";
import type { Suite } from "./types.ts";

/** @throws RunnerError "suite-damaged" if the bytes are not a whole suite */
export async function openSuite(bytes: Uint8Array): Promise<Suite> {
  const { index, blobs } = decodeSuite(bytes);
  const byDigest = new Map<string, Uint8Array>();
  for (const [at, blob] of blobs.entries()) {
    const digest = await digestOf(blob);
    if (digest !== index.blobs[at]?.digest)
      throw damaged(`blob ${at} is ${digest}, the index says ${index.blobs[at]?.digest}`);
    byDigest.set(digest, blob);
  }
  const { blobs: _listed, ...fields } = index;
  return {
    ...fields,
    digest: await digestOf(bytes),
    blob(digest) {
      const blob = byDigest.get(digest);
      if (!blob) throw new RunnerError("no-blob", `The suite holds no module ${digest}.`);
      return blob;
    },
  };
}
