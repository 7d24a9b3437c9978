import { readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { ensureBuilt } from "../../../scripts/build.mjs";
import { root } from "../../../scripts/lib/asc.mjs";
import { digestOf } from "../../runner/digest.ts";
import { pairingsOf } from "../../runner/pairings.ts";
import { inspected, openBuiltSuite, readParts } from "../../runner/testing/builds.ts";

beforeAll(() => ensureBuilt(() => {}));

it("runs the native build's own guest half, unmodified", async () => {
  const { vm, suite } = await openBuiltSuite();
  const build = await inspected(vm, suite, readParts(`${root}/conformance/backends/fullvirt/build`));
  const native = new Uint8Array(readFileSync(`${root}/conformance/backends/native/build/guest.wasm`));
  expect(suite.native).toBe(await digestOf(native));
  // No guest half of its own: every operation falls through to the suite's native half.
  expect(pairingsOf(suite, build).map(({ id, guest, host }) => ({ id, guest, host }))).toEqual([
    { id: "own", guest: null, host: build.digests.host },
  ]);
  expect(build.digests.host).not.toBeNull();
});
