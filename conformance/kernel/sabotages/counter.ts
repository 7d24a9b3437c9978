/** Sabotages of what the clocks rest on: counter, migration, samples. */
import {
  edit,
  guest,
  host,
  kvmClock,
  kvmGuest,
  kvmHostClock,
  kvmPairing,
  native,
  nativeClock,
  type Sabotage,
} from "./sabotage.ts";

const rdtsc = "    machine.lfence();\n    const tsc = machine.rdtsc();\n";
const take = "  return before & PVCLOCK_GUEST_STOPPED ? 1 : 0;";

export const counterSabotages: readonly Sabotage[] = [
  native(
    "time-clock-ordered",
    "nothing keeps RDTSC behind earlier loads",
    edit(nativeClock, "  machine.lfence();\n", ""),
  ),
  guest(
    "time-clock-migrated",
    "vCPU 1 keeps the first multiplier that it reads",
    edit(
      kvmClock,
      "<u32>mul, shift);\n      return flags",
      "<u32>(self == 1 ? kept : mul), shift);\n      return flags",
    ),
    edit(kvmClock, "    const flags = machine.load8", "    if (!kept) kept = mul;\n    const flags = machine.load8"),
    edit(
      kvmClock,
      "export function clockRead(): i64 {\n",
      "let kept: i32 = 0;\n\nexport function clockRead(): i64 {\n",
    ),
  ),
  guest(
    "time-clock-migrating",
    "the counter is read when the version has been compared",
    edit(kvmClock, rdtsc, ""),
    edit(
      kvmClock,
      "machine.load32(at) == version) {\n      const ns",
      "machine.load32(at) == version) {\n      machine.lfence();\n      const tsc = machine.rdtsc();\n      const ns",
    ),
  ),
  native(
    "time-clock-frequencies",
    "from the 60th reading on vCPU 1 is slow",
    edit(
      nativeClock,
      "  return <i64>scaled(<u64>machine.rdtsc(), mul, shift);",
      "  readings += 1;\n  const ns = <i64>scaled(<u64>machine.rdtsc(), mul, shift);\n  return readings > 60 && machine.vcpu() == 1 ? ns - (ns >> 8) : ns;",
    ),
    edit(nativeClock, "let mul: u32 = 0;", "let readings: i32 = 0;\nlet mul: u32 = 0;"),
  ),
  guest(
    "time-steal-bounded",
    "vCPU 2 counts three times what was stolen from it",
    edit(kvmGuest, "? stealRead(vcpu) : 0", "? stealRead(vcpu) * (self == 2 && vcpu == 2 ? 3 : 1) : 0"),
  ),
  guest("time-notice-given", "vCPU 3 is never told", edit(kvmClock, take, take.replace("? 1", "&& self != 3 ? 1"))),
  guest(
    "time-notice-once",
    "vCPU 1 leaves the flag as it is",
    edit(kvmClock, "~PVCLOCK_GUEST_STOPPED);", "self == 1 ? -1 : ~PVCLOCK_GUEST_STOPPED);"),
  ),
  host(
    "time-notice-racing",
    "the host writes back the flags that it has read",
    edit(
      kvmHostClock,
      "  const version = (host.load32(at) + 1) | 1;\n",
      "  const flags = host.load8(at + PVCLOCK_FLAGS);\n  const version = (host.load32(at) + 1) | 1;\n",
    ),
    edit(
      kvmHostClock,
      "  host.store8(at + PVCLOCK_SHIFT, shift);\n",
      "  host.store8(at + PVCLOCK_SHIFT, shift);\n  host.store8(at + PVCLOCK_FLAGS, flags);\n",
    ),
  ),
  guest(
    "time-notice-own",
    "vCPU 0 takes the notice of vCPU 2 as well",
    edit(
      kvmClock,
      take,
      `  if (self == 0) machine.rmw(AND_8, clockArea(2) + PVCLOCK_FLAGS, ~PVCLOCK_GUEST_STOPPED);\n${take}`,
    ),
  ),
  guest(
    "time-notice-none",
    "vCPU 2 takes preemption for a migration",
    edit(kvmClock, take, `  if (self == 2 && stealRead(2) > 900_000) return 1;\n${take}`),
  ),
  guest(
    "time-notice-clocks",
    "vCPU 3 clears the shift together with the flag",
    edit(kvmClock, take, `  if (self == 3) machine.store8(clockArea(self) + PVCLOCK_SHIFT, 0);\n${take}`),
  ),
  guest(
    "time-notice-frequency",
    "vCPU 1 keeps the first frequency",
    edit(
      kvmGuest,
      "  return has(FEATURE_CLOCK) ? clockHz() : native.time_cycle_frequency();",
      "  if (!kept || self != 1) kept = has(FEATURE_CLOCK) ? clockHz() : native.time_cycle_frequency();\n  return kept;",
    ),
    edit(
      kvmGuest,
      "export function time_cycle_frequency(",
      "let kept: i64 = 0;\nexport function time_cycle_frequency(",
    ),
  ),
  guest(
    "time-notice-vetoed",
    "the veto is not asked",
    edit(kvmGuest, "has(FEATURE_MIGRATION_NOTICE) ? noticeTake() : E_NOSYS", "noticeTake()"),
    edit(kvmGuest, "  FEATURE_MIGRATION_NOTICE,\n", ""),
  ),
  guest(
    "time-pairing-counter",
    "vCPU 0 stores a counter of long ago",
    edit(kvmPairing, "machine.store64(out_va + 8, tsc);", "machine.store64(out_va + 8, self ? tsc : tsc >> 1);"),
  ),
  guest(
    "time-pairing-utc",
    "vCPU 1 loses the ns",
    edit(
      kvmPairing,
      "NS_PER_S + machine.load64(at + PAIRING_NS);",
      "NS_PER_S + (self == 1 ? 0 : machine.load64(at + PAIRING_NS));",
    ),
  ),
  guest(
    "time-pairing-vetoed",
    "the veto is not asked",
    edit(kvmGuest, "has(FEATURE_CLOCK_PAIRING) ? clockPairing(out_va) : E_NOSYS", "clockPairing(out_va)"),
    edit(kvmGuest, "  FEATURE_CLOCK_PAIRING,\n", ""),
  ),
];
