/** Boot: handlers and guest half on every vCPU; the first one builds the test region and starts the others. */
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import { installHandlers } from "./interrupts";
import { direct, RMW_ADD64, see, WORD_STARTED, word } from "./memory";
import { buildRegion } from "./paging";

const ICR_INIT: i64 = 0x4500;
const ICR_STARTUP: i64 = 0x4600;

/**
 * Boot vCPU: prepares itself and the test region, then starts every other vCPU, one after the other, by INIT and SIPI and not
 * by the ops that are tested: all share the page that the startup vector names, { u64 rip, u64 cr3, u64 rsp }.
 */
export function bootFirst(applicationSlot: i32): void {
  prepare();
  buildRegion();
  const trampoline = test.param(test.TEST_PARAM_TRAMPOLINE_GPA);
  const count = test.param(test.TEST_PARAM_VCPUS);
  for (let vcpu: i64 = 1; vcpu < count; vcpu++) {
    machine.store64(direct(trampoline), machine.code_addr(applicationSlot, 0));
    machine.store64(direct(trampoline) + 8, machine.read_cr(3));
    machine.store64(direct(trampoline) + 16, test.param(test.TEST_PARAM_STACK_TOP | ((<i32>vcpu) << 8)));
    machine.mfence();
    const destination = test.param(test.TEST_PARAM_APIC_ID | ((<i32>vcpu) << 8)) << 32;
    machine.wrmsr(machine.MSR_X2APIC_ICR, destination | ICR_INIT);
    machine.wrmsr(machine.MSR_X2APIC_ICR, destination | ICR_STARTUP | (trampoline >> 12));
    while (see(WORD_STARTED) !== vcpu) machine.pause();
  }
  pvi.irq_enable();
}

/** Any other vCPU: prepares itself and reports that it has started. */
export function bootApplication(): void {
  prepare();
  machine.rmw(RMW_ADD64, word(WORD_STARTED), 1);
  pvi.irq_enable();
}

/** Handlers and guest half on this vCPU. */
export function prepare(): void {
  installHandlers();
  if (pvi.half_init(test.param(test.TEST_PARAM_INFO_VA)) < 0) machine.ud();
}
