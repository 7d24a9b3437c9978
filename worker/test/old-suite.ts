import { env } from "cloudflare:test";

/** As if every run so far had been one of another suite: its id is made of the suite's digest, among others. */
export async function replaceSuite(): Promise<void> {
  await env.DB.exec("INSERT INTO suites VALUES ('sha256:old', '1.0', '1', 1)");
  for (const guard of ["runs_final", "runs_identity_fixed", "op_results_fixed", "backends_current"]) {
    await env.DB.exec(`DROP TRIGGER ${guard}`);
  }
  const renamed = (column: string) => `${column} = 'x' || substr(${column}, 2)`;
  const statements = [
    "PRAGMA defer_foreign_keys = on",
    `UPDATE runs SET suite = 'sha256:old', ${renamed("id")}`,
    `UPDATE shards SET ${renamed("run")}`,
    `UPDATE op_results SET ${renamed("run")}`,
    `UPDATE backends SET ${renamed("current_run")}`,
  ];
  await env.DB.batch(statements.map((text) => env.DB.prepare(text)));
}
