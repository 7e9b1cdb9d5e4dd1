import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { ApiError, call } from "@/api/call";
import { FormDialog } from "@/parts/FormDialog";
import { tell } from "@/parts/Toasts";

const SUGGESTED = 50;

/** A model becomes the next version of a registered one, which is made if it isn't there. */
export function RegisterDialog({
  source,
  runId,
  modelId,
  suggested,
  onClose,
}: {
  source: string;
  runId: string;
  modelId?: string;
  suggested: string;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(suggested);
  const [comment, setComment] = useState("");
  const list = useId();
  const known = useQuery({
    queryKey: ["models", "names"],
    queryFn: ({ signal }) => call("registered-models.search", { max_results: SUGGESTED }, signal),
  });
  const names = known.data?.registered_models?.map((each) => each.name) ?? [];
  const wanted = name.trim();
  const doing = useMutation({
    mutationFn: async () => {
      const why = { comment: comment.trim() || undefined };
      try {
        await call("registered-models.create", { name: wanted, ...why });
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
      }
      const made = { name: wanted, source, run_id: runId, model_id: modelId, ...why };
      return (await call("model-versions.create", made)).model_version;
    },
    onSuccess: async (made) => {
      tell(`It is version ${made.version} of ${made.name}.`);
      onClose();
      await navigate({
        to: "/models/$name/versions/$version",
        params: { name: made.name, version: made.version },
      });
      await queries.invalidateQueries({ queryKey: ["models"] });
      await queries.invalidateQueries({ queryKey: ["model"] });
    },
  });
  return (
    <FormDialog title="Register model" label="Register" ready={wanted !== ""} doing={doing} onClose={onClose}>
      <label className="labelled">
        <span>Name of the registered model</span>
        <input
          className="field"
          list={list}
          value={name}
          required
          onChange={(event) => setName(event.target.value)}
        />
        <datalist id={list}>
          {names.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </label>
      <p className="soft">
        {names.includes(wanted) ? "It becomes the next version." : "The name is new: it becomes version 1."}
      </p>
      <label className="labelled">
        <span>Why, for the history</span>
        <input className="field" value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
    </FormDialog>
  );
}
