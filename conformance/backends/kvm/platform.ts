// Devices of the machine that QEMU builds around KVM, as far as both halves use them.
// Facts: QEMU docs/specs/pvpanic.rst and hw/watchdog/wdt_ib700.c.
//
//   port 0x505  pvpanic  reads the events it knows; writing bit 0: the guest is lost, bit 1: a crash kernel takes over
//   port 0x441  ib700    writing anything disarms
//   port 0x443  ib700    writing n arms: bits 3:0 choose 30 s − 2 s · n

export const PORT_PANIC: i32 = 0x505;
export const PANIC_LOST: i32 = 1;
export const PANIC_LOADED: i32 = 2;

export const PORT_WATCHDOG_DISARM: i32 = 0x441;
export const PORT_WATCHDOG_ARM: i32 = 0x443;
export const WATCHDOG_STEPS: i32 = 15;
export const WATCHDOG_STEP_NS: i64 = 2_000_000_000;
export const WATCHDOG_MAX_NS: i64 = 30_000_000_000;
