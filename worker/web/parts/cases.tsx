import type { CaseRef } from "../../registry/op-views.ts";

/** Cases that test a clause: what each does on hover, and whether its schedules are explored. */
export function CaseList({ cases }: { cases: readonly CaseRef[] }) {
  return (
    <span class="sub">
      Tested by{" "}
      {cases.map(({ id, title, mode }, at) => (
        <>
          {at > 0 && ", "}
          <code title={title}>{id}</code>
          {mode === "explored" && " (explored)"}
        </>
      ))}
    </span>
  );
}
