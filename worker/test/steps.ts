// Every call to D1 and R2 between a submission and its published run, as worker/test/faults.ts names them: what may be the last
// thing that a consumer did. A new call has to be added here, and is struck by the tests from then on.

export const submissionSteps: readonly string[] = [
  "D1: select id of runs",
  "R2: put blobs/",
  "D1: insert backends + insert suites + insert builds + insert runs + insert run_addresses",
  "D1: select digest of builds",
  "R2: get blobs/",
  "D1: insert shards + update runs.state queued",
];

export const pipelineSteps: readonly string[] = [
  // The sweeper.
  "D1: update shards.lease_until + update runs.next_at",
  "D1: select newest.build of builds",
  "D1: update reproductions.state",
  "D1: select id of runs",
  "D1: update runs.next_at",
  "D1: select shard of shards",
  "D1: delete deliveries",
  // One shard, from message to stored result.
  "D1: select id of runs + select run of shards",
  "D1: update shards.tries",
  "D1: update runs.state running",
  "D1: select digest of builds",
  "R2: get blobs/",
  "R2: put shards/",
  "D1: update shards.done",
  // The end of the run.
  "D1: select id of runs + select shard of shards",
  "D1: update runs.state merging",
  "R2: get shards/",
  "D1: update runs.state judging",
  "R2: put blobs/",
  "D1: insert op_results + update runs.state published + insert runs + update backends.current_run + select id of runs",
  "R2: delete shards/",
];
