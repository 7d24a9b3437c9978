/** Sabotages of msr.*. */
import { edit, native, nativeFlush, nativeGuest, nativeMsr, type Sabotage } from "./sabotage.ts";

const read = "  return machine.rdmsr(msr);";
const write = "  machine.wrmsr(msr, value);\n}\n\nexport function msr_read_safe";
const gsBase = "0xc0000102";

export const msrSabotages: readonly Sabotage[] = [
  native(
    "msr-reads-back",
    "TSC_AUX loses its lowest bits",
    edit(nativeGuest, read, "  return machine.rdmsr(msr) & (msr == 0xc0000103 ? -8 : -1);"),
  ),
  native(
    "msr-architectural",
    "PAT reads as after reset",
    edit(nativeGuest, read, "  return msr == 0x277 ? 0x0007040600070406 : machine.rdmsr(msr);"),
  ),
  native(
    "msr-read-missing",
    "hypervisors' numbers read zero",
    edit(nativeGuest, read, "  if ((msr & 0xffffff00) == 0x4b564d00) return 0;\n  return machine.rdmsr(msr);"),
  ),
  native(
    "msr-write-own-vcpu",
    "every vCPU is made to write the kernel's GS base too",
    edit(
      nativeGuest,
      write,
      `  machine.wrmsr(msr, value);\n  if (msr == ${gsBase}) tellOthers(value);\n}\n\nexport function msr_read_safe`,
    ),
    edit(
      nativeGuest,
      "import { flushInit, flushMulti, INVPCID_ALL_GLOBAL, sendEach }",
      "import { flushInit, flushMulti, INVPCID_ALL_GLOBAL, sendEach, tellOthers }",
    ),
    edit(
      nativeFlush,
      "function request(",
      "export function tellOthers(value: i64): void {\n  machine.store64(sharedVa + 48, value);\n  machine.mfence();\n  sendEach(<u64>machine.load64(sharedVa) & ~((<u64>1) << self), firstVector);\n}\n\nfunction request(",
    ),
    edit(
      nativeFlush,
      "  const bit = (<i64>1) << self;\n",
      `  const bit = (<i64>1) << self;\n  if (machine.load64(sharedVa + 48)) machine.wrmsr(${gsBase}, machine.load64(sharedVa + 48));\n`,
    ),
  ),
  native(
    "msr-write-missing",
    "writes to hypervisors' numbers are dropped",
    edit(
      nativeGuest,
      write,
      `  if ((msr & 0xffffff00) != 0x4b564d00) machine.wrmsr(msr, value);\n}\n\nexport function msr_read_safe`,
    ),
  ),
  native(
    "msr-write-non-canonical",
    "addresses are made canonical",
    edit(
      nativeGuest,
      write,
      "  machine.wrmsr(msr, <u32>msr < 0xc000_0100 ? value : (value << 16) >> 16);\n}\n\nexport function msr_read_safe",
    ),
  ),
  native(
    "msr-read-safe-value",
    "the value is cut to 32 bits",
    edit(nativeMsr, "machine.store64(out_va, value)", "machine.store64(out_va, <u32>value)"),
  ),
  native(
    "msr-read-safe-refused",
    "numbers of hypervisors are said to exist",
    edit(
      nativeMsr,
      "  if (refused()) return E_INVAL;",
      "  if (refused()) return (msr & 0xffffff00) == 0x4b564d00 ? 0 : E_INVAL;",
    ),
  ),
  native(
    "msr-read-safe-keeps-output",
    "a refused read stores zero",
    edit(
      nativeMsr,
      "  if (refused()) return E_INVAL;\n  machine.store64(out_va, value);",
      "  const bad = refused();\n  machine.store64(out_va, value);\n  if (bad) return E_INVAL;",
    ),
  ),
  native(
    "msr-read-safe-in-handler",
    "the outcome is noted in memory that handlers share",
    edit(
      nativeMsr,
      "  if (refused()) return E_INVAL;",
      "  lastRefused = refused();\n  machine.lfence();\n  if (lastRefused) return E_INVAL;",
    ),
    edit(nativeMsr, "export function msrReadSafe", "let lastRefused: bool = false;\n\nexport function msrReadSafe"),
  ),
  native(
    "msr-write-safe-value",
    "only 32 bits are written",
    edit(
      nativeMsr,
      "  machine.wrmsr(msr, value);\n  return refused()",
      "  machine.wrmsr(msr, msr == 0xc0000102 ? <i64><u32>value : value);\n  return refused()",
    ),
  ),
  native(
    "msr-write-safe-refused",
    "a bad address is no error",
    edit(nativeMsr, "  return refused() ? E_INVAL : 0;", "  return refused() && msr != 0xc0000100 ? E_INVAL : 0;"),
  ),
  native(
    "msr-write-safe-keeps-value",
    "a refused address clears the register",
    edit(
      nativeMsr,
      "  return refused() ? E_INVAL : 0;",
      "  if (!refused()) return 0;\n  if (msr == 0xc0000100) machine.wrmsr(msr, 0);\n  return E_INVAL;",
    ),
  ),
];
