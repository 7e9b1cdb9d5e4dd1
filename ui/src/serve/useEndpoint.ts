import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { look, normalised, type Reach, rememberAddress, rememberedAddress } from "./endpoint";

const AGAIN_MS = 5_000;
const LATER_MS = 30_000; // once it is there

export interface Endpoint {
  text: string;
  setText: (text: string) => void;
  /** undefined where the text is no address. */
  address: string | undefined;
  key: string;
  setKey: (key: string) => void;
  reach: Reach | undefined;
  /** Of those that are served there. */
  model: string | undefined;
  setModel: (name: string) => void;
}

/** Where the model is served. The address is kept for each model; the key never is. */
export function useEndpoint(name: string): Endpoint {
  const [text, setText] = useState(() => rememberedAddress(name));
  const [key, setKey] = useState("");
  const [chosen, setModel] = useState<string>();
  const address = normalised(text);
  const reach = useQuery({
    queryKey: ["served", address, key],
    enabled: address !== undefined,
    queryFn: ({ signal }) => look(address ?? "", key, signal),
    retry: false,
    networkMode: "always",
    refetchInterval: (query) => (query.state.data?.state === "ready" ? LATER_MS : AGAIN_MS),
  });
  const models = reach.data?.state === "ready" ? reach.data.models : [];
  return {
    text,
    setText: (next) => {
      setText(next);
      const known = normalised(next);
      if (known) rememberAddress(name, known);
    },
    address,
    key,
    setKey,
    reach: reach.data,
    model: models.find((each) => each === chosen) ?? models.find((each) => each === name) ?? models[0],
    setModel,
  };
}
