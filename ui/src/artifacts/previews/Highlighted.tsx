import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import scala from "highlight.js/lib/languages/scala";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { Fragment, type ReactNode, useMemo } from "react";
import "./highlight.css";

const reader = createLowlight({
  bash,
  cpp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  markdown,
  python,
  r,
  rust,
  scala,
  sql,
  typescript,
  xml,
  yaml,
});

type Nodes = ReturnType<typeof reader.highlight>["children"];

/** Code with its parts coloured: elements made one by one, never HTML text. */
export default function Highlighted({ text, language }: { text: string; language: string }) {
  const tree = useMemo(
    () => (reader.registered(language) ? reader.highlight(language, text).children : undefined),
    [text, language],
  );
  return tree ? drawn(tree) : text;
}

const drawn = (nodes: Nodes): ReactNode[] =>
  nodes.map((node, at) => {
    if (node.type === "text") return node.value;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places
    if (node.type !== "element") return <Fragment key={at} />;
    const names = node.properties.className;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places
      <span key={at} className={Array.isArray(names) ? names.join(" ") : undefined}>
        {drawn(node.children)}
      </span>
    );
  });
