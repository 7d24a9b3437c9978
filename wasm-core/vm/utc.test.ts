import { beforeAll, expect, it } from "vitest";
import type { Vm } from "../../conformance/runner/vm.ts";
import { booted, compileTesting, run, unit } from "./testing/harness.ts";

let vm: Vm;
beforeAll(async () => {
  await compileTesting();
  vm = await booted("native", 1);
});

it("a planned setting of UTC moves the parameter and the real-time clock, forward and back, and no real time", () => {
  const days = (n: number) => [String(n * 86_400), String(n)];
  const { end, outcomes } = run(vm, unit(141, 1));
  expect({ end, outcome: outcomes[0]?.slice(0, 5) }).toEqual({ end: "ok", outcome: [...days(3), ...days(2), "0"] });
});

it("is undone by the next schedule's restore", () => {
  expect(run(vm, unit(141, 1)).outcomes).toEqual(run(vm, unit(141, 1)).outcomes);
});
