/** rule.*: what every op owes, whatever it is about. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish, me, meet, steal } from "../lib/case";
import { holds, same } from "../lib/expect";
import { faults, interruptsOn, onInterrupt, onNmi, taken, FIRST_VECTOR } from "../lib/interrupts";
import { mask, word } from "../lib/memory";
import { bootRoot, content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";

const EFER: i32 = 0xc0000080;
const KERNEL_GS_BASE: i32 = 0xc0000102;
const KERNEL_ADDRESS: i64 = 0xffff888000123000;
/** Values that no op has a reason to write. */
const PATTERN: i64 = 0x1122334455667700;
/** The ops that `callOp` knows. */
const OPS: i32 = 17;

/** Calls op k with valid arguments that leave the machine as it is for everybody else. */
function callOp(k: i32): void {
  if (k === 0) pvi.init_version();
  else if (k === 1) pvi.init_features(0);
  else if (k === 2) pvi.irq_save_fl();
  else if (k === 3) pvi.mmu_read_cr3();
  else if (k === 4) pvi.mmu_write_cr3(bootRoot());
  else if (k === 5) pvi.mmu_set_pte(entry(80), leaf(1));
  else if (k === 6) pvi.mmu_flush_tlb_one(page(80));
  else if (k === 7) pvi.mmu_flush_tlb_user();
  else if (k === 8) pvi.mmu_flush_tlb_multi(mask(1 << me()), page(80), page(81), 0);
  else if (k === 9) pvi.ipi_send_mask(mask(0), FIRST_VECTOR);
  else if (k === 10) pvi.time_sched_clock();
  else if (k === 11) pvi.time_steal_clock(me());
  else if (k === 12) pvi.lock_wait(word(0), 1);
  else if (k === 13) pvi.lock_kick(me());
  else if (k === 14) pvi.msr_read(EFER);
  else if (k === 15) pvi.msr_read_safe(EFER, word(1));
  else pvi.time_wallclock_get();
}

export function rule_native_equivalence(): void {
  const clause = C.rule_native_equivalence_1;
  const cr0 = machine.read_cr(0);
  const cr4 = machine.read_cr(4);
  const efer = machine.rdmsr(EFER);
  for (let k = 0; k < OPS; k++) {
    callOp(k);
    same(clause, "CR0 after an op", machine.read_cr(0), cr0);
    same(clause, "CR4 after an op", machine.read_cr(4), cr4);
    same(clause, "EFER after an op", machine.rdmsr(EFER), efer);
  }
}

/** True for the stack pointer, which interrupts use. */
function isStack(register: i32): bool {
  return register === machine.RSP;
}

export function rule_clobbers(): void {
  for (let r = 0; r < 16; r++) if (!isStack(r)) machine.set_reg(r, PATTERN + r);
  steal(me(), 10_000);
  machine.nop();
  for (let r = 0; r < 16; r++) {
    if (!isStack(r)) same(C.rule_clobbers_1, "a register after the processor was away", machine.reg(r), PATTERN + r);
  }
}

/** Ops whose own clauses speak of the interrupt flag. */
function speaksOfFlag(k: i32): bool {
  return k === 2 || k === 7 || k === 12;
}

export function rule_flags(): void {
  for (let k = 0; k < OPS; k++) {
    if (speaksOfFlag(k)) continue;
    callOp(k);
    holds(C.rule_flags_1, "interrupts are still enabled", interruptsOn(me()));
  }
  pvi.irq_disable();
  for (let k = 0; k < OPS; k++) {
    if (speaksOfFlag(k)) continue;
    callOp(k);
    holds(C.rule_flags_1, "interrupts are still disabled", !interruptsOn(me()));
  }
  pvi.init_revoke_all();
  holds(C.rule_flags_1, "interrupts are still disabled after revocation", !interruptsOn(me()));
  pvi.irq_enable();
  pvi.init_revoke_all();
  holds(C.rule_flags_1, "interrupts are still enabled after revocation", interruptsOn(me()));
}

function useOps(): void {
  pvi.irq_save_fl();
  pvi.irq_disable();
  pvi.time_sched_clock();
}

/** The interrupted op is a flush of one page, whose argument must survive. */
export function rule_nmi_safety(): void {
  mapAndTouch(81, 0);
  onNmi(useOps);
  begin();
  pvi.mmu_set_pte(entry(81), leaf(1));
  pvi.mmu_flush_tlb_one(page(81));
  finish();
  same(C.rule_nmi_safety_1, "content of the page after the interrupted flush", touch(81), content(1));
  holds(C.rule_nmi_safety_1, "interrupts are still enabled", interruptsOn(me()));
}

export function rule_scope(role: i32): void {
  const clause = C.rule_scope_1;
  if (role === 1) {
    for (let r = 0; r < 16; r++) if (!isStack(r)) machine.set_reg(r, PATTERN + r);
    meet(1);
    meet(2);
    for (let r = 0; r < 16; r++)
      if (!isStack(r)) same(clause, "a register of the bystander", machine.reg(r), PATTERN + r);
    return;
  }
  meet(1);
  for (let k = 0; k < OPS; k++) callOp(k);
  pvi.msr_write(KERNEL_GS_BASE, KERNEL_ADDRESS);
  meet(2);
}

export function rule_deferral(): void {
  pvi.mmu_lazy_enter();
  pvi.msr_write(KERNEL_GS_BASE, KERNEL_ADDRESS);
  same(C.rule_deferral_1, "a register written inside the bracket", machine.rdmsr(KERNEL_GS_BASE), KERNEL_ADDRESS);
  pvi.irq_disable();
  holds(C.rule_deferral_1, "interrupts are disabled inside the bracket", !interruptsOn(me()));
  pvi.mmu_lazy_leave();
}

const NON_CANONICAL: i64 = 0x0000800000000000;

export function rule_void_ops(): void {
  const before = faults();
  pvi.mmu_set_pte(NON_CANONICAL, leaf(0));
  holds(C.rule_void_ops_1, "setting an entry at no address raises a fault", faults() > before);
}

function flushInHandler(): void {
  pvi.mmu_flush_tlb_multi(mask(1 << me(), 0), page(88), page(90), 0);
}

export function rule_long_ops(): void {
  const clause = C.rule_long_ops_1;
  for (let i = 0; i < 4; i++) mapAndTouch(82 + i, i);
  const targets = mask(1 << me());
  onInterrupt(flushInHandler);
  begin();
  for (let i = 0; i < 4; i++) pvi.mmu_set_pte(entry(82 + i), leaf(4 + (i & 3)));
  const result = pvi.mmu_flush_tlb_multi(targets, page(82), page(86), 0);
  finish();
  same(clause, "result of the flush", result, 0);
  for (let i = 0; i < 4; i++) same(clause, "content of a page of the range", touch(82 + i), content(4 + (i & 3)));
}
