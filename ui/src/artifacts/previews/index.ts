/** One preview for each kind; each comes when it is needed. */

import { type ComponentType, lazy } from "react";
import type { Root } from "../address";
import type { Kind } from "../kinds";

export interface PreviewProps {
  root: Root;
  path: string;
  size?: number;
  url: string;
}

type Shows = ComponentType<PreviewProps>;

export const TextPreview = lazy(() => import("./TextPreview"));
const JsonPreview = lazy(() => import("./JsonPreview"));
const MediaPreview = lazy(() => import("./MediaPreview"));

export const PREVIEWS: Record<Kind, Shows> = {
  text: TextPreview,
  code: TextPreview,
  json: JsonPreview,
  yaml: JsonPreview,
  table: lazy(() => import("./CsvPreview")),
  parquet: lazy(() => import("./ParquetPreview")),
  image: lazy(() => import("./ImagePreview")),
  audio: MediaPreview,
  video: MediaPreview,
  html: lazy(() => import("./HtmlPreview")),
  pdf: lazy(() => import("./PdfPreview")),
  notebook: lazy(() => import("./NotebookPreview")),
  markdown: lazy(() => import("./MarkdownPreview")),
  onnx: lazy(() => import("./OnnxPreview")),
  mlmodel: lazy(() => import("./MlmodelPreview")),
  unknown: lazy(() => import("./UnknownPreview")),
};

/** Kinds that are text below what is shown. */
export const HAS_SOURCE: ReadonlySet<Kind> = new Set([
  "json",
  "yaml",
  "table",
  "html",
  "notebook",
  "markdown",
  "mlmodel",
]);
