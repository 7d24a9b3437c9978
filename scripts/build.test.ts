import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { sealKernel } from "../conformance/kernel/section.ts";
import { digestOf } from "../conformance/runner/digest.ts";
import { sampled } from "../conformance/runner/testing/sampled.ts";
import { compileAll, root } from "./lib/asc.mjs";
import { makeSuite, readBytes, suitePath } from "./lib/suite.mjs";
import { backendJobs, coreJob, kernelJob } from "./lib/targets.mjs";

/** Where the second build goes; `out` of each job below it. */
const again = "conformance/build/again";

afterAll(() => rmSync(join(root, again), { recursive: true, force: true }));

it("gives the same suite when it is compiled once more", { timeout: 120_000 }, async () => {
  rmSync(join(root, again), { recursive: true, force: true });
  const halves = sampled(backendJobs(), (_, index) => index % 6 === 0);
  const jobs = [coreJob(), kernelJob(), ...halves].map((job) => ({ ...job, out: `${again}/${job.out}` }));
  const { compiled } = await compileAll(jobs);
  expect(compiled).toBe(jobs.length);
  const suite = await makeSuite((path) => {
    if (path === "conformance/kernel/build/kernel.wasm")
      return sealKernel(readBytes(`${again}/conformance/kernel/build/kernel.bare.wasm`));
    return readBytes(existsSync(join(root, again, path)) ? `${again}/${path}` : path);
  });
  expect(await digestOf(suite)).toBe(await digestOf(readBytes(suitePath)));
});
