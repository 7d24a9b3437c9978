// Everything that pages, the JSON API and badges read. Each is one round trip to D1 (a batch is one) and changes nothing;
// `null` says that there is no such thing.
export { readBadge } from "./read-badge.ts";
export { readBuild } from "./read-build.ts";
export { readMatrix } from "./read-matrix.ts";
export { readOp } from "./read-op.ts";
export { readReport } from "./read-report.ts";
export { readRun } from "./read-run.ts";
