import type { PolicyFields } from "@/api/endpoints";
import { Snippet } from "@/parts/Snippet";
import { serverAddress, word } from "./code";
import { aliasWords, checkWords, demands, unsignedWords } from "./gates";

/** What the model demands of its versions, to be read. It is changed by the command line, by whoever may. */
export function Gates({ name, policy }: { name: string; policy: PolicyFields }) {
  if (!demands(policy))
    return (
      <section aria-label="Gates" className="gates">
        <h2>Gates</h2>
        <p className="soft">
          Nothing guards this model's aliases: each may move to any version. A gate asks more of a version
          first:
        </p>
        <Snippet
          label="Shell"
          code={`export MLFLOW_TRACKING_URI=${word(serverAddress())}\nheadrace models gate add ${word(name)} champion --metric accuracy --minimum 0.9`}
        />
      </section>
    );
  const unsigned = unsignedWords(policy);
  return (
    <section aria-label="Gates" className="gates">
      <h2>Gates</h2>
      <dl>
        {(policy.gates ?? []).map((gate) => (
          <div key={gate.alias}>
            <dt>
              {aliasWords(gate.alias)} <span className="soft">moves to a version only if</span>
            </dt>
            {(gate.checks ?? []).map((check) => (
              <dd key={checkWords(check)}>{checkWords(check)}</dd>
            ))}
          </div>
        ))}
      </dl>
      {unsigned && <p>{unsigned}</p>}
    </section>
  );
}
