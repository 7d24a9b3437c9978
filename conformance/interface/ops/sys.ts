import { coreEverywhere, op } from "../schema.ts";

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
      text: "With reason 0 the end is an orderly shutdown, neither a crash nor a triple fault.",
      source: "Xen SCHEDOP_shutdown reasons; ACPI S5",
    },
    {
      n: 3,
      text: "Any other reason than suspend ends the guest as well, known or not: the call cannot fail silently (rule G7).",
      source: "rule G7",
    },
  ],
  deviations: ["Suspend may return."],
  sources: ["Xen SCHEDOP_shutdown", "VMI Shutdown", "ACPI S5"],
  native: true,
});
