/** Sabotages of sys.*. */
import { atStart, native, nativeGuest, type Sabotage } from "./sabotage.ts";

const shutdown = "export function sys_shutdown(reason: i32): void {";

export const sysSabotages: readonly Sabotage[] = [
  native(
    "sys-power-off",
    "the boot vCPU ends the guest by a triple fault",
    atStart(
      nativeGuest,
      shutdown,
      "  if (reason == 0 && machine.vcpu() == 0) {\n    machine.lidt(0, 0);\n    machine.ud();\n  }",
    ),
  ),
  native(
    "sys-power-off-everybody",
    "other vCPUs than the first only stop themselves",
    atStart(nativeGuest, shutdown, "  machine.cli();\n  while (machine.vcpu() != 0) machine.hlt();"),
  ),
  native(
    "sys-other-reasons",
    "the watchdog's reason is ignored",
    atStart(nativeGuest, shutdown, "  if (reason == 4) return;"),
  ),
];
