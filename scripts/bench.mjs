// `npm run bench [-- PART…]`: prints each promised figure with how it was measured. Exit code 1 if one that was measured is missed.
import { parts } from "./bench/parts.mjs";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`bench: no part "${unknown.join('", "')}"; parts are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
const { ensureBuilt } = await import("./build.mjs");
await ensureBuilt(() => {});

let missed = 0;
let unmeasured = 0;
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  for (const {
    line,
    figure,
    value,
    bound,
    unit,
    how,
    atLeast,
    digits = unit === "s" || unit === "×" ? 2 : 0,
  } of await parts[name]()) {
    if (line) {
      console.log(line);
      continue;
    }
    if (bound === undefined) {
      console.log(`${name.padEnd(9)}${figure}: ${value.toFixed(digits)} ${unit}`);
      console.log(`         ${how}`);
      continue;
    }
    const limit = `${atLeast ? "at least" : "bound"} ${bound} ${unit}`;
    if (value === null) {
      unmeasured += 1;
      console.log(`${name.padEnd(9)}${figure}: NOT MEASURED (${limit})`);
    } else {
      const kept = atLeast ? value >= bound : value < bound;
      if (!kept) missed += 1;
      console.log(`${name.padEnd(9)}${figure}: ${value.toFixed(digits)} ${unit} (${limit}${kept ? "" : ", MISSED"})`);
    }
    console.log(`         ${how}`);
  }
}
const all = (count) => `${count} figure${count === 1 ? "" : "s"}`;
if (missed > 0) console.log(`bench: ${all(missed)} missed`);
if (unmeasured > 0) console.log(`bench: ${all(unmeasured)} not measured, which says nothing either way`);
process.exit(missed === 0 ? 0 : 1);
