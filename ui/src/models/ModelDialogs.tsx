import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "@/api/call";
import { ActDialog } from "./ActDialog";

export function NewModelDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const wanted = name.trim();
  return (
    <ActDialog
      title="New model"
      label="Create"
      ready={wanted !== ""}
      act={(comment) =>
        call("registered-models.create", { name: wanted, description: description || undefined, comment })
      }
      done={`Model ${wanted} was made.`}
      onDone={() => navigate({ to: "/models/$name", params: { name: wanted } })}
      onClose={onClose}
    >
      <label className="labelled">
        <span>Name</span>
        <input className="field" value={name} required onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="labelled">
        <span>Description (Markdown)</span>
        <textarea
          className="field"
          rows={5}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </label>
    </ActDialog>
  );
}

export function RenameModelDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const navigate = useNavigate();
  const [next, setNext] = useState(name);
  const wanted = next.trim();
  return (
    <ActDialog
      title={`Rename ${name}`}
      label="Rename"
      ready={wanted !== "" && wanted !== name}
      act={(comment) => call("registered-models.rename", { name, new_name: wanted, comment })}
      done={`${name} is called ${wanted} now.`}
      onDone={() => navigate({ to: "/models/$name", params: { name: wanted }, replace: true })}
      onClose={onClose}
    >
      <p>
        Versions, aliases, tags and the history come along. Whatever loads <code>models:/{name}/…</code> must
        be told the other name.
      </p>
      <label className="labelled">
        <span>Name</span>
        <input className="field" value={next} required onChange={(event) => setNext(event.target.value)} />
      </label>
    </ActDialog>
  );
}

/** versions: how many there are, as far as is known; more: there are others. */
export function DeleteModelDialog({
  name,
  versions,
  more,
  aliases,
  onClose,
}: {
  name: string;
  versions: number;
  more: boolean;
  aliases: string[];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const count = more ? `more than ${versions}` : versions;
  return (
    <ActDialog
      title={`Delete ${name}`}
      label="Delete"
      danger
      ready={typed === name}
      act={(comment) => call("registered-models.delete", { name, comment })}
      done={`Model ${name} was deleted.`}
      onDone={() => navigate({ to: "/models" })}
      onClose={onClose}
    >
      <p>
        This can't be undone. Lost are the model's {count} {versions === 1 && !more ? "version" : "versions"}
        {aliases.length > 0 && `, its ${aliases.length === 1 ? "alias" : "aliases"} `}
        {aliases.map((each) => `@${each}`).join(", ")}, its description, tags and policy. Programs that load{" "}
        <code>models:/{name}/…</code> will fail. The files stay with the runs that logged them, and the
        history stays in the journal.
      </p>
      <label className="labelled">
        <span>Type the model's name to delete it</span>
        <input
          className="field"
          value={typed}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
    </ActDialog>
  );
}

export function DeleteVersionDialog({
  name,
  version,
  aliases,
  onDone,
  onClose,
}: {
  name: string;
  version: string;
  aliases: string[];
  onDone?: () => void;
  onClose: () => void;
}) {
  return (
    <ActDialog
      title={`Delete version ${version} of ${name}`}
      label="Delete"
      danger
      act={(comment) => call("model-versions.delete", { name, version, comment })}
      done={`Version ${version} of ${name} was deleted.`}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        This can't be undone. Lost are the version's description, tags, digest and signatures
        {aliases.length > 0 &&
          `, and the ${aliases.length === 1 ? "alias" : "aliases"} ${aliases.map((each) => `@${each}`).join(", ")}, which then name nothing`}
        . Programs that load <code>models:/{`${name}/${version}`}</code> will fail. The files stay with the
        run that logged them.
      </p>
    </ActDialog>
  );
}
