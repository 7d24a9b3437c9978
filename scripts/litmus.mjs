// npm run -s litmus: explores the published x86-TSO litmus tests exhaustively; the last line is "N passed, N failed".

import { compileTesting } from "../wasm-core/vm/testing/harness.ts";
import { checkPublished } from "../wasm-core/vm/testing/litmus/check.ts";
import { published } from "../wasm-core/vm/testing/litmus/published.ts";

await compileTesting();
let failed = 0;
for (const test of published) {
  const { problems, outcomes, tried } = await checkPublished(test);
  const verdict = test.allowed ? "allowed" : "forbidden";
  const words = problems.length === 0 ? "ok    " : "FAILED";
  console.log(
    `${words} ${test.name.padEnd(24)} ${outcomes.length} outcomes, ${tried} schedules; ${test.final} ${verdict}`,
  );
  for (const problem of problems) console.log(`       ${problem}`);
  if (problems.length > 0) failed += 1;
}
console.log(`${published.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
