import { type CaseMeta, everyVcpu, sequential } from "../case-meta.ts";

export const init: CaseMeta[] = [
  sequential("init-version-number", "The version is the kernel's", ["init.version.1"]),
  sequential("init-version-everywhere", "All vCPUs hear the same version", ["init.version.2"], everyVcpu),
  sequential("init-features-defined-bits", "Undefined bits and selectors read zero", [
    "init.features.1",
    "init.features.2",
  ]),
  sequential("init-features-everywhere", "All vCPUs hear the same features", ["init.features.3"], everyVcpu),
  sequential("init-features-veto", "A vetoed feature is not reported", ["init.features.4"]),
  sequential(
    "init-features-fallback",
    "Without its features the backend behaves natively",
    ["init.features.5"],
    ["vetoed", "other"],
    { on: [0, 2] },
  ),
  sequential("init-features-declared", "Declared features are reported", ["init.features.6"], ["vCPU"], {
    peers: "reference",
  }),
  sequential("init-detect-needs-bit", "Without the hypervisor bit nothing is found", ["init.detect.1"]),
  sequential("init-detect-leaves-no-trace", "Looking changes nothing", ["init.detect.2"]),
  sequential("init-detect-everywhere", "All vCPUs find the same", ["init.detect.3"], everyVcpu),
  sequential("init-detect-absent", "Where nothing is found no feature is reported", ["init.detect.4"]),
  sequential("init-relocate-pure", "Asked again, anywhere, the answers are the same", ["init.relocate.1"], everyVcpu),
  sequential("init-relocate-beyond", "Numbers beyond the table keep their call", ["init.relocate.2"]),
  sequential("init-revoke-areas", "Nothing is written after revocation", ["init.revoke_all.1"], everyVcpu),
  sequential("init-revoke-alarms", "Alarms end with revocation", ["init.revoke_all.2"]),
  sequential("init-revoke-native", "After revocation ops are native", ["init.revoke_all.3"]),
  sequential("init-revoke-twice", "Revoking twice is revoking once", ["init.revoke_all.4"], everyVcpu),
  sequential("init-hypercall-entry-works", "The entry enters and comes back", ["init.hypercall_entry.1"]),
  sequential("init-hypercall-entry-stays", "The entry is always the same", ["init.hypercall_entry.2"]),
  sequential("init-hypercall-entry-user", "User code is not served", ["init.hypercall_entry.3"], ["vCPU"], { on: [1] }),
  sequential("init-identify-guest-accepts", "An identity is accepted", ["init.identify_guest.1"]),
  sequential("init-assists-unknown", "An assist that does not exist is refused", ["init.assists.1"]),
];
