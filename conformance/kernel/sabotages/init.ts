/** Sabotages of init.*. */
import { edit, guest, kvmGuest, native, nativeGuest, type Sabotage } from "./sabotage.ts";

const version = "export function init_version(): i32 {\n  return PVI_VERSION;";

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
];
