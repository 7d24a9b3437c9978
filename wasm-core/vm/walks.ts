// Deliveries and transfers of control whose walks set A or D: each of these locked steps is a point, at which others may come first.
import { deliverOn } from "../machine/interrupts";
import { Step } from "../machine/ops";
import { enterCode, entersBase } from "./contexts";
import { Cpu } from "./cpu";
import { delivered } from "./events";
import { decideWalk, implicitTouched } from "./explorer";
import { exitGuest } from "./lock";
import { failureToHost } from "./failure";

/** A delivery of the machine's goes on, one that a host half injected, a fetch at RIP, one that a host half has entered at. */
export const WALK_DELIVERY: u32 = 1;
export const WALK_INJECTION: u32 = 2;
export const WALK_FETCH: u32 = 3;
export const WALK_FETCH_BY_HOST: u32 = 4;

/** A walk has made a locked step: the rest comes at the next turn. */
export function walkLater(c: Cpu, what: u32): void {
  c.walks = what;
  c.middle = 1;
  implicitTouched(c);
}

/** Goes on with what a walk had interrupted, unless others come first. */
export function walkOn(c: Cpu): void {
  if (!decideWalk(c)) return;
  const what = c.walks;
  c.walks = 0;
  c.middle = 0;
  if (what == WALK_DELIVERY) return delivered(c, deliverOn(c.vcpu));
  if (what == WALK_INJECTION) return injected(c, deliverOn(c.vcpu));
  const byHost = what == WALK_FETCH_BY_HOST;
  if (!enterCode(c, byHost, entersBase(c)) && byHost) failureToHost();
}

/** Goes on with the machine's answer to an injection. */
export function injected(c: Cpu, status: i32): void {
  if (status == Step.SPLIT) return walkLater(c, WALK_INJECTION);
  implicitTouched(c);
  if (status == Step.EXIT) return exitGuest(c);
  if (!enterCode(c, true, false)) failureToHost();
}
