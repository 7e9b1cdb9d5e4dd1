import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { Signature } from "@/models/mlmodel";
import { Answer, type Answered } from "./Answer";
import { ask } from "./endpoint";
import { pretty, written } from "./exact";
import { FieldRow } from "./FieldRow";
import { bodyOf, formOf } from "./requests";
import type { Endpoint } from "./useEndpoint";

const MOST_FIELDS = 200; // more is easier to write as JSON

/** A request to /invocations: by a form where the signature tells the fields, else as JSON. */
export function Invoke({
  endpoint,
  signature,
  example,
}: {
  endpoint: Endpoint;
  signature: Signature | undefined;
  example: unknown;
}) {
  const form = useMemo(
    () =>
      signature?.inputs.length && signature.inputs.length <= MOST_FIELDS
        ? formOf(signature, example)
        : undefined,
    [signature, example],
  );
  const [values, setValues] = useState<Record<string, string>>({});
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [json, setJson] = useState<string | null>(form ? null : pretty(written(example ?? { inputs: [] })));
  const asking = useMutation({ mutationFn: (body: string) => invoke(endpoint, body) });
  const ready = endpoint.reach?.state === "ready" && !asking.isPending;
  const fromForm = (): string | undefined => {
    if (!signature || !form) return undefined;
    const made = bodyOf(signature, form, values);
    setWrong("wrong" in made ? made.wrong : {});
    return "body" in made ? made.body : undefined;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = json ?? fromForm();
    if (body !== undefined) asking.mutate(body);
  };
  const change = (key: string, text: string) => setValues((was) => ({ ...was, [key]: text }));
  return (
    <div className="invoke">
      <form onSubmit={submit} noValidate aria-label="Request">
        {form && (
          <fieldset className="ways">
            <legend className="hidden-text">As</legend>
            <label className="way">
              <input type="radio" name="as" checked={json === null} onChange={() => setJson(null)} />
              Form
            </label>
            <label className="way">
              <input
                type="radio"
                name="as"
                checked={json !== null}
                onChange={() => {
                  const body = fromForm();
                  setJson(pretty(body ?? written(example ?? {})));
                }}
              />
              JSON
            </label>
          </fieldset>
        )}
        {json !== null ? (
          <textarea
            className="field code"
            aria-label="Request as JSON"
            rows={14}
            spellCheck={false}
            value={json}
            onChange={(event) => setJson(event.target.value)}
          />
        ) : (
          form && (
            <>
              <div className="fields">
                {form.inputs.map((field) => (
                  <FieldRow
                    key={field.key}
                    field={field}
                    text={values[field.key] ?? field.text}
                    wrong={wrong[field.key]}
                    onText={(text) => change(field.key, text)}
                  />
                ))}
              </div>
              {form.params.length > 0 && (
                <fieldset className="fields">
                  <legend>Params</legend>
                  {form.params.map((field) => (
                    <FieldRow
                      key={field.key}
                      field={field}
                      text={values[field.key] ?? field.text}
                      wrong={wrong[field.key]}
                      onText={(text) => change(field.key, text)}
                    />
                  ))}
                </fieldset>
              )}
            </>
          )
        )}
        <div className="actions">
          <button type="submit" className="button main" disabled={!ready}>
            {asking.isPending ? "Asking…" : "Ask"}
          </button>
        </div>
      </form>
      <Answer answered={asking.data} error={asking.error} />
    </div>
  );
}

async function invoke({ address, key, model, reach }: Endpoint, body: string): Promise<Answered> {
  const several = reach?.state === "ready" && reach.models.length > 1;
  const path = several && model ? `/models/${encodeURIComponent(model)}/invocations` : "/invocations";
  const begun = performance.now();
  const answer = await ask(`${address}${path}`, key, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  const text = await answer.text();
  return { status: answer.status, phrase: answer.statusText, ms: performance.now() - begun, text };
}
