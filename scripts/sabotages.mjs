// `npm run -s sabotages [-- CASE…]`: every sabotage, or those of the cases named, against every case. Last line: `N passed, N failed`.
import { sabotages as all } from "../conformance/kernel/sabotages.ts";
import { runSabotages } from "../conformance/kernel/testing/sabotage-pool.ts";
import { complaint } from "../conformance/kernel/testing/sabotage-verdict.ts";
import { ensureBuilt } from "./build.mjs";

const named = process.argv.slice(2);
const unknown = named.filter((id) => !all.some((sabotage) => sabotage.case === id));
if (unknown.length > 0) {
  console.error(`sabotages: no case "${unknown.join('", "')}"; docs/coverage.md lists them`);
  process.exit(2);
}
const sabotages = named.length > 0 ? all.filter((sabotage) => named.includes(sabotage.case)) : all;
await ensureBuilt();
console.log(`sabotages: compiling ${sabotages.length} halves`);
const shown = process.stderr.isTTY;
const results = await runSabotages(
  sabotages,
  () => true,
  (done) => {
    if (shown) process.stderr.write(`\rsabotages: ${done} of ${sabotages.length}`);
    else if (done % 25 === 0) console.log(`sabotages: ${done} of ${sabotages.length}`);
  },
);
if (shown) process.stderr.write("\n");
let failed = 0;
for (const { case: id, half, title } of sabotages) {
  const why = complaint(id, results.get(id));
  if (!why) continue;
  failed += 1;
  console.log(`✗ ${id}: ${half}, ${title}: ${why}`);
}
console.log(`${sabotages.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
