/** The frame of a case: set up in quiet, then act while schedules are searched, then meet and expect. */
import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import { RMW_ADD64, WORD_MEETING, word, wordAddress } from "./memory";

/** Waits until every role is set up; what follows is searched, in an explored case. Before, nothing opens a choice. */
export function begin(): void {
  // Before the barrier: whoever leaves it first would otherwise run unsearched until all others have left it too.
  test.quiet(0);
  test.barrier(1);
}

/** Lets another vCPU go first. A pause gives way at the next instruction, so private code would still run before. */
export function giveWay(): void {
  machine.pause();
  machine.lfence();
}

/** Gives way long enough for whatever was sent to arrive. */
export function letOthersRun(): void {
  for (let turn = 0; turn < 16; turn++) machine.pause();
}

/** Waits until every role has acted. */
export function finish(): void {
  meet(0);
}

/**
 * Waits until every role is at meeting n (0–7), taking interrupts meanwhile: those who flush or kick may need it. A
 * `test.barrier` takes none.
 */
export function meet(n: i32): void {
  machine.rmw(RMW_ADD64, word(WORD_MEETING + n), 1);
  const roles = test.param(test.TEST_PARAM_ROLES);
  while (test.peek(wordAddress(WORD_MEETING + n)) < roles) machine.pause();
}

/** Index of this vCPU. */
export function me(): i32 {
  return machine.vcpu();
}

/** Number of vCPUs of the machine. */
export function vcpus(): i32 {
  return <i32>test.param(test.TEST_PARAM_VCPUS);
}

/** True if something can take processor time away from a vCPU: anything but bare metal. */
export function canSteal(): bool {
  return test.param(test.TEST_PARAM_KIND) !== test.KIND_NATIVE;
}

/** True if a guest half has a way to learn of stolen time: not without a hypervisor, nor under one that does not show itself. */
export function isToldOfSteal(): bool {
  return canSteal() && test.param(test.TEST_PARAM_KIND) !== test.KIND_FULLVIRT;
}

/** Makes the host take the processor away from `vcpu` for `duration` ns, now. Nothing happens on bare metal. */
export function steal(vcpu: i32, duration: i64): void {
  if (!canSteal()) return;
  test.plan(test.PLAN_STEAL, vcpu, test.state(0, test.STATE_REAL_NS) + 1, duration);
  test.advance(2);
  machine.lfence();
}
