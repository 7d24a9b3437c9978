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
];
