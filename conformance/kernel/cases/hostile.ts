/**
 * Cases for hostile guest halves: between ordinary ops the half attacks the host. What the ops promise holds all the same.
 */

import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, steal, vcpus } from "../lib/case";
import { atLeast, atMost, holds, same } from "../lib/expect";
import { boundaries, delivered, FIRST_VECTOR, isPending, realTime } from "../lib/interrupts";
import { DATA_FRAMES, direct, FRAME_DATA, frame, PAGE_SIZE, word } from "../lib/memory";
import { content } from "../lib/paging";
import { runAsUser } from "../lib/user";

/** The half's k-th attack: 0 as it must be, 1 not so, −1 there is none. It exports this beside its ops. */
// @ts-ignore: decorator
@external("pvi", "parley_hostile_step")
declare function attack(k: i32, end: i64): i32;

const ATTACKS_MAX: i32 = 1000;
/** ns by which two clock readings and real time may differ. */
const SLACK: i64 = 64;
/** Only hostile guest halves send it here. */
const VECTOR: i32 = FIRST_VECTOR + 7;

function end(): i64 {
  return test.param(test.TEST_PARAM_MEMORY_PAGES) * PAGE_SIZE;
}

function attackAll(clause: i32, what: string): void {
  for (let k = 0; k < ATTACKS_MAX; k++) {
    const answer = attack(k, end());
    if (answer < 0) return;
    same(clause, what, answer, 0);
  }
}

export function hostile_areas(): void {
  const before = pvi.time_sched_clock();
  const realBefore = realTime();
  attackAll(C.msr_write_3, "answers to a bad area that are not as they must be");
  const passed = pvi.time_sched_clock() - before;
  const real = realTime() - realBefore;
  atLeast(C.time_sched_clock_2, "ns by the clock meanwhile", passed, real - SLACK);
  atMost(C.time_sched_clock_2, "ns by the clock meanwhile", passed, real + SLACK);
  for (let n = 0; n < DATA_FRAMES; n++)
    same(C.rule_untrusted_pointers_1, "a page that nobody registered", machine.load64(direct(frame(FRAME_DATA + n))), content(n));
}

export function hostile_hypercalls(): void {
  attackAll(C.ipi_send_mask_5, "answers to a bad hypercall that are not as they must be");
  boundaries(4);
  for (let v = 0; v < vcpus(); v++) {
    same(C.ipi_send_mask_5, "interrupts that somebody took", delivered(v, VECTOR), 0);
    holds(C.rule_untrusted_pointers_1, "no interrupt is pending", !isPending(v, VECTOR));
  }
  pvi.lock_kick(me());
  holds(C.lock_kick_4, "the machine goes on", true);
}

/** Answers of a step: it goes on when the caller's processor was away for a while; a hypercall was not answered as published. */
const ASK_STEAL: i32 = 2;
const WRONG_CALL: i32 = 3;
/** It goes on when user code has made the call that is in the registers. */
const ASK_USER: i32 = 4;
const STOLEN_NS: i64 = 20_000;

/** What user code was answered: registers are again what they were when it ends. */
let answerToUser: i64 = 0;

function callOfUser(_rsp: i64): void {
  machine.vmcall();
  answerToUser = machine.reg(machine.RAX);
}

export function hostile_answers(): void {
  let answer = 0;
  for (let k = 0; k < ATTACKS_MAX && answer >= 0; k++) {
    answer = attack(k, end());
    if (answer === ASK_STEAL) steal(me(), STOLEN_NS);
    if (answer === ASK_USER) {
      runAsUser(callOfUser, word(14));
      machine.set_reg(machine.RDI, answerToUser);
    }
    const calls = answer === WRONG_CALL;
    same(C.ipi_send_mask_1, "number of a hypercall that is not answered as published", calls ? k : -1, -1);
    same(C.msr_read_1, "number of a register that is not as published", answer === 1 ? k : -1, -1);
  }
}

/** The host takes the first vCPU's processor at any moment and updates its area while the other one rewrites it. */
export function hostile_rewriting(role: i32): void {
  const before = pvi.time_sched_clock();
  begin();
  if (role === 0) {
    boundaries(2);
    test.advance(1_000);
  } else {
    attackAll(C.time_sched_clock_1, "answers that are not as they must be");
  }
  const clause = role === 0 ? C.rule_untrusted_pointers_2 : C.time_sched_clock_1;
  atLeast(clause, "a reading, not below the one before", pvi.time_sched_clock(), before);
  finish();
}
