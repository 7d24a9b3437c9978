import { describe, expect, it } from "vitest";
import { withVm, yieldToTasks } from "./lease.ts";
import type { Vm } from "./vm.ts";

/** The part of a VM that a lease looks at. */
const freeVm = () => ({ holder: null, waiting: 0, tenant: null }) as unknown as Vm;

describe("a lease of the VM", () => {
  it("is held over yields by one at a time, in turn", async () => {
    const vm = freeVm();
    const log: string[] = [];
    const work = (name: string) =>
      withVm(vm, yieldToTasks, async (pause) => {
        for (let step = 0; step < 3; step++) {
          log.push(name);
          await pause();
        }
      });
    await Promise.all([work("a"), work("b")]);
    expect(log.join("")).toBe("aaabbb");
    expect([vm.holder, vm.waiting]).toEqual([null, 0]);
  });

  it("is taken over when its holder never comes back, and the work starts again if it does", async () => {
    const vm = freeVm();
    const stall = Promise.withResolvers<void>();
    let starts = 0;
    const stalled = withVm(
      vm,
      () => stall.promise,
      async (pause) => {
        starts += 1;
        if (starts === 1) await pause();
        return starts;
      },
    );
    const noWait = () => Promise.resolve();
    expect(await withVm(vm, noWait, () => Promise.resolve("taken over"))).toBe("taken over");
    stall.resolve();
    expect(await stalled).toBe(2);
  });

  it("ends with an error of the work, and what the VM held is not reused", async () => {
    const vm = freeVm();
    vm.tenant = "a pairing";
    await expect(withVm(vm, yieldToTasks, () => Promise.reject(new Error("trapped")))).rejects.toThrow("trapped");
    expect([vm.holder, vm.tenant]).toEqual([null, null]);
  });
});
