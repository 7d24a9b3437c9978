// `npm run -s sabotages [-- CASE…]`: every sabotage, or those of the cases named, against every case; of all together, every
// clause must be failed by one. Last line: `N passed, N failed`.
import { clauses } from "../conformance/interface/catalogue.ts";
import { allSabotages as all, sabotageId } from "../conformance/kernel/sabotages.ts";
import { runSabotages } from "../conformance/kernel/testing/sabotage-pool.ts";
import { clausesUnfailed, complaint } from "../conformance/kernel/testing/sabotage-verdict.ts";
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
for (const sabotage of sabotages) {
  const why = complaint(sabotage, results.get(sabotageId(sabotage)));
  if (!why) continue;
  failed += 1;
  console.log(`✗ ${sabotage.case}: ${sabotage.half}, ${sabotage.title}: ${why}`);
}
const ids = clauses.map(({ id }) => id);
const unfailed = named.length > 0 ? [] : clausesUnfailed(ids, results.values());
for (const id of unfailed) console.log(`✗ ${id}: no sabotage fails this clause`);
failed += unfailed.length;
console.log(`${sabotages.length + (named.length > 0 ? 0 : ids.length) - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
