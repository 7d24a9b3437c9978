import { newStateFolder, removeStateFolder, startRegistry } from "../../e2e/lib/registry.ts";

const ANSWERS_BOUND_S = 15;
const SEEDED_BOUND_S = 60;

/** `npm start` with everything installed and built, but an empty registry. */
export async function start() {
  const stateFolder = newStateFolder();
  const began = Date.now();
  const registry = await startRegistry(stateFolder);
  const seeded_s = (Date.now() - began) / 1000;
  const answers_s = Number(registry.output().match(/([\d.]+) s {2}answers on/)?.[1] ?? Number.NaN);
  await registry.stop("SIGTERM", "npm");
  removeStateFolder(stateFolder);
  const how = "npm start on an empty state folder, dependencies installed and everything built";
  return [
    {
      figure: "npm start answers",
      value: answers_s,
      bound: ANSWERS_BOUND_S,
      unit: "s",
      how: `${how}; by its own clock`,
    },
    {
      figure: "npm start is seeded",
      value: seeded_s,
      bound: SEEDED_BOUND_S,
      unit: "s",
      how: `${how}; wall clock until it says ready`,
    },
  ];
}
