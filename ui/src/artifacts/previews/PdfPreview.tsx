import type { PreviewProps } from "./index";

/** PDF files can carry programs, and a browser's own viewer runs them: they are opened only by who wants to. */
export default function PdfPreview({ url, path }: PreviewProps) {
  return (
    <p className="soft">
      A PDF isn't shown here, since it can carry programs.{" "}
      <a href={url} download={path}>
        Download it
      </a>{" "}
      to read it.
    </p>
  );
}
