import { expect, it } from "vitest";
import { booted, compileTesting, run, unit } from "./testing/harness.ts";

it("a planned migration changes rate and value of one vCPU's TSC, and no other clock", async () => {
  await compileTesting();
  const { end, outcomes } = run(await booted("native", 2), unit(48, 1));
  const [before, after, jump, ofAnother, timesAddUp, elapsed] = (outcomes[0] ?? []).map(Number);
  expect(end).toBe("ok");
  // 160 µs and the few ns of the instructions that measure them, at 2.5 GHz; then at 17/16 of that.
  const ticks = 400_015;
  expect([before, ofAnother]).toEqual([ticks, ticks]);
  expect(Math.abs((after ?? 0) - (ticks * 17) / 16)).toBeLessThan(2);
  expect([jump, timesAddUp, elapsed]).toEqual([1, 1, 322]);
});
