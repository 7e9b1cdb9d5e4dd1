import { useQuery } from "@tanstack/react-query";
import { sizeText } from "@/artifacts/sizes";
import { exactTime } from "@/parts/times";
import { manifestOf, signaturesOf, standingOf } from "./queries";
import { SignatureChip } from "./VersionRow";

/** The digest that a version is held against, and who signed it. */
export function FilesFacts({ name, version }: { name: string; version: string }) {
  const manifest = useQuery(manifestOf(name, version));
  const signatures = useQuery(signaturesOf(name, version));
  const standing = useQuery(standingOf(name, version));
  if (!manifest.data) return null;
  const files = manifest.data.manifest?.files ?? [];
  const digest = manifest.data.digest;
  const bytes = files.reduce((sum, each) => sum + each.size_bytes, 0);
  const signed = signatures.data?.signatures ?? [];
  return (
    <section aria-label="Digest and signature">
      <h2>Digest and signature</h2>
      {digest ? (
        <>
          <p>
            {files.length} {files.length === 1 ? "file" : "files"}, {sizeText(bytes)}, held against{" "}
            <code className="digest">{digest}</code>
          </p>
          <p>
            {standing.data?.signer !== undefined && (
              <SignatureChip standing={standing.data} digest={digest} />
            )}{" "}
            <span className="soft">
              {standing.data?.signer !== undefined
                ? "A key of the model's policy proves the signature."
                : standing.data?.unproven && `No signature is proven: ${standing.data.unproven}.`}
            </span>
          </p>
        </>
      ) : (
        <p className="soft">
          None: the files lie where this registry doesn't read them, so nothing tells whether they changed.
        </p>
      )}
      <ul className="signatures">
        {signed.map((each) => (
          <li key={`${each.digest} ${each.created_ms} ${each.signer}`} title={each.signer}>
            Signed by {each.method === "certificate" ? "the certificate of" : "the key"} {short(each.signer)}
            <span className="soft">
              , {exactTime(each.created_ms)}
              {each.digest === digest ? "" : ", of earlier files"}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Keys are told by their digest, of which some digits will do. */
function short(signer = ""): string {
  return /^[0-9a-f]{32,}$/.test(signer) ? `${signer.slice(0, 16)}…` : signer;
}
