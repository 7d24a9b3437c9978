/** What halves export besides ops (docs/abi.md, "Modules"). Intake checks these types, the SDKs declare them. */
import { fn, type ImportedFunction } from "./schema.ts";

const abi = fn(
  "abi",
  "() -> i64",
  "Versions of the interface that this half supports: highest in bits 63:32, lowest in 31:0 (PVI_VERSION).",
);

/** Resolved like an op and no op: the kernel calls it once per vCPU, a guest half passes it on to the native half. */
export const halfInit: ImportedFunction = fn(
  "half_init",
  "(info i64) -> i32",
  "Starts the half on this vCPU (IF = 0, before any op) with the va of its info page; 0 or a negative error.",
);

export const guestExports = { required: [abi], optional: [halfInit] };

export const hostExports = {
  required: [
    abi,
    fn("boot", "() -> i32", "Called once, before any vCPU runs; 0 or a negative error."),
    fn(
      "exit",
      "(vcpu i32, reason i32) -> i32",
      "Guest mode ended for a reason (EXIT_*); returns an action (ACTION_*).",
    ),
  ],
  optional: [
    fn("enter", "(vcpu i32)", "Called before every return to guest mode."),
    fn("sched", "(vcpu i32, what i32)", "The vCPU loses its processor (what 0) or regains it (what 1)."),
    fn("timer", "(vcpu i32, slot i32)", "A timer of host.timer_set expired; vcpu -1 is the host's own."),
  ],
};
