/** Sabotages of apic.*. */
import { atStart, edit, native, nativeApic, type Sabotage } from "./sabotage.ts";

const eoi = "export function apic_eoi(): void {";
const read = "export function apic_read(reg: i32): i64 {";
const write = "export function apic_write(reg: i32, value: i32): i32 {";
const registerWrite = "  machine.wrmsr(MSR_X2APIC + register, <i64>(<u32>value));";
const icrWrite = "export function apic_icr_write(command: i64): i32 {";

/** One call ends the service of a low vector together with that of the high one. */
const twice = (low: number) =>
  atStart(
    nativeApic,
    eoi,
    `  if ((machine.rdmsr(0x812) & ${0x10000 | (1 << (low - 0x40))}) == ${0x10000 | (1 << (low - 0x40))}) machine.wrmsr(machine.MSR_X2APIC_EOI, 0);`,
  );

export const apicSabotages: readonly Sabotage[] = [
  native("apic-eoi-one", "with the vectors 0x40 and 0x50 in service both are retired", twice(0x40)),
  native(
    "apic-eoi-next",
    "nothing is retired while the vector 0x43 is pending",
    atStart(nativeApic, eoi, "  if (machine.rdmsr(0x822) & 8) return;"),
  ),
  native(
    "apic-eoi-idle",
    "with nothing in service a value is written that the register refuses",
    atStart(nativeApic, eoi, "  if (!machine.rdmsr(0x812)) machine.wrmsr(machine.MSR_X2APIC_EOI, 1);"),
  ),
  native(
    "apic-eoi-any-arrival",
    "nothing is retired while the vector 0x41 is pending",
    atStart(nativeApic, eoi, "  if (machine.rdmsr(0x822) & 2) return;"),
  ),
  native(
    "apic-eoi-fallback",
    "nothing is retired while all features are vetoed",
    atStart(nativeApic, eoi, "  if (!featureMask()) return;"),
    edit(
      nativeApic,
      'import * as machine from "../../sdk/as/machine";\n',
      'import * as machine from "../../sdk/as/machine";\nimport { featureMask } from "../lib/info";\n',
    ),
  ),
  native("apic-eoi-nested-arrival", "with the vectors 0x46 and 0x50 in service both are retired", twice(0x46)),
  native("apic-eoi-after-move", "with the vectors 0x42 and 0x50 in service both are retired", twice(0x42)),
  native("apic-eoi-after-revoke", "with the vectors 0x43 and 0x50 in service both are retired", twice(0x43)),
  native(
    "apic-read-registers",
    "the vCPU index is taken for the APIC id",
    atStart(nativeApic, read, "  if (reg == 0x20) return machine.vcpu();"),
  ),
  native(
    "apic-read-refused",
    "a register is read that does not exist",
    edit(nativeApic, "READABLE: u64 = 0x43fc_01ff_ffff_a50c", "READABLE: u64 = 0x43fc_01ff_ffff_a50e"),
  ),
  native(
    "apic-write-priority",
    "a priority of 0x30 is not written",
    atStart(nativeApic, write, "  if (reg == 0x80 && value == 0x30) return 0;"),
  ),
  native(
    "apic-write-own",
    "the priority is kept for all vCPUs together",
    atStart(nativeApic, write, "  if (reg == 0x80 && value <= 255) machine.store32(sharedVa + 900, value);"),
    atStart(nativeApic, read, "  if (reg == 0x80) return machine.load32(sharedVa + 900);"),
    edit(
      nativeApic,
      'import * as machine from "../../sdk/as/machine";\n',
      'import * as machine from "../../sdk/as/machine";\nimport { sharedVa } from "../lib/info";\n',
    ),
  ),
  native(
    "apic-timer-counts",
    "the largest divider is taken for the next smaller one",
    edit(
      nativeApic,
      registerWrite,
      `${registerWrite}\n  if (register == DIVIDER && value == 10) machine.wrmsr(MSR_X2APIC + DIVIDER, 9);`,
    ),
  ),
  native(
    "apic-timer-expires",
    "in periodic mode the timer counts once",
    edit(
      nativeApic,
      registerWrite,
      registerWrite.replace("value)", "(register == LVT_TIMER ? value & ~0x20000 : value))"),
    ),
  ),
  native(
    "apic-write-refused",
    "any priority is written",
    edit(nativeApic, "case TPR: return 0xff;", "case TPR: return -1;"),
  ),
  native(
    "apic-icr-read-back",
    "the destination is lost",
    edit(nativeApic, "(machine.MSR_X2APIC_ICR) & ~ICR_BUSY", "(machine.MSR_X2APIC_ICR) & 0xffff_efff"),
  ),
  native(
    "apic-icr-destinations",
    "all others are taken for all",
    atStart(nativeApic, icrWrite, "  if ((command & 0xc0000) == 0xc0000) command ^= 0x40000;"),
  ),
  native(
    "apic-icr-stores",
    "no fence before the ICR write",
    edit(
      nativeApic,
      "  machine.mfence();\n  machine.wrmsr(machine.MSR_X2APIC_ICR, command);",
      "  machine.wrmsr(machine.MSR_X2APIC_ICR, command);",
    ),
  ),
  native(
    "apic-icr-refused",
    "a reserved delivery mode is written",
    edit(nativeApic, "ICR_MODES: i32 = 0b111_0101", "ICR_MODES: i32 = 0b111_1101"),
  ),
];
