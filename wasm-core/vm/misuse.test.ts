// Whatever a host half does is its own verdict: never a crash of the VM, never the next case's concern.
import { beforeAll, describe, expect, it } from "vitest";
import { booted, compileTesting, type KindName, run, unit } from "./testing/harness.ts";

const SEEDS = 200;
const verdicts = ["trap", "fuel", "stuck", "bad-entry", "isolation", "audit", "died", "control-flow", "expect"];

beforeAll(async () => {
  await compileTesting();
});

describe.each(["enlightened", "fullvirt", "shadow"] as KindName[])("host.* with hostile arguments, %s", (kind) => {
  it("ends every run with a verdict, and the next case is not concerned", async () => {
    const vm = await booted(kind, 3);
    const healthy = () => JSON.stringify(run(vm, unit(kind === "shadow" ? 0 : 1, kind === "shadow" ? 1 : 2)));
    const before = healthy();
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = run(vm, unit(40, 2, { seed: BigInt(seed) }));
      const label = `seed ${seed}: ${JSON.stringify(outcome.failure)?.slice(0, 600)}`;
      expect(["ok", "fail", "error", "stuck"], label).toContain(outcome.end);
      if (outcome.failure) expect(verdicts, label).toContain(outcome.failure.kind);
      if (outcome.failure?.kind === "bad-entry") expect(outcome.failure.half, label).toBe("host");
      seen.add(outcome.failure?.kind ?? "ok");
      if (seed % 50 === 0) expect(healthy(), label).toBe(before);
    }
    // The seeds reach what they are for.
    for (const kind of ["ok", "trap", "bad-entry", "isolation"]) expect([...seen]).toContain(kind);
  });
});
