// What the host offers, by its CPUID leaves, and what of it the user allows.
import {
  FEATURE_ALARM_AVAILABLE,
  FEATURE_CLOCK,
  FEATURE_CLOCK_PAIRING,
  FEATURE_CLOCK_STABLE,
  FEATURE_CRASH_REPORT,
  FEATURE_EOI,
  FEATURE_IPI,
  FEATURE_MIGRATION_NOTICE,
  FEATURE_PREEMPTED,
  FEATURE_REMOTE_FLUSH,
  FEATURE_STEAL,
  FEATURE_WAIT,
  FEATURE_WALLCLOCK,
  FEATURE_WATCHDOG,
  FEATURE_YIELD,
  HINT_DEDICATED,
} from "../../../sdk/as/info";
import * as machine from "../../../sdk/as/machine";
import { featureMask } from "../../lib/info";
import {
  CPUID_FEATURES,
  CPUID_SIGNATURE,
  KVM_CLOCKSOURCE_STABLE,
  KVM_CLOCKSOURCE2,
  KVM_HINT_REALTIME,
  KVM_PV_EOI,
  KVM_PV_SCHED_YIELD,
  KVM_PV_SEND_IPI,
  KVM_PV_TLB_FLUSH,
  KVM_PV_UNHALT,
  KVM_STEAL_TIME,
  SIGNATURE_EBX,
  SIGNATURE_ECX,
  SIGNATURE_EDX,
} from "../abi";
import { hasPairing } from "./pairing";
import { hasPanic } from "./platform";

const ECX_HYPERVISOR: i64 = 1 << 31;
const CPUID_STEP: i32 = 0x100;
const CPUID_LAST: i32 = 0x4000ff00;
/** The feature leaf, counted from the signature's. */
const FEATURES_LEAF: i32 = CPUID_FEATURES - CPUID_SIGNATURE;

let offered: i64 = 0;
let hints: i64 = 0;
let allowed: i64 = 0;

/** Looks for KVM's signature; without it everything stays native. */
export function featuresInit(): void {
  offered = 0;
  const base = leafBase();
  if (!base) return;
  machine.cpuid(base + FEATURES_LEAF, 0);
  take(<i32>machine.reg(machine.RAX), <i32>machine.reg(machine.RDX));
  // The watchdog cannot be probed: both devices are part of the same machine.
  if (hasPanic()) offered |= FEATURE_CRASH_REPORT | FEATURE_WATCHDOG;
  if (hasPairing()) offered |= FEATURE_CLOCK_PAIRING;
}

export function signaturePresent(): bool {
  return leafBase() != 0;
}

/** First leaf of KVM's, 0 if there are none. Interfaces of other hypervisors may come before it, 0x100 leaves each. */
function leafBase(): i32 {
  machine.cpuid(1, 0);
  if (!(machine.reg(machine.RCX) & ECX_HYPERVISOR)) return 0;
  for (let base = CPUID_SIGNATURE; base <= CPUID_LAST; base += CPUID_STEP) {
    machine.cpuid(base, 0);
    if (<i32>machine.reg(machine.RBX) != SIGNATURE_EBX || <i32>machine.reg(machine.RCX) != SIGNATURE_ECX) continue;
    if (<i32>machine.reg(machine.RDX) != SIGNATURE_EDX) continue;
    const leaf_max = <i32>machine.reg(machine.RAX);
    // Old hosts report 0 and mean the next leaf.
    return leaf_max == 0 || <u32>leaf_max >= <u32>(base + FEATURES_LEAF) ? base : 0;
  }
  return 0;
}

function take(word: i32, hint_word: i32): void {
  hints = hint_word & KVM_HINT_REALTIME ? HINT_DEDICATED : 0;
  if (word & KVM_CLOCKSOURCE2) offered |= FEATURE_CLOCK | FEATURE_WALLCLOCK | FEATURE_MIGRATION_NOTICE;
  if (word & KVM_CLOCKSOURCE2 && word & KVM_CLOCKSOURCE_STABLE) offered |= FEATURE_CLOCK_STABLE;
  if (word & KVM_STEAL_TIME) offered |= FEATURE_STEAL | FEATURE_PREEMPTED;
  // No call of the host's: what is not stolen is known by clock and steal time.
  if (word & KVM_CLOCKSOURCE2 && word & KVM_STEAL_TIME) offered |= FEATURE_ALARM_AVAILABLE;
  if (word & KVM_PV_EOI) offered |= FEATURE_EOI;
  if (word & KVM_PV_SEND_IPI) offered |= FEATURE_IPI;
  // On dedicated CPUs native locks and flushes are better; the flush needs the preempted byte of the steal area.
  if (!hints && word & KVM_PV_UNHALT) offered |= FEATURE_WAIT;
  if (!hints && word & KVM_PV_SCHED_YIELD) offered |= FEATURE_YIELD;
  if (!hints && word & KVM_PV_TLB_FLUSH && word & KVM_STEAL_TIME) offered |= FEATURE_REMOTE_FLUSH;
}

/** Features after the user's veto as it is now; the ops obey this answer from here on. */
export function featuresRead(): i64 {
  allowed = offered & featureMask();
  if (!(allowed & FEATURE_CLOCK) || !(allowed & FEATURE_STEAL)) allowed &= ~FEATURE_ALARM_AVAILABLE;
  if (!(allowed & FEATURE_CLOCK)) allowed &= ~(FEATURE_WALLCLOCK | FEATURE_MIGRATION_NOTICE);
  return allowed;
}

/** What was vetoed at start stays so: its areas were never registered. */
export function featuresSettle(): void {
  offered = allowed;
}

/** What is offered and does not work counts as absent. */
export function featuresLose(broken: i64): void {
  offered &= ~broken;
  allowed &= offered;
}

/** The areas are gone, and with them what needs one. */
export function featuresDrop(): void {
  offered &= ~(FEATURE_CLOCK | FEATURE_WALLCLOCK | FEATURE_STEAL | FEATURE_EOI | FEATURE_REMOTE_FLUSH | FEATURE_ALARM_AVAILABLE);
  offered &= ~FEATURE_MIGRATION_NOTICE;
  allowed &= offered;
}

/** The host has it, whatever the user says now: for what helps others and harms nobody. */
export function hostHas(feature: i64): bool {
  return (offered & feature) != 0;
}

export function hintsRead(): i64 {
  return hints;
}

export function has(feature: i64): bool {
  return (allowed & feature) != 0;
}
