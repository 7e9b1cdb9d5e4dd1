import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { call } from "@/api/call";
import type { RunMessage } from "@/api/endpoints";
import type { ChartState } from "@/charts/state";
import { Chip } from "@/parts/Chip";
import { Description } from "@/parts/Description";
import { exactTime } from "@/parts/times";
import { durationText, idOf, isRunning, metricText } from "@/runs/values";
import { codeOf, metricKeys, NOTE_TAG, type Pair, tagsOf } from "./facts";
import { LongValue } from "./LongValue";
import { ModelsOfRun } from "./ModelsOfRun";
import { PairsTable } from "./PairsTable";
import { rewindsOf } from "./queries";
import { Relatives } from "./Relatives";
import { Rewinds } from "./Rewinds";
import { useNow } from "./useNow";

const RunCharts = lazy(() => import("./RunCharts"));
const CHARTS = 6;

/** What one asks first: how it went, with what, from which code, and the last values. */
export function Overview({ run }: { run: RunMessage }) {
  const now = useNow(isRunning(run));
  const rewinds = useQuery(rewindsOf(idOf(run)));
  const [charts, setCharts] = useState<ChartState>({});
  const { own } = metricKeys(run);
  const metrics = new Map((run.data?.metrics ?? []).map((each) => [each.key, each.value]));
  const params: Pair[] = (run.data?.params ?? []).map((each) => [each.key, each.value ?? ""]);
  return (
    <div className="overview">
      <div className="overview-side">
        <dl className="run-facts">
          <Fact name="Started">{exactTime(run.info.start_time)}</Fact>
          <Fact name="Ended">{exactTime(run.info.end_time)}</Fact>
          <Fact name="Duration">{durationText(run, now)}</Fact>
          <Fact name="User">{run.info.user_id || tagsOf(run).get("mlflow.user")}</Fact>
          <Source run={run} />
          <Fact name="Id">
            <code>{idOf(run)}</code>
          </Fact>
        </dl>
        <Relatives run={run} />
        <ModelsOfRun run={run} />
        <Rewinds rewinds={rewinds.data?.rewinds ?? []} />
      </div>
      <div className="overview-main">
        <Description
          text={tagsOf(run).get(NOTE_TAG) ?? ""}
          queryKey={["run", idOf(run)]}
          onSave={(value) => call("runs.set-tag", { run_id: idOf(run), key: NOTE_TAG, value })}
        />
        <div className="overview-pairs">
          <PairsTable
            title="Metrics"
            tab="metrics"
            rows={own.map((key) => [key, metricText(metrics.get(key))])}
            numeric
          />
          <PairsTable title="Params" tab="params" rows={params} />
        </div>
        {own.length > 0 && (
          <div className="overview-charts">
            <Suspense>
              <RunCharts run={run} keys={own.slice(0, CHARTS)} state={charts} onState={setCharts} />
            </Suspense>
          </div>
        )}
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <dt className="soft">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Source({ run }: { run: RunMessage }) {
  const tags = tagsOf(run);
  const code = codeOf(run);
  const entry = tags.get("mlflow.project.entryPoint");
  return (
    <>
      <Fact name="Source">
        {tags.has("mlflow.source.name") && <LongValue text={tags.get("mlflow.source.name") ?? ""} />}
      </Fact>
      {entry && <Fact name="Entry point">{entry}</Fact>}
      {code && (
        <Fact name="Commit">
          {code.link ? (
            <a href={code.link} rel="noopener noreferrer" target="_blank" title={code.commit}>
              <code>{code.commit.slice(0, 10)}</code>
            </a>
          ) : (
            <code title={code.commit}>{code.commit.slice(0, 10)}</code>
          )}{" "}
          {code.branch && <span className="soft">{code.branch}</span>}{" "}
          {code.dirty && (
            <Chip tone="warning" title="Files differed from the commit when the run started.">
              changed since
            </Chip>
          )}
        </Fact>
      )}
    </>
  );
}
