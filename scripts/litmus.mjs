// npm run -s litmus: explores the published x86-TSO litmus tests, and all programs of two roles, two instructions and two words, exhaustively; the last line is "N passed, N failed".

import { compileTesting } from "../wasm-core/vm/testing/harness.ts";
import { checkProgram, checkPublished } from "../wasm-core/vm/testing/litmus/check.ts";
import { familyProgram, familySize } from "../wasm-core/vm/testing/litmus/family.ts";
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
let wrong = 0;
for (let index = 0; index < familySize; index++) {
  const program = familyProgram(index);
  const { problems } = await checkProgram(program);
  if (problems.length > 0) {
    wrong += 1;
    console.log(`FAILED ${program}: ${problems.join("; ")}`);
  }
  if ((index + 1) % 400 === 0)
    console.log(`       ${index + 1} of all ${familySize} programs of two roles, two instructions, two words`);
}
const counted = published.length + familySize;
failed += wrong;
console.log(`${counted - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
