/**
 * One VM instance serves an isolate in which several requests may be under way. Whoever runs a boot or a unit holds the
 * VM over its yields. A holder whose request was cancelled never comes back, so waiting is bounded and then takes over;
 * a holder that finds itself replaced starts its unit again, which gives the same outcome.
 */
import type { Vm } from "./vm.ts";

export type Yield = () => Promise<void>;

/** Far more turns than one unit has slices: after them the holder is gone. */
const TURNS_MAX = 2_000;

/** Lets timers, requests and other tasks run. */
export const yieldToTasks: Yield = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Waits until nobody holds the VM, or nobody who still lives, and takes it in the same step. */
async function takeVm(vm: Vm, lease: object, yieldNow: Yield): Promise<void> {
  vm.waiting += 1;
  try {
    for (let turn = 0; vm.holder !== null && turn < TURNS_MAX; turn++) await yieldNow();
    vm.holder = lease;
  } finally {
    vm.waiting -= 1;
  }
}

/** Thrown inside a lease when somebody took the VM over during a yield. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Runs `work` as the holder of the VM, again from the start if it was taken over. `pause` yields and checks. */
export async function withVm<T>(vm: Vm, yieldNow: Yield, work: (pause: Yield) => Promise<T>): Promise<T> {
  for (;;) {
    const lease = {};
    await takeVm(vm, lease, yieldNow);
    try {
      return await work(async () => {
        await yieldNow();
        if (vm.holder !== lease) throw new LeaseLost("the VM was taken over");
      });
    } catch (error) {
      if (error instanceof LeaseLost) continue;
      // Whatever stopped the work, what the VM holds now is not to be relied on.
      if (vm.holder === lease) vm.tenant = null;
      throw error;
    } finally {
      if (vm.holder === lease) vm.holder = null;
    }
  }
}
