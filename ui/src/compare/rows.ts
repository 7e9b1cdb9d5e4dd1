/** The rows of a comparison: a value of each run under a name, section by section. */

import type { RunMessage } from "@/api/endpoints";
import { measured } from "@/api/metrics";
import { counted } from "@/parts/counts";
import { exactTime } from "@/parts/times";
import { durationText, metricText } from "@/runs/values";
import { differ } from "./differences";
import type { Evidence } from "./evidence";
import type { Range } from "./queries";
import type { Extreme, Section } from "./search";

type Values = (string | undefined)[];

export interface Row {
  section: Section;
  key: string;
  /** To the last digit: what is compared and copied. */
  values: Values;
  /** What stands in the cells, where that is shorter. */
  texts?: Values;
  /** Of metrics. */
  numbers?: (number | undefined)[];
  differs: boolean;
  /** Text of several lines, to be looked at as such. */
  long?: boolean;
}

const row = (section: Section, key: string, values: Values, more: Partial<Row> = {}): Row => ({
  section,
  key,
  values,
  differs: differ(values),
  ...more,
});

const tagOf = (run: RunMessage, key: string): string | undefined =>
  run.data?.tags?.find((tag) => tag.key === key)?.value;

const NOTE = "mlflow.note.content";
const PARENT = "mlflow.parentRunId";

export function attributeRows(runs: readonly RunMessage[]): Row[] {
  const of = (key: string, read: (run: RunMessage) => string | undefined) =>
    row(
      "attributes",
      key,
      runs.map((run) => read(run) || undefined),
    );
  const rows = [
    of("Status", (run) => run.info.status),
    of("User", (run) => run.info.user_id || tagOf(run, "mlflow.user")),
    of("Started", (run) => exactTime(run.info.start_time)),
    of("Duration", (run) => durationText(run)),
    of("Source", (run) => tagOf(run, "mlflow.source.name")),
    of("Description", (run) => tagOf(run, NOTE)),
    of("Parent run", (run) => tagOf(run, PARENT)),
    of("Experiment", (run) => run.info.experiment_id),
    { ...of("Run id", (run) => run.info.run_id), differs: false }, // nothing that anybody looks for
  ];
  const seldom = new Set(["Experiment", "Description", "Parent run"]);
  return rows.filter((each) => !seldom.has(each.key) || each.differs);
}

const PLAIN: Record<"params" | "tags", (key: string) => boolean> = {
  params: () => true,
  tags: (key) => !key.startsWith("mlflow."),
};

export function pairRows(runs: readonly RunMessage[], section: "params" | "tags"): Row[] {
  const maps = runs.map(
    (run) => new Map((run.data?.[section] ?? []).map((each) => [each.key ?? "", each.value ?? ""])),
  );
  return namesOf(maps)
    .filter(PLAIN[section])
    .map((key) =>
      row(
        section,
        key,
        maps.map((map) => map.get(key)),
      ),
    );
}

export function metricRows(
  runs: readonly RunMessage[],
  value: Extreme | undefined,
  ranges: ReadonlyMap<string, Range>,
): Row[] {
  const maps = runs.map(
    (run) => new Map((run.data?.metrics ?? []).map((each) => [each.key, measured(each.value)])),
  );
  return namesOf(maps).map((key) => {
    const numbers = runs.map((run, at) =>
      value ? ranges.get(`${run.info.run_id} ${key}`)?.[value] : maps[at]?.get(key),
    );
    return row(
      "metrics",
      key,
      numbers.map((number) => (number === undefined ? undefined : String(number))),
      { numbers, texts: numbers.map((number) => (number === undefined ? undefined : metricText(number))) },
    );
  });
}

export function datasetRows(runs: readonly RunMessage[]): Row[] {
  const maps = runs.map((run) => {
    const found = new Map<string, string>();
    for (const { dataset, tags } of run.inputs?.dataset_inputs ?? []) {
      const context = tags?.find((tag) => tag.key === "mlflow.data.context")?.value;
      const key = context ? `${dataset.name} (${context})` : dataset.name;
      const before = found.get(key);
      found.set(key, before ? `${before}, ${dataset.digest}` : dataset.digest);
    }
    return found;
  });
  return namesOf(maps).map((key) =>
    row(
      "datasets",
      key,
      maps.map((map) => map.get(key)),
    ),
  );
}

export function environmentRows(found: readonly (Evidence | undefined)[]): Row[] {
  const maps = found.map((each) => new Map(Object.entries(each?.packages.versions ?? {})));
  const of = (key: string, read: (evidence: Evidence) => string | undefined) =>
    row(
      "environment",
      key,
      found.map((each) => each && read(each)),
    );
  const told = [
    of("Python", (each) => each.packages.python),
    of("Platform", (each) => each.platform),
    of("Environment", (each) => each.manager),
    of("Told by", (each) => each.from.join(", ") || undefined),
  ].filter((each) => each.values.some((value) => value !== undefined));
  const packages = namesOf(maps).map((name) =>
    row(
      "environment",
      name,
      maps.map((map) => map.get(name)),
      { texts: maps.map((map) => (map.get(name) === "" ? "any version" : map.get(name))) },
    ),
  );
  return [...told, ...packages];
}

export function codeRows(runs: readonly RunMessage[], found: readonly (Evidence | undefined)[]): Row[] {
  const tag = (title: string, key: string) =>
    row(
      "code",
      title,
      runs.map((run) => tagOf(run, key)),
    );
  const of = (title: string, read: (evidence: Evidence) => string | undefined, more?: Partial<Row>) =>
    row(
      "code",
      title,
      found.map((each) => each && read(each)),
      more,
    );
  const changes = runs.map((run, at) => found[at]?.diff ?? tagOf(run, "mlflow.source.git.diff"));
  const points = runs.map((run, at) => found[at]?.entryPoint ?? tagOf(run, "mlflow.project.entryPoint"));
  return [
    tag("Commit", "mlflow.source.git.commit"),
    tag("Branch", "mlflow.source.git.branch"),
    tag("Repository", "mlflow.source.git.repoURL"),
    tag("Uncommitted", "mlflow.source.git.dirty"),
    row("code", "Changes", changes, { long: true, texts: changes.map(linesOf) }),
    tag("Source", "mlflow.source.name"),
    tag("Kind of source", "mlflow.source.type"),
    row("code", "Entry point", points),
    of("Command", (each) => each.command, { long: true }),
    tag("Replay of", "headrace.replay.of"),
  ].filter((each) => each.values.some((value) => value !== undefined));
}

function linesOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines === 1 ? text : counted(lines, "line");
}

const namesOf = (maps: readonly ReadonlyMap<string, unknown>[]): string[] =>
  [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );

/** Rows that hold the text in their name, and differ if that is asked. */
export function shownRows(rows: readonly Row[], text: string, onlyDifferent: boolean): Row[] {
  const wanted = text.toLowerCase();
  return rows.filter(
    (each) => (!onlyDifferent || each.differs) && (!wanted || each.key.toLowerCase().includes(wanted)),
  );
}
