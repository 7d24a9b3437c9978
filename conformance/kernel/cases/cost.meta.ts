import { scenarios } from "../../interface/costs.ts";
import { type CaseMeta, scenario } from "../case-meta.ts";

/** Scenarios claim no clause: what they give is counts. */
export const cost: CaseMeta[] = scenarios.map(({ id, title, ops, roles, scopes }) =>
  scenario(`cost-${id}`, title, { ops, roles, scopes: scopes.map((scope) => scope.title) }),
);
