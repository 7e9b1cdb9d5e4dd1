import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Credential, signIn } from "@/api/session";
import { Dialog } from "@/parts/Dialog";

/** Asks who is looking, in place of the window that a browser has for it. */
export function SignIn({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [byToken, setByToken] = useState(false);
  const [username, setUsername] = useState("");
  const [secret, setSecret] = useState("");
  const going = useMutation({
    mutationFn: (credential: Credential) => signIn(credential),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    going.mutate(byToken ? { token: secret } : { username, password: secret });
  };
  const turn = (token: boolean) => {
    setByToken(token);
    setSecret("");
    going.reset();
  };
  return (
    <Dialog title="Sign in" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="toolbar sign-in-ways">
          <label className="check">
            <input type="radio" name="way" checked={!byToken} onChange={() => turn(false)} />
            Name and password
          </label>
          <label className="check">
            <input type="radio" name="way" checked={byToken} onChange={() => turn(true)} />
            Token
          </label>
        </div>
        {!byToken && (
          <label className="labelled">
            <span>User name</span>
            <input
              className="field"
              data-focus
              value={username}
              required
              autoComplete="username"
              onChange={(event) => setUsername(event.target.value)}
            />
          </label>
        )}
        <label className="labelled">
          <span>{byToken ? "Token" : "Password"}</span>
          <input
            key={byToken ? "token" : "password"}
            className="field"
            type="password"
            value={secret}
            required
            autoComplete={byToken ? "off" : "current-password"}
            placeholder={byToken ? "hrt_…" : undefined}
            onChange={(event) => setSecret(event.target.value)}
          />
        </label>
        <p className="soft sign-in-help">
          Who runs the server makes {byToken ? "tokens" : "users"}:{" "}
          <code>headrace users {byToken ? "tokens create" : "create"} NAME</code>
        </p>
        {going.error && (
          <p className="field-problem" role="alert">
            {going.error.message}
          </p>
        )}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" className="button main" disabled={going.isPending}>
            Sign in
          </button>
        </div>
      </form>
    </Dialog>
  );
}
