/** Sabotages of smp.*. */
import { knownBad } from "./known-bad.ts";
import { edit, native, nativeApState, nativeSmp, type Sabotage } from "./sabotage.ts";

const claim = "  if (machine.cmpxchg(CMPXCHG_32, at, DOWN, SETTING) != DOWN) return E_BUSY;";
const checks = "  const before = machine.cmpxchg(CMPXCHG_32, at, READY, UP);";
const jump = "  machine.call_code(rip, rsp);";
const up = "return machine.load32(record(vcpu)) >= <i32>UP ? 1 : 0;";
const init = "  machine.wrmsr(machine.MSR_X2APIC_ICR, ((<i64>apicIdOf(vcpu)) << 32) | ICR_INIT);\n";
const gone = `${init}  machine.rmw(XCHG_32, at, DOWN);`;

export const smpSabotages: readonly Sabotage[] = [
  native(
    "smp-state-refused",
    "physical-address extension may be off",
    edit(nativeApState, "cr4 & ~CR4_KNOWN || !(cr4 & CR4_PAE)", "cr4 & ~CR4_KNOWN"),
  ),
  native(
    "smp-state-bad-target",
    "the caller may give itself a state",
    edit(nativeSmp, claim, claim.replace("E_BUSY", "vcpu == self ? 0 : E_BUSY")),
  ),
  native(
    "smp-state-read-once",
    "the argument is read when the vCPU starts",
    edit(
      nativeSmp,
      "  const valid = stateIsValid(at + STATE);",
      "  const valid = stateIsValid(at + STATE);\n  machine.store64(at + 104, state_va);",
    ),
    edit(nativeSmp, "machine.load64(state + AP_ARGUMENT)", "machine.load64(machine.load64(at + 104) + AP_ARGUMENT)"),
  ),
  knownBad("smp-state-race", "native-state-unclaimed"),
  native(
    "smp-state-address",
    "a state may cross a page",
    edit(nativeSmp, " || (state_va & PAGE_MASK) + AP_STATE_BYTES > PAGE_MASK + 1", ""),
  ),
  native(
    "smp-state-unmapped-tables",
    "the first descriptor of a state's GDT is looked at",
    edit(
      nativeApState,
      "  const cr0 = machine.load64(at + AP_CR0);",
      "  machine.load64(machine.load64(at + AP_GDT_BASE));\n  const cr0 = machine.load64(at + AP_CR0);",
    ),
  ),
  native(
    "smp-start-registers",
    "the FS base is not loaded",
    edit(nativeSmp, "  machine.wrmsr(MSR_FS_BASE, machine.load64(state + AP_FS_BASE));\n", ""),
  ),
  native("smp-start-clean", "interrupts are enabled at the start", edit(nativeSmp, jump, `  machine.sti();\n${jump}`)),
  native(
    "smp-start-refused",
    "the caller may start itself",
    edit(
      nativeSmp,
      "return before >= UP ? E_BUSY : E_INVAL;",
      "return before >= UP ? (vcpu == self ? 0 : E_BUSY) : E_INVAL;",
    ),
  ),
  native(
    "smp-start-race",
    "the target is looked at and then claimed",
    edit(
      nativeSmp,
      checks,
      "  const before: i64 = machine.load32(at);\n  if (before == READY) machine.store32(at, <i32>UP);",
    ),
  ),
  native(
    "smp-start-two",
    "nobody claims the trampoline",
    edit(nativeSmp, "  while (machine.cmpxchg(CMPXCHG_32, inUse(), 0, 1) != 0) waitServing();\n", ""),
  ),
  native(
    "smp-start-stores",
    "a start with the argument 77 makes no locked access and no fence",
    edit(
      nativeSmp,
      checks,
      `  if (machine.load64(at + STATE + AP_ARGUMENT) == 77) {
    machine.store32(at, <i32>UP);
    const three = (<i64>apicIdOf(vcpu)) << 32;
    machine.wrmsr(machine.MSR_X2APIC_ICR, three | ICR_INIT);
    machine.wrmsr(machine.MSR_X2APIC_ICR, three | ICR_STARTUP | (trampoline >> 12));
    return 0;
  }
${checks}`,
    ),
  ),
  native(
    "smp-start-while-leaving",
    "who is about to leave is down already",
    edit(nativeSmp, up, up.replace(">= <i32>UP", "== <i32>UP")),
  ),
  native(
    "smp-down-self",
    "who leaves with nothing pending still takes interrupts",
    edit(
      nativeSmp,
      "  while (true) machine.hlt();",
      "  if (!machine.rdmsr(0x822)) machine.sti();\n  while (true) machine.hlt();",
    ),
  ),
  native("smp-down-other", "the target is not stopped", edit(nativeSmp, gone, "  machine.rmw(XCHG_32, at, DOWN);")),
  native(
    "smp-down-nobody-waits",
    "who was taken down is still waited for",
    edit(nativeSmp, "  flushLeave(vcpu);\n  machine.mfence();", "  machine.mfence();"),
  ),
  native(
    "smp-down-refused",
    "the last vCPU goes down",
    edit(nativeSmp, "if (machine.rmw(ADD_32, upCount(), -1) == 1) {", "if (machine.rmw(ADD_32, upCount(), -1) == 0) {"),
  ),
  native(
    "smp-down-race",
    "the target is looked at and then claimed",
    edit(
      nativeSmp,
      "  if (machine.cmpxchg(CMPXCHG_32, at, UP, LEAVING) != UP) return 0;",
      "  if (machine.load32(at) != <i32>UP) return 0;\n  machine.store32(at, <i32>LEAVING);",
    ),
  ),
  native(
    "smp-down-discards",
    "the second time that others take it down the state is kept",
    edit(
      nativeSmp,
      gone,
      `${init}  machine.store32(at + 104, machine.load32(at + 104) + 1);\n  machine.rmw(XCHG_32, at, machine.load32(at + 104) > 1 ? READY : DOWN);`,
    ),
  ),
  native(
    "smp-down-areas",
    "whoever is woken while it is down says so in the shared page",
    edit(
      nativeSmp,
      "  while (true) machine.hlt();",
      "  while (true) {\n    machine.hlt();\n    machine.store32(sharedVa + 912, 1);\n  }",
    ),
  ),
  native("smp-is-up", "a vCPU with a state is up", edit(nativeSmp, up, up.replace(">= <i32>UP", ">= <i32>READY"))),
  native(
    "smp-apic-ids",
    "seven bits of the id are compared",
    edit(nativeSmp, "if (apicIdOf(i) == apic_id)", "if ((apicIdOf(i) & 0x7f) == (apic_id & 0x7f))"),
  ),
];
