// What others say of a result: SQL that every read joins to a run, so that API, page and badge agree.

/** Expressions about run `alias`: `execution` (one axis of trust) and `standing`. Both hold for its build under its suite. */
export function standingOf(alias: string): { execution: string; standing: string } {
  const same = `build = ${alias}.build AND suite = ${alias}.suite`;
  return {
    execution: `CASE WHEN EXISTS (SELECT 1 FROM reproductions WHERE ${same} AND state = 'matched')
      THEN 'reproduced' ELSE 'registry-run' END`,
    standing: `CASE WHEN EXISTS (SELECT 1 FROM revocations WHERE build = ${alias}.build) THEN 'revoked'
      WHEN EXISTS (SELECT 1 FROM disputes WHERE ${same} AND state IN ('open', 'upheld')) THEN 'disputed' ELSE 'valid' END`,
  };
}
