import { coreEverywhere, op, optionalWithHost } from "../schema.ts";

export const sysShutdown = op({
  id: "sys.shutdown",
  summary: "Ends the guest.",
  params: [{ name: "reason", type: "i32", doc: "0 power off, 1 reboot, 2 suspend, 3 crash, 4 watchdog, 5 soft reset" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "With reason 0 it does not return.", source: "Xen SCHEDOP_shutdown" },
    {
      n: 2,
      text: "With reason 0 the end is an orderly power-off, neither a reset nor a crash nor a triple fault.",
      source: "Xen SCHEDOP_shutdown reasons; ACPI S5",
    },
    {
      n: 3,
      text: "Any other reason than suspend ends the guest as well, known or not: the call cannot fail silently (rule G7).",
      source: "rule G7",
    },
    {
      n: 4,
      text: "With reason 1 the machine is reset: whoever manages it starts the guest again, which a power-off forbids.",
      source: "ACPI specification, reset register; Xen SCHEDOP_shutdown SHUTDOWN_reboot",
    },
  ],
  deviations: ["Suspend may return."],
  sources: ["Xen SCHEDOP_shutdown", "VMI Shutdown", "ACPI S5"],
  native: true,
});

export const sysCrashReport = op({
  id: "sys.crash_report",
  summary: "Tells the host that the guest's kernel has crashed.",
  params: [
    {
      name: "goes_on",
      type: "i32",
      doc: "0 when the guest is lost, 1 when a crash kernel takes over and the guest must go on",
    },
  ],
  result: "i32",
  resultDoc: "0, or a negative error after which nothing was reported; does not return for a guest that is lost",
  fallible: true,
  tiers: optionalWithHost,
  clauses: [
    {
      n: 1,
      text: "A guest that is lost ends as a crash, not as an orderly shutdown.",
      source: "QEMU docs/specs/pvpanic.rst PVPANIC_PANICKED; Xen SHUTDOWN_crash",
    },
    {
      n: 2,
      text: "A guest that goes on is not ended: the call returns 0 with the interrupt-enable state as it was.",
      source: "QEMU docs/specs/pvpanic.rst PVPANIC_CRASH_LOADED; Hyper-V HV_X64_MSR_CRASH_CTL",
    },
    {
      n: 3,
      text: "Another value of goes_on is refused with E_INVAL and nothing is reported.",
      source: "decided here: docs/rules.md",
    },
    {
      n: 4,
      text: "Without FEATURE_CRASH_REPORT it returns E_NOSYS and the guest is not ended.",
      source: "rule G8",
    },
  ],
  deviations: ["How much about the crash the host keeps is its own affair."],
  decisions: [
    {
      conflict: "Hyper-V takes five words and a text, Xen a reason code, QEMU's pvpanic one bit.",
      choice: "One bit that all can carry: whether the guest is lost. Words belong into the console.",
    },
  ],
  sources: ["QEMU pvpanic", "Hyper-V HV_X64_MSR_CRASH_P0 to P4 and CRASH_CTL", "Xen SCHEDOP_shutdown crash"],
  native: false,
});

export const sysWatchdog = op({
  id: "sys.watchdog",
  summary: "Arms, re-arms or disarms a timer that ends a guest which no longer does so.",
  params: [{ name: "timeout_ns", type: "i64", doc: "u64 nanoseconds from now; 0 disarms" }],
  result: "i32",
  resultDoc: "0, or a negative error after which the watchdog is as it was",
  fallible: true,
  tiers: optionalWithHost,
  clauses: [
    {
      n: 1,
      text: "When the timeout passes without another call the guest is ended, also while its vCPUs sleep.",
      source: "Xen SCHEDOP_watchdog; QEMU hw/watchdog/wdt_ib700.c",
    },
    { n: 2, text: "It is never ended before the timeout.", source: "Xen SCHEDOP_watchdog" },
    {
      n: 3,
      text: "Arming again starts anew: an earlier deadline is void.",
      source: "Xen SCHEDOP_watchdog; QEMU hw/watchdog/wdt_ib700.c",
    },
    { n: 4, text: "A timeout of 0 disarms it.", source: "Xen SCHEDOP_watchdog: timeout 0" },
    {
      n: 5,
      text: "A timeout longer than the backend can keep is refused with E_INVAL and the deadline stays as it was.",
      source: "QEMU hw/watchdog/wdt_ib700.c: 30 s at most; decided here",
    },
    { n: 6, text: "Without FEATURE_WATCHDOG it returns E_NOSYS and nothing is armed.", source: "rule G8" },
  ],
  deviations: ["The guest may be ended up to 2 s late, the resolution of the coarsest device."],
  decisions: [
    {
      conflict: "Xen has two watchdogs with ids and seconds, QEMU's devices one with their own steps.",
      choice: "One per guest, in nanoseconds like every other time here; a backend rounds up, so it is never early.",
    },
  ],
  sources: ["Xen SCHEDOP_watchdog", "QEMU ib700 and i6300esb"],
  native: false,
});
