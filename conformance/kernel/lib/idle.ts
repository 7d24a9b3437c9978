/** Sleeping as an idle loop does it: check with interrupts off, then halt. */
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import { realTime, taken } from "./interrupts";

/** Sleeps until this vCPU has taken `vector` n times. */
export function sleepUntilTaken(vector: i32, n: i32): void {
  while (taken(vector) < n) {
    pvi.irq_disable();
    if (taken(vector) < n) pvi.irq_safe_halt();
    else pvi.irq_enable();
  }
}

/** How often something that is planned can happen while a vCPU runs, ns. */
const STEP: i64 = 10_000;

/** Runs until real time is `at`, taking interrupts. */
export function runUntil(at: i64): void {
  for (let now = realTime(); now < at; now = realTime()) {
    test.advance(min(STEP, at - now));
    machine.lfence();
  }
}
