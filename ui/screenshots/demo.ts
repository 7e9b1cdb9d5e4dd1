/** A server with the demo's data, two of its models served, and the ids that stand in its addresses. */

import { PYTHON, ROOT, said, started, stopped } from "../e2e/command";
import { Server } from "../e2e/server";

export interface Demo {
  url: string;
  /** Where churn-scorer and support-chat are served. */
  models: string;
  /** Ids of experiments and runs by their names. */
  experiment: (name: string) => string;
  run: (name: string) => string;
  close: () => Promise<void>;
}

interface Ids {
  experiments: Record<string, string>;
  runs: Record<string, string>;
}

export async function demo(): Promise<Demo> {
  const server = new Server();
  await server.start();
  const variables = { MLFLOW_TRACKING_URI: server.url, HEADRACE_HOME: server.folder };
  const told = await said(PYTHON, ["-W", "ignore", "-m", "ui.screenshots.demo"], { folder: ROOT, variables });
  const ids = JSON.parse(told.trim().split("\n").at(-1) ?? "") as Ids;
  const found = (kind: keyof Ids) => (name: string) => {
    const id = ids[kind][name];
    if (!id) throw new Error(`the demo has no ${name}`);
    return id;
  };
  const words = ["models", "serve", "--port", "0", "--env-manager", "local"];
  const models = await started(
    [
      ...[...words, "--cors-allowed-origins", server.url],
      ...["-m", "models:/churn-scorer/2", "-m", "models:/support-chat/1"],
    ],
    { folder: server.folder, variables },
  );
  return {
    url: server.url,
    models: models.url,
    experiment: found("experiments"),
    run: found("runs"),
    close: async () => {
      await stopped(models.process);
      await server.close();
    },
  };
}
