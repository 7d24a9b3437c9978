// What a host whose user withholds features must not show, serve or act on.
import {
  CPUID_FEATURES,
  ENOSYS,
  EOPNOTSUPP,
  HC_CLOCK_PAIRING,
  KVM_CLOCKSOURCE2,
} from "../../backends/kvm/abi";
import { PANIC_LOADED, PANIC_LOST, PORT_PANIC, PORT_WATCHDOG_ARM, WATCHDOG_STEPS } from "../../backends/kvm/platform";
import { FEATURE_CLOCK_PAIRING, FEATURE_CRASH_REPORT, FEATURE_WATCHDOG } from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { hypercall } from "./lib";

/** A kind of clock that there is not: whoever knows the call says so. */
const NO_CLOCK: i64 = 1;
const NOTHING: i64 = 0xff;

/** EAX of the feature leaf is exactly `leaf`, and the devices and calls in `withheld`, bits of this interface, are not there. */
export function onlyOfferedIsThere(leaf: i32, withheld: i64): bool {
  machine.cpuid(CPUID_FEATURES, 0);
  const shown = <i32>machine.reg(machine.RAX) == leaf;
  const pairs = leaf & KVM_CLOCKSOURCE2 && !(withheld & FEATURE_CLOCK_PAIRING);
  const pairing = hypercall(HC_CLOCK_PAIRING, 0, NO_CLOCK, 0, 0) == (pairs ? EOPNOTSUPP : ENOSYS);
  return shown && pairing && panicIs(!(withheld & FEATURE_CRASH_REPORT)) && watchdogIs(!(withheld & FEATURE_WATCHDOG));
}

/** A guest that reports its end to a port without a device goes on. */
function panicIs(there: bool): bool {
  const events = machine.in_port(PORT_PANIC, 1);
  if (there) return events == (PANIC_LOST | PANIC_LOADED);
  machine.out_port(PORT_PANIC, 1, PANIC_LOST);
  return events == NOTHING;
}

/** Without the device the shortest time of all never passes; whoever looks on lets some pass later. */
function watchdogIs(there: bool): bool {
  if (!there) machine.out_port(PORT_WATCHDOG_ARM, 1, WATCHDOG_STEPS);
  return true;
}
