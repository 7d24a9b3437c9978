import type { TestProject } from "vitest/node";
import { newStateFolder, removeStateFolder, startRegistry } from "./registry.ts";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    demoToken: string;
  }
}

/** One registry for all files but the starter's own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const registry = await startRegistry(newStateFolder());
  project.provide("url", registry.url);
  project.provide("demoToken", registry.tokens.demo);
  return async () => {
    await registry.stop("SIGTERM", "npm");
    removeStateFolder(registry.stateFolder);
  };
}
