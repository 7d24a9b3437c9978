/** Sabotages of sys.*. */
import {
  atStart,
  edit,
  guest,
  host,
  kvmGuest,
  kvmHostPlatform,
  kvmPlatform,
  native,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

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
    "sys-reboot",
    "a reboot powers off",
    edit(nativeGuest, "  if (reason == REASON_REBOOT) machine.out_port(machine.PORT_RESET, 1, RESET_CPU);\n", ""),
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
  host(
    "sys-crash-lost",
    "a panic is an orderly shutdown",
    edit(kvmHostPlatform, 'crash("the guest reports a panic");', "host.shutdown(0);"),
  ),
  guest(
    "sys-crash-goes-on",
    "interrupts stay disabled",
    edit(kvmPlatform, "  if (goes_on) return 0;\n  machine.cli();", "  machine.cli();\n  if (goes_on) return 0;"),
  ),
  guest(
    "sys-crash-refused",
    "every odd number is 1",
    edit(kvmPlatform, "if (goes_on != 0 && goes_on != 1)", "if (goes_on != 0 && !(goes_on & 1))"),
  ),
  guest("sys-crash-vetoed", "the veto is not obeyed", edit(kvmGuest, "has(FEATURE_CRASH_REPORT)", "true")),
  host(
    "sys-watchdog-bites",
    "short times are taken for a mistake",
    edit(
      kvmHostPlatform,
      "  host.timer_set(NO_VCPU",
      "  if (timeout_ns < 6_000_000_000) return;\n  host.timer_set(NO_VCPU",
    ),
  ),
  guest(
    "sys-watchdog-not-early",
    "times are rounded down",
    edit(kvmPlatform, "(timeout_ns + WATCHDOG_STEP_NS - 1)", "timeout_ns"),
  ),
  host(
    "sys-watchdog-rearmed",
    "an armed watchdog keeps its deadline",
    edit(
      kvmHostPlatform,
      "  if (port != PORT_WATCHDOG_ARM) return;",
      "  if (port != PORT_WATCHDOG_ARM || armed) return;\n  armed = true;",
    ),
    edit(
      kvmHostPlatform,
      "host.timer_cancel(NO_VCPU, WATCHDOG_SLOT);",
      "armed = host.timer_cancel(NO_VCPU, WATCHDOG_SLOT) < 0;",
    ),
    edit(kvmHostPlatform, "let devices: i64 = 0;", "let devices: i64 = 0;\nlet armed: bool = false;"),
  ),
  guest(
    "sys-watchdog-disarmed",
    "0 means the longest time",
    edit(kvmPlatform, "machine.out_port(PORT_WATCHDOG_DISARM, 1, 0);", "machine.out_port(PORT_WATCHDOG_ARM, 1, 0);"),
  ),
  guest(
    "sys-watchdog-refused",
    "a time that is too long is the longest",
    edit(
      kvmPlatform,
      "return E_INVAL;\n  if (timeout_ns == 0)",
      "timeout_ns = WATCHDOG_MAX_NS;\n  if (timeout_ns == 0)",
    ),
  ),
  guest("sys-watchdog-vetoed", "the veto is not obeyed", edit(kvmGuest, "has(FEATURE_WATCHDOG)", "true")),
];
