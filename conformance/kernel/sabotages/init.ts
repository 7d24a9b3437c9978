/** Sabotages of init.*. */
import {
  edit,
  exported,
  guest,
  host,
  kvmAreas,
  kvmFeatures,
  kvmGuest,
  kvmHypercalls,
  kvmRemote,
  native,
  nativeGuest,
  type Sabotage,
} from "./sabotage.ts";

const version = "export function init_version(): i32 {\n  return PVI_VERSION;";

const detect = "export function init_detect(): i32 {\n  return 0;";
const relocate = "export function init_relocate(op: i32): i64 {\n  return RELOCATE_NONE;";

export const initSabotages: readonly Sabotage[] = [
  native(
    "init-version-number",
    "speaks major version 2",
    edit(nativeGuest, version, version.replace("PVI_VERSION", "2 << 16")),
  ),
  native(
    "init-version-everywhere",
    "vCPU 3 names another minor version",
    edit(nativeGuest, version, version.replace("PVI_VERSION", "PVI_VERSION + (machine.vcpu() == 3 ? 1 : 0)")),
  ),
  native(
    "init-features-defined-bits",
    "only bit 1 of the selector is looked at",
    edit(nativeGuest, "return which == 2 ? PRIV", "return which & 2 ? PRIV"),
  ),
  native(
    "init-features-everywhere",
    "vCPU 1 has no stable clock",
    edit(
      nativeGuest,
      "return FEATURE_CLOCK_STABLE & featureMask()",
      "return machine.vcpu() == 1 ? 0 : FEATURE_CLOCK_STABLE & featureMask()",
    ),
  ),
  native(
    "init-features-veto",
    "the user's mask is not read",
    edit(nativeGuest, "FEATURE_CLOCK_STABLE & featureMask()", "FEATURE_CLOCK_STABLE"),
  ),
  guest(
    "init-features-fallback",
    "stolen time is reported although it is vetoed",
    edit(kvmGuest, "if (!has(FEATURE_STEAL)) return", "if (!hostHas(FEATURE_STEAL)) return"),
  ),
  guest(
    "init-features-declared",
    "a declared feature is never looked for",
    edit(kvmFeatures, "  if (!hints && word & KVM_PV_SCHED_YIELD) offered |= FEATURE_YIELD;\n", ""),
  ),
  native(
    "init-detect-needs-bit",
    "a hypervisor is found on bare metal",
    edit(nativeGuest, detect, detect.replace("return 0", "return 1")),
  ),
  native(
    "init-detect-leaves-no-trace",
    "looking reads an MSR that bare metal does not have",
    edit(nativeGuest, detect, detect.replace("return 0", "return machine.rdmsr(0x4b564d00) == -1 ? 1 : 0")),
  ),
  guest(
    "init-detect-everywhere",
    "vCPU 3 finds nothing",
    edit(kvmGuest, "return signaturePresent() ? 1 : 0;", "return signaturePresent() && self != 3 ? 1 : 0;"),
  ),
  guest(
    "init-detect-absent",
    "nothing is found on vCPU 0, and its features reported nevertheless",
    edit(kvmGuest, "return signaturePresent() ? 1 : 0;", "return 0;"),
  ),
  native(
    "init-relocate-pure",
    "the answer is another one every time",
    edit(
      nativeGuest,
      relocate,
      `let asked: i64 = 0;\n${relocate.replace("return RELOCATE_NONE", "return op < 5 && op > 0 ? ++asked : 0")}`,
    ),
  ),
  native(
    "init-relocate-beyond",
    "calls beyond the table are dropped",
    edit(nativeGuest, relocate, relocate.replace("return RELOCATE_NONE", "return <u32>op > 200 ? 3 : 0")),
  ),
  guest(
    "init-revoke-areas",
    "the first call leaves the steal area of vCPU 2 registered",
    edit(
      kvmAreas,
      "  if (hostHas(FEATURE_STEAL)) machine.wrmsr(MSR_STEAL_TIME, 0);",
      "  if ((hostHas(FEATURE_STEAL) && self != 2) || calls++) machine.wrmsr(MSR_STEAL_TIME, 0);",
    ),
    edit(kvmAreas, "export function areasRevoke(", "let calls: i32 = 0;\nexport function areasRevoke("),
  ),
  native(
    "init-revoke-alarms",
    "alarms live on",
    edit(
      nativeGuest,
      "export function init_revoke_all(): void {\n  alarmsOff();",
      "export function init_revoke_all(): void {",
    ),
    edit(nativeGuest, ", alarmsOff }", " }"),
  ),
  guest(
    "init-revoke-native",
    "stolen time is still reported after revocation",
    edit(kvmFeatures, "~(FEATURE_CLOCK | FEATURE_WALLCLOCK | FEATURE_STEAL |", "~(FEATURE_CLOCK | FEATURE_WALLCLOCK |"),
  ),
  guest(
    "init-revoke-twice",
    "the second call registers the areas again",
    edit(
      kvmGuest,
      "  areasRevoke();\n  featuresDrop();",
      "  areasRevoke();\n  if (revoked) machine.wrmsr(0x4b564d03, (stealArea(self) - DIRECT_MAP) | 1);\n  revoked = true;\n  featuresDrop();",
    ),
    edit(kvmGuest, "export function init_revoke_all(", "let revoked: bool = false;\nexport function init_revoke_all("),
    edit(kvmGuest, "import { areasRegister, areasRevoke,", "import { areasRegister, areasRevoke, stealArea,"),
    edit(kvmGuest, "  E_NOSYS,\n", "  DIRECT_MAP,\n  E_NOSYS,\n"),
  ),
  guest(
    "init-hypercall-entry-works",
    "the entry comes back without entering",
    edit(
      kvmRemote,
      "export function enterHost(_argument: i64): void {\n  machine.vmcall();",
      "export function enterHost(_argument: i64): void {",
    ),
  ),
  guest(
    "init-hypercall-entry-stays",
    "every other call gives another address",
    edit(
      kvmGuest,
      "return signaturePresent() ? machine.code_addr(<i32>enterHost.index, 0) : 0;",
      "turn += 16;\n  return machine.code_addr(<i32>enterHost.index, 0) + (turn & 16 ? 0 : 16);",
    ),
    edit(
      kvmGuest,
      "export function init_hypercall_entry(",
      "let turn: i64 = 0;\nexport function init_hypercall_entry(",
    ),
  ),
  host(
    "init-hypercall-entry-user",
    "user code is told that its call is refused, when it has been made",
    edit(kvmHypercalls, "host.get(vcpu, host.FIELD_CPL) ? EPERM : call(vcpu, nr)", "call(vcpu, nr)"),
    edit(
      kvmHypercalls,
      "host.set(vcpu, host.FIELD_RAX, result);",
      "host.set(vcpu, host.FIELD_RAX, host.get(vcpu, host.FIELD_CPL) ? EPERM : result);",
    ),
  ),
  guest(
    "init-identify-guest-accepts",
    "no identity is accepted",
    exported("init_identify_guest(identity: i64): i32", "return -1;"),
  ),
  guest(
    "init-assists-unknown",
    "every assist is promised",
    exported("init_assists(kind: i32, on: i32): i32", "return 0;"),
  ),
];
