/** Sabotages of the rules about features, names, areas and publication. */
import {
  edit,
  guest,
  host,
  kvmClock,
  kvmGuest,
  kvmHypercalls,
  kvmSteal,
  native,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

export const dutiesSabotages: readonly Sabotage[] = [
  guest(
    "rule-absent-feature",
    "the clock needs steal time too",
    edit(
      kvmGuest,
      "  return has(FEATURE_CLOCK) ? clockRead() : native.time_sched_clock();",
      "  return !has(FEATURE_CLOCK) ? native.time_sched_clock() : has(FEATURE_STEAL) || !has(FEATURE_IPI) ? clockRead() : 0;",
    ),
  ),
  host(
    "rule-absent-call",
    "numbers with bit 62 are a success",
    edit(kvmHypercalls, "  return ENOSYS;", "  return nr >> 62 == 1 ? 0 : ENOSYS;"),
  ),
  guest(
    "rule-untrusted-names",
    "vCPU numbers are cut to sixteen bits",
    edit(
      kvmGuest,
      "  return <u32>vcpu < <u32>vcpus ? stealRead(vcpu) : 0;",
      "  return (<u32>vcpu & 0xffff) < <u32>vcpus && vcpu > 0xffff ? stealRead(vcpu & 3) : <u32>vcpu < <u32>vcpus ? stealRead(vcpu) : 0;",
    ),
  ),
  native(
    "rule-untrusted-rewritten",
    "the set is read anew for each vCPU",
    edit(
      nativeGuest,
      "  const targets = upOf(maskOf(mask_va));\n  machine.mfence();\n  sendEach(targets, vector);\n",
      "  const targets = upOf(maskOf(mask_va));\n  machine.mfence();\n  for (let rest = targets | 6; rest; rest &= rest - 1) sendEach(maskOf(mask_va) & rest & (~rest + 1), vector);\n",
    ),
  ),
  host(
    "rule-areas-elsewhere",
    "stolen time is also written into a page of the kernel's",
    edit(
      kvmSteal,
      "  host.store64(at, host.load64(at) + grown_ns);",
      "  host.store64(at, host.load64(at) + grown_ns);\n  host.store64((host.guest_frame(107) << 12) + 64, grown_ns);",
    ),
  ),
  guest(
    "rule-areas-revoked",
    "who reads the clock registers it where it is not",
    edit(
      kvmClock,
      "export function clockRead(): i64 {\n  const at = clockArea(self);\n",
      "export function clockRead(): i64 {\n  const at = clockArea(self);\n  if (!(machine.rdmsr(0x4b564d01) & 1)) machine.wrmsr(0x4b564d01, (at - DIRECT_MAP) | 1);\n",
    ),
  ),
  guest(
    "rule-publication",
    "all readers of a vCPU keep the version in one place",
    edit(
      kvmClock,
      "    const version = machine.load32(at);\n    const origin",
      "    version = machine.load32(at);\n    const origin",
    ),
    edit(kvmClock, "export function clockRead(): i64 {", "let version: i32 = 0;\nexport function clockRead(): i64 {"),
  ),
];
