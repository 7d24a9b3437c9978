import { expect, it } from "vitest";
import { buildDigest } from "./build.ts";
import { digestOf, isDigest, seedOf } from "./digest.ts";
import { digest } from "./testing/small-suite.ts";

it("is SHA-256 in lower-case hex (FIPS 180 vectors)", async () => {
  expect(await digestOf(new Uint8Array())).toBe(
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  expect(await digestOf(new TextEncoder().encode("abc"))).toBe(
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  expect(isDigest(await digestOf(new Uint8Array()))).toBe(true);
  expect(isDigest(`sha256:${"A".repeat(64)}`)).toBe(false);
});

it("takes the first 8 bytes little-endian as a seed, and keeps fields apart", async () => {
  expect(await seedOf(["abc"])).toBe(0xeacf018fbf1678ban);
  expect(await seedOf(["a", "bc"])).not.toBe(await seedOf(["ab", "c"]));
});

it("names a build by all its parts", async () => {
  const parts = { manifest: digest("1"), guest: digest("2"), host: null, rom: null };
  const text = `{"format":1,"guest":"${digest("2")}","host":null,"manifest":"${digest("1")}","rom":null}`;
  expect(await buildDigest(parts)).toBe(await digestOf(new TextEncoder().encode(text)));
  expect(await buildDigest({ ...parts, guest: null, host: digest("2") })).not.toBe(await buildDigest(parts));
});
