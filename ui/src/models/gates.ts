/** A model's policy in words. */

import type { CheckFields, PolicyFields } from "@/api/endpoints";

export const EVERY_ALIAS = "*";

export const aliasWords = (alias: string): string => (alias === EVERY_ALIAS ? "every alias" : `@${alias}`);

export function demands(policy: PolicyFields): boolean {
  return (policy.gates ?? []).length > 0 || (policy.unsigned ?? "allowed") !== "allowed";
}

export function checkWords(check: CheckFields): string {
  switch (check.check) {
    case "metric":
      return metricWords(check);
    case "tag":
      return `the tag ${check.key} is “${check.value}”`;
    case "signed":
      return "its files are signed by one of the policy's keys";
    case "schema":
      return "it takes whatever the alias's present version takes as input";
  }
}

function metricWords({ metric, minimum, maximum, better, margin = 0 }: CheckFields): string {
  const parts = [
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
    better &&
      (margin
        ? `${better} than the alias's present version by at least ${margin}`
        : `as good as the alias's present version, or ${better}`),
  ].filter(Boolean);
  return `${metric} is ${parts.join(", and ")}`;
}

export function unsignedWords(policy: PolicyFields): string | undefined {
  const keys = (policy.keys ?? []).length;
  const by = keys === 1 ? "the policy's key" : `one of the policy's ${keys} keys`;
  switch (policy.unsigned) {
    case "no_alias":
      return `No alias moves to a version that isn't signed by ${by}.`;
    case "no_load":
      return `A version that isn't signed by ${by} doesn't load, and no alias moves to it.`;
    default:
      return undefined;
  }
}

/** Metrics that a policy looks at: those that one wants to see of every version. */
export function metricsOf(policy: PolicyFields | undefined): string[] {
  const found = (policy?.gates ?? []).flatMap((gate) =>
    (gate.checks ?? []).flatMap((check) => (check.check === "metric" && check.metric ? [check.metric] : [])),
  );
  return [...new Set(found)];
}
