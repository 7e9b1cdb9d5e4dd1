import { useState } from "react";
import { kindOf } from "../kinds";
import type { PreviewProps } from "./index";

/** Sound and film come by parts from the server, as they are played. */
export default function MediaPreview({ url, path }: PreviewProps) {
  const [failed, setFailed] = useState(false);
  if (failed) return <p className="soft">This browser can't play it. Other programs may: download it.</p>;
  const shared = { src: url, controls: true, preload: "metadata", onError: () => setFailed(true) } as const;
  return kindOf(path) === "video" ? (
    <video {...shared} className="film" aria-label={path} />
  ) : (
    <audio {...shared} aria-label={path} />
  );
}
