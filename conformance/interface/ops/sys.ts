import { coreEverywhere, op } from "../schema.ts";

export const sysShutdown = op({
  id: "sys.shutdown",
  summary: "Ends the guest.",
  params: [{ name: "reason", type: "i32", doc: "0 power off, 1 reboot, 2 suspend, 3 crash, 4 watchdog, 5 soft reset" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "With reason 0 it does not return.", source: "domain §1.10; Xen SCHEDOP_shutdown" },
    { n: 2, text: "With reason 0 the end is an orderly shutdown, neither a crash nor a triple fault.", source: "domain §1.10" },
    { n: 3, text: "A reason that nobody knows ends the guest as well: the call cannot fail silently (rule G7).", source: "domain §1.0 G7" },
  ],
  deviations: ["Suspend may return."],
  sources: ["domain §1.10", "VMI Shutdown", "ACPI S5"],
  native: true,
});
